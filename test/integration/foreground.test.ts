import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { output, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";
import { type Mode, pythonMissing, type Sitting, type Step, sit } from "../support/terminal.ts";

const box = useBox();
const missing = pythonMissing();
if (missing !== "") console.log(`foreground.test: skipped: ${missing}`);
const group = missing === "" ? describe : describe.skip;

const RAW: Mode = { canonical: false, echo: false, signals: false, post: false };
const COOKED: Mode = { canonical: true, echo: true, signals: true, post: true };
const LOOP = "while :; do sleep 0.05; done";
const SIGABRT = 6;
const SIGTERM = 15;

function withTerminal(script: string, change: (c: Config) => void = () => undefined): Promise<Container> {
  return box.container((c) => {
    c.process.terminal = true;
    c.process.args = ["/bin/sh", "-c", script];
    // They are worth a warning, which would be seen among what the program prints.
    c.process.capabilities.ambient = [];
    change(c);
  });
}

const runOf = (c: Container, ...flags: string[]): string[] =>
  box.session.argv(["run", ...flags, "--bundle", c.bundle, c.id]);

/** Runs a script in a container, in a terminal, in the foreground. */
async function runIn(script: string, steps: readonly Step[], size?: readonly [number, number]): Promise<Sitting> {
  return sit(runOf(await withTerminal(script)), steps, size);
}

/** runc may set its terminal up after the program has begun: then there are too many carriage returns. */
const linesOf = ({ output }: Sitting): string[] => output.trimEnd().split(/\r+\n/);

/** What a shell does with the runtime's command line in place of `$@`. */
const shell = (script: string, argv: readonly string[]): string[] => ["sh", "-c", script, "-", ...argv];

group("run with a terminal of the caller's", () => {
  test("what is typed goes in, what is printed comes out, and so does the exit code", async () => {
    const script = "echo name?; read it; echo hello $it; exit 7";
    const seen = await runIn(script, [
      ["expect", "name?"],
      ["type", "world\r"],
      ["expect", "hello world"],
    ]);
    expect(seen.code).toBe(7);
    expect(seen.output).toBe("name?\r\nworld\r\nhello world\r\n");
  });

  unlessPeer(["runc"], "leaves newlines to the caller's terminal")("it is raw meanwhile", async () => {
    const seen = await runIn("echo ready; read it", [["expect", "ready"], ["mode"], ["type", "\r"]]);
    expect(seen.modes).toEqual([RAW, COOKED]);
  });

  test("it is as before afterwards", async () => {
    const seen = await runIn("echo ready; read it", [
      ["expect", "ready"],
      ["type", "\r"],
    ]);
    expect(seen.modes).toEqual([COOKED]);
  });

  unlessPeer(["runc"], "tells the size late")("the program's terminal is as large, and stays so", async () => {
    const script = `trap 'echo now $(stty size)' WINCH; trap exit INT; echo at first $(stty size); ${LOOP}`;
    const seen = await runIn(
      script,
      [
        ["expect", "at first 31 97"],
        ["size", 40, 120],
        ["expect", "now 40 120"],
        ["type", "\x03"],
      ],
      [31, 97],
    );
    expect(seen.output).not.toContain("0 0");
  });

  test("^C is for the program", async () => {
    const seen = await runIn(`trap 'echo caught; exit 4' INT; echo ready; ${LOOP}`, [
      ["expect", "ready"],
      ["type", "\x03"],
      ["expect", "caught"],
    ]);
    expect(seen.code).toBe(4);
  });

  test("a megabyte comes through", async () => {
    const seen = await runIn("yes 0123456789abcde | head -c 1048576", []);
    expect(seen.output.length).toBe(1_048_576 + 65_536);
  });

  test("what was written last comes through, however fast the end", async () => {
    for (let round = 0; round < 3; round++) {
      expect((await runIn("head -c 3000 /dev/zero | tr '\\0' x; echo end", [])).output).toMatch(/^x{3000}end\r\n$/);
    }
  });
});

group("the caller's terminal is given back", () => {
  test("when the program can't be executed, and the error is readable", async () => {
    const c = await withTerminal("", (it) => {
      it.process.args = ["/no/such/program"];
    });
    const seen = await sit(runOf(c), []);
    expect(seen.code).not.toBe(0);
    expect(seen.output).toMatch(/no such file or directory[^\n]*\r\n$/);
    expect(seen.modes).toEqual([COOKED]);
  });

  test("when a signal ends the program by way of the runtime", async () => {
    const seen = await runIn(`trap 'exit 9' TERM; echo ready; ${LOOP}`, [
      ["expect", "ready"],
      ["signal", SIGTERM],
    ]);
    expect(seen.code).toBe(9);
    expect(seen.modes).toEqual([COOKED]);
  });

  unlessPeer(["runc", "crun"], "leaves it raw")("when a signal ends the runtime", async () => {
    const c = await withTerminal(`echo ready; ${LOOP}`);
    const seen = await sit(runOf(c), [["expect", "ready"], ["mode"], ["signal", SIGABRT]]);
    expect(seen.code).toBe(-SIGABRT);
    expect(seen.modes).toEqual([RAW, COOKED]);
    succeeded(await c.delete(["--force"]));
  });

  unlessPeer(["runc", "crun"], "takes it away from the shell")("to the shell, while in the background", async () => {
    const c = await withTerminal("echo ready; read it; echo read $it");
    const command = runOf(c).join(" ");
    const seen = await sit(
      ["bash", "--norc", "--noediting", "-i"],
      [
        ["type", `PS1='> '\n${command} &\n`],
        ["expect", "ready"],
        ["mode"],
        ["type", "echo from the $((1 + 1))nd\n"],
        ["expect", "\nfrom the 2nd"],
        ["type", "fg\n"],
        ["expect", c.id],
        ["expect", "\n"],
        ["type", "word\r"],
        ["expect", "read word"],
        ["expect", "> "],
        ["type", "exit 5\n"],
      ],
    );
    expect(seen.code).toBe(5);
    expect(seen.modes[0]?.echo).toBe(true);
  });
});

group("without a terminal of the caller's", () => {
  test("output to a file has plain newlines", async () => {
    const c = await withTerminal("tty; echo two");
    const seen = await sit(shell(`"$@" > ${c.bundle}/out`, runOf(c)), []);
    expect([seen.code, seen.output]).toEqual([0, ""]);
    expect(readFileSync(join(c.bundle, "out"), "utf8")).toBe("/dev/pts/0\ntwo\n");
  });

  unlessPeer(["runc"], "wants one")("pipes do, and their end is no end of the program", async () => {
    const c = await withTerminal("cat; echo end; sleep 0.2; echo later");
    const outcome = succeeded(await c.run([], { input: "one\n\x04" }));
    expect(outcome.stdout.replace("^D\b\b", "")).toBe("one\none\nend\nlater\n");
  });

  unlessPeer(["runc"], "wants one")("a megabyte comes through a pipe, byte for byte", async () => {
    const c = await withTerminal("yes 0123456789abcde | head -c 1048576");
    expect((await c.run()).stdout).toBe("0123456789abcde\n".repeat(65_536));
  });

  unlessPeer(["runc", "crun"], "waits for ever")("a reader that leaves ends the program", async () => {
    const c = await withTerminal("yes");
    const seen = await sit(shell('"$@" | head -n 1', runOf(c)), []);
    expect(seen.output).toBe("y\r\n");
  });

  unlessPeer(["runc"], "wants one")("consoleSize holds then", async () => {
    const c = await withTerminal("stty size", (it) => {
      Object.assign(it.process, { consoleSize: { height: 17, width: 71 } });
    });
    // In a session of its own, so that there is no terminal at /dev/tty either.
    const [program = "", ...args] = ["setsid", "--wait", ...runOf(c)];
    expect(await output(program, args)).toBe("17 71");
  });
});

group("exec --tty", () => {
  let running: Container;
  beforeAll(async () => {
    running = await box.container((c) => {
      c.process.args = ["sleep", "1000"];
    });
    await running.launch();
  });
  const execOf = (flags: readonly string[], ...command: string[]): string[] =>
    box.session.argv(["exec", ...flags, running.id, ...command]);

  unlessPeer(["runc"], "tells the size late")("gives a terminal of the caller's size, and its exit code", async () => {
    const script = "tty; stty size; test -t 0 && test -t 1 && test -t 2 && exit 6";
    const seen = await sit(execOf(["--tty"], "sh", "-c", script), [], [19, 77]);
    expect([seen.code, ...linesOf(seen)]).toEqual([6, "/dev/pts/0", "19 77"]);
    expect(seen.modes).toEqual([COOKED]);
  });

  test("belongs to the user that is asked for", async () => {
    const seen = await sit(
      execOf(["-t", "-u", "1000:1000"], "sh", "-c", "stat -c %u:%g /dev/pts/0; id -u </dev/tty"),
      [],
    );
    expect(linesOf(seen)).toEqual(["1000:5", "1000"]);
  });

  test("two at once have two terminals", async () => {
    const both = ["one", "two"].map((word) => sit(execOf(["-t"], "sh", "-c", `tty; sleep 1; echo ${word}`), []));
    const names = (await Promise.all(both)).map((seen) => linesOf(seen)[0]);
    expect(names.sort()).toEqual(["/dev/pts/0", "/dev/pts/1"]);
  });

  test("a shell talks with its user", async () => {
    const steps: Step[] = [
      ["type", "echo $((6 * 7))\r"],
      ["expect", "\n42"],
      ["type", "exit 3\r"],
    ];
    expect((await sit(execOf(["-t"], "sh", "-i"), steps)).code).toBe(3);
  });

  test("ends with its program, whoever still holds the terminal", async () => {
    const script = "trap '' HUP; sleep 30 & echo started";
    const seen = await sit(execOf(["-t"], "sh", "-c", script), []);
    expect([seen.code, ...linesOf(seen)]).toEqual([0, "started"]);
  });

  test("without it there is no terminal, even in a container that has one", async () => {
    const c = await withTerminal("sleep 100");
    const seen = await sit(shell(`"$@" sh -c 'tty; echo $?' < /dev/null`, box.session.argv(["exec", running.id])), []);
    expect(linesOf(seen)).toEqual(["not a tty", "1"]);
    await box.session.remove(c);
  });
});
