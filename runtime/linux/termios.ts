/** Modes of a terminal (termios(3)): `struct termios` as the port's terminalMode gives it. */

/** Byte offsets of the four flag words (little endian) and of two control characters, the same for the kernel and all libcs. */
const INPUT = 0;
const OUTPUT = 4;
const CONTROL = 8;
const LOCAL = 12;
const LEAST_BYTES = 17 + 6;
const TIMEOUT = 17 + 5;

/** asm-generic/termbits.h */
const IGNBRK = 0o1;
const BRKINT = 0o2;
const PARMRK = 0o10;
const ISTRIP = 0o40;
const INLCR = 0o100;
const IGNCR = 0o200;
const ICRNL = 0o400;
const IXON = 0o2000;
const OPOST = 0o1;
const CSIZE = 0o60;
const CS8 = 0o60;
const PARENB = 0o400;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const ECHONL = 0o100;
const IEXTEN = 0o100000;

const RAW_INPUT_OFF = IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON;
const RAW_LOCAL_OFF = ECHO | ECHONL | ICANON | ISIG | IEXTEN;

function changed(mode: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = mode.slice();
  change(new DataView(copy.buffer));
  return copy;
}

function put(view: DataView, at: number, off: number, on: number): void {
  view.setUint32(at, (view.getUint32(at, true) & ~off) | on, true);
}

/** The same mode, raw as by cfmakeraw(3): every byte that is typed comes as it is, at once; with `output` both ways. */
export function raw(mode: Uint8Array, output: boolean): Uint8Array {
  return changed(mode, (view) => {
    put(view, INPUT, RAW_INPUT_OFF, 0);
    put(view, OUTPUT, output ? OPOST : 0, 0);
    put(view, CONTROL, CSIZE | PARENB, CS8);
    put(view, LOCAL, RAW_LOCAL_OFF, 0);
    view.setUint8(LEAST_BYTES, 1);
    view.setUint8(TIMEOUT, 0);
  });
}
