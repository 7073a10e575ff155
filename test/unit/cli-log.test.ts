import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { explain, Log } from "../../runtime/log.ts";
import { fakePort, systemError } from "../support/fake-port.ts";

const MOUNT = new RuntimeError("E_MOUNT", "mount /data: no such file or directory: source\n /host/data", {
  pointer: "/mounts/3",
  syscall: "open_tree",
  errno: "ENOENT",
  hint: "make the folder",
});
const LINE = "mount /data: no such file or directory: source /host/data (config.json /mounts/3)";

describe("explain", () => {
  test("an error of the runtime keeps its code and all its details", () => {
    const { msg, fields } = explain(MOUNT);
    expect(msg).toBe(LINE);
    expect(fields).toEqual({
      code: "E_MOUNT",
      pointer: "/mounts/3",
      syscall: "open_tree",
      errno: "ENOENT",
      hint: "make the folder",
    });
  });

  test("a failed system call is E_SYSTEM with its name", () => {
    expect(explain(systemError("openat", 13, "openat /x: permission denied"))).toEqual({
      msg: "openat /x: permission denied",
      fields: { code: "E_SYSTEM", syscall: "openat", errno: "EACCES" },
    });
  });

  test("anything else is a fault of tsrun itself, on one line", () => {
    expect(explain(new TypeError("a\nb")).msg).toBe("internal error: a b");
    expect(explain("thrown text").fields.code).toBe("E_INTERNAL");
  });
});

describe("without a log file", () => {
  test("people read the sentence on stderr", async () => {
    const { fds } = fakePort([], []);
    const log = new Log(undefined, "text", "warning");
    log.warning("unknown key x", "/process");
    log.warning("plain");
    log.debug("not shown");
    log.error(MOUNT);
    await log.close();
    expect(fds.get(2)).toBe(
      `tsrun: warning: unknown key x (config.json /process)\ntsrun: warning: plain\ntsrun: ${LINE}\n`,
    );
  });

  test("callers that ask for JSON get it there", () => {
    const { fds } = fakePort([], []);
    new Log("", "json", "warning").error(MOUNT);
    expect(JSON.parse(fds.get(2) ?? "")).toMatchObject({ level: "error", msg: LINE, code: "E_MOUNT" });
  });

  test("control characters of a path can't command the terminal", () => {
    const { fds } = fakePort([], []);
    new Log(undefined, "text", "error").error(new RuntimeError("E_MOUNT", "mount /a\u001b]0;x\u0007: denied"));
    expect(fds.get(2)).toBe("tsrun: mount /a\\x1b]0;x\\x07: denied\n");
  });

  test("what a full pipe does not take is written at the end, in order", async () => {
    let full = true;
    const took: string[] = [];
    fakePort([], [], {
      write(_fd, data) {
        if (full) throw systemError("write", 11, "write: try again");
        took.push(new TextDecoder().decode(data as Uint8Array));
        return data.length;
      },
      wait: async () => true,
    });
    const log = new Log(undefined, "text", "warning");
    log.warning("one");
    full = false;
    log.error(new RuntimeError("E_USAGE", "two"));
    await log.close();
    expect(took.join("")).toBe("tsrun: warning: one\ntsrun: two\n");
  });

  test("a closed stderr is no reason to fail", async () => {
    fakePort([], [], {
      write() {
        throw systemError("write", 32, "write: broken pipe");
      },
    });
    const log = new Log(undefined, "text", "warning");
    log.error(MOUNT);
    await expect(log.close()).resolves.toBeUndefined();
  });
});

