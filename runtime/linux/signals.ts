/** Signals: names without SIG and their numbers (asm-generic/signal.h; x86-64 and arm64). */

export const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};

const ALIASES: Readonly<Record<string, number>> = { IOT: 6, CLD: 17, POLL: 29 };

/** First and last real-time signal as programs see them: glibc keeps 32 and 33 for itself. */
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;

/** RTMIN, RTMIN+n, RTMAX, RTMAX-n. */
function realTimeSignal(name: string): number | undefined {
  const match = /^RT(?:MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/.exec(name);
  if (match === null) return undefined;
  const number = name.startsWith("RTMIN") ? SIGRTMIN + Number(match[1] ?? 0) : SIGRTMAX - Number(match[2] ?? 0);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

/**
 * The number of a signal given as `TERM`, `SIGTERM`, `term`, `RTMIN+3` or `15`; undefined when there is none such.
 * Numbers are 1 to 64.
 */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= SIGRTMAX ? number : undefined;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper.slice(3) : upper;
  if (Object.hasOwn(SIGNALS, name)) return SIGNALS[name];
  if (Object.hasOwn(ALIASES, name)) return ALIASES[name];
  return realTimeSignal(name);
}

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37, the plain number when it has no name. */
export function signalName(number: number): string {
  for (const name in SIGNALS) if (SIGNALS[name] === number) return `SIG${name}`;
  if (number >= SIGRTMIN && number <= SIGRTMAX)
    return number === SIGRTMIN ? "SIGRTMIN" : `SIGRTMIN+${number - SIGRTMIN}`;
  return String(number);
}