describe("with a log file", () => {
  test("JSON entries start as those of runc, and go on with what is known", async () => {
    const { files, fds } = fakePort([], []);
    const log = new Log("/l", "json", "warning");
    log.warning("unknown key x", "/process");
    log.error(MOUNT);
    await log.close();
    const lines = (files.get("/l") ?? "").trimEnd().split("\n");
    expect(lines[1]).toMatch(/^\{"level":"error","msg":"mount .*","time":"2026-01-02T03:04:05.006Z",/);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: "warning",
        msg: "unknown key x (config.json /process)",
        time: "2026-01-02T03:04:05.006Z",
        pointer: "/process",
      },
      {
        level: "error",
        msg: LINE,
        time: "2026-01-02T03:04:05.006Z",
        code: "E_MOUNT",
        pointer: "/mounts/3",
        syscall: "open_tree",
        errno: "ENOENT",
        hint: "make the folder",
      },
    ]);
    expect(fds.get(2)).toBe(`tsrun: ${LINE}\n`);
  });

  test("text entries are key=value, quoted where needed", async () => {
    const { files } = fakePort([], []);
    const log = new Log("/l", "text", "warning");
    log.error(MOUNT);
    await log.close();
    expect(files.get("/l")).toBe(
      `time="2026-01-02T03:04:05.006Z" level=error msg=${JSON.stringify(LINE)} code=E_MOUNT pointer=/mounts/3 ` +
        'syscall=open_tree errno=ENOENT hint="make the folder"\n',
    );
  });

  test("a stack is for --debug only, and before the line that counts", () => {
    const quiet = fakePort([], []);
    new Log("/l", "text", "warning").error(new TypeError("oops"));
    expect((quiet.files.get("/l") ?? "").split("\n")).toHaveLength(2);
    const loud = fakePort([], []);
    new Log("/l", "text", "debug").error(new TypeError("oops"));
    const lines = (loud.files.get("/l") ?? "").trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.at(-1)).toContain('level=error msg="internal error: oops"');
    expect(lines[0]).toContain("level=debug");
  });

  test("a log that can't take an entry is told of, and the error is still the last line", () => {
    const { fds } = fakePort([], [], {
      write(fd, data) {
        if (fd !== 2) throw systemError("write", 28, "write: no space left on device");
        fds.set(2, (fds.get(2) ?? "") + new TextDecoder().decode(data as Uint8Array));
        return data.length;
      },
    });
    new Log("/l", "json", "warning").error(MOUNT);
    expect(fds.get(2)).toBe(
      `tsrun: warning: the log is not complete: write: no space left on device\ntsrun: ${LINE}\n`,
    );
  });

  test("levels below the limit are left out", () => {
    const { files } = fakePort([], []);
    const log = new Log("/l", "text", "error");
    log.warning("no");
    log.debug("no");
    expect(files.get("/l")).toBeUndefined();
  });
});

describe("the journal and syslog", () => {
  /** What is sent, after the path it is sent to. */
  function listen(send?: (data: Uint8Array) => void): { sent: string[]; fds: Map<number, string> } {
    const sent: string[] = [];
    const { fds } = fakePort([], [], {
      datagramSocket: (bound, connected) => {
        sent.push(`${bound}>${connected}`);
        return 30;
      },
      send: (_, data) => (send ?? ((bytes) => sent.push(new TextDecoder().decode(bytes))))(data),
    });
    return { sent, fds };
  }

  test("journald:NAME gets a field for each thing that is known", async () => {
    const { sent, fds } = listen();
    const log = new Log("journald:box", "json", "warning");
    log.error(MOUNT);
    log.debug("not sent");
    await log.close();
    expect(sent).toEqual([
      ">/run/systemd/journal/socket",
      `MESSAGE=${LINE}\nPRIORITY=3\nSYSLOG_IDENTIFIER=box\nTSRUN_CODE=E_MOUNT\nTSRUN_POINTER=/mounts/3\n` +
        "TSRUN_SYSCALL=open_tree\nTSRUN_ERRNO=ENOENT\nTSRUN_HINT=make the folder\n",
    ]);
    expect(fds.get(2)).toBe(`tsrun: ${LINE}\n`);
  });

  test("a line break can't begin a field of its own", () => {
    const { sent } = listen();
    new Log("journald:a\nPRIORITY=0", "text", "warning").warning("one\nMESSAGE=two");
    expect(sent[1]?.split("\n")).toHaveLength(4);
  });

  test("syslog:NAME gets lines with facility and severity", () => {
    const { sent } = listen();
    const log = new Log("syslog:", "text", "debug");
    log.error(new RuntimeError("E_USAGE", "wrong"));
    log.warning("odd");
    log.debug("step");
    expect(sent).toEqual([">/dev/log", "<27>tsrun[77]: wrong", "<28>tsrun[77]: odd", "<31>tsrun[77]: step"]);
  });

  test("what can't be sent is told on stderr, and the error itself too", () => {
    const { fds } = listen(() => {
      throw systemError("send", 11, "send: resource temporarily unavailable");
    });
    new Log("syslog:x", "text", "warning").error(new RuntimeError("E_USAGE", "wrong"));
    expect(fds.get(2)).toBe(
      "tsrun: warning: the log is not complete: send: resource temporarily unavailable\ntsrun: wrong\n",
    );
  });

  test("file:PATH is a file", () => {
    const { files } = fakePort([], []);
    new Log("file:/x:y", "json", "warning").warning("odd");
    expect(JSON.parse(files.get("/x:y") ?? "")).toMatchObject({ level: "warning", msg: "odd" });
  });
});
