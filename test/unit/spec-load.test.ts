import { afterEach, describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { type Port, setPort } from "../../runtime/host/port.ts";
import { EACCES, EFBIG, EILSEQ, EISDIR, ELOOP, ENOENT, ENOTDIR } from "../../runtime/linux/errno.ts";
import { loadProcess, loadSpec, parseProcess, parseSpec } from "../../runtime/spec/load.ts";

const MINIMAL = { ociVersion: "1.0.0", root: { path: "rootfs" } };

function failureOf(run: () => unknown): RuntimeError {
  try {
    run();
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error("accepted");
}

function refused(delta: object): { message: string; pointer: string | undefined } {
  const error = failureOf(() => parseSpec(JSON.stringify({ ...MINIMAL, ...delta })));
  expect(error.code).toBe("E_CONFIG_INVALID");
  return { message: error.message, pointer: error.details.pointer };
}

function warned(delta: object): string[] {
  return parseSpec(JSON.stringify({ ...MINIMAL, ...delta })).warnings.map((w) => `${w.pointer}: ${w.message}`);
}

describe("violations of the schema", () => {
  test.each([
    [
      { linux: { namespaces: [{ type: "pidd" }] } },
      'linux.namespaces[0].type must be one of mount, pid, network, ipc, uts, user, cgroup, time (got "pidd") (did you mean "pid"?)',
      "/linux/namespaces/0/type",
    ],
    [
      { linux: { namespaces: [{ type: "bogus" }] } },
      'linux.namespaces[0].type must be one of mount, pid, network, ipc, uts, user, cgroup, time (got "bogus")',
      "/linux/namespaces/0/type",
    ],
    [{ process: { cwd: "/", args: "true" } }, 'process.args must be an array (got "true")', "/process/args"],
    [{ process: { cwd: "/", args: [1] } }, "process.args[0] must be a string (got 1)", "/process/args/0"],
    [{ process: { args: ["sh"] } }, "process.cwd is missing", "/process/cwd"],
    [{ process: [] }, "process must be an object (got an array)", "/process"],
    [{ root: {} }, "root.path is missing", "/root/path"],
    [{ ociVersion: 1 }, "ociVersion must be a string (got 1)", "/ociVersion"],
    [
      { process: { cwd: "/", user: { uid: -1, gid: 0 } } },
      "process.user.uid must be an integer from 0 to 4294967295 (got -1)",
      "/process/user/uid",
    ],
    [
      { process: { cwd: "/", user: { uid: 1.5, gid: 0 } } },
      "process.user.uid must be an integer from 0 to 4294967295 (got 1.5)",
      "/process/user/uid",
    ],
    [{ process: { cwd: "/", user: { uid: 0 } } }, "process.user.gid is missing", "/process/user/gid"],
    [
      { process: { cwd: "/", rlimits: [{ type: "RLIMIT_FOO", soft: 1, hard: 1 }] } },
      'process.rlimits[0].type must be one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, ... (got "RLIMIT_FOO")',
      "/process/rlimits/0/type",
    ],
    [
      { linux: { seccomp: { defaultAction: "SCMP_ACT_ALOW" } } },
      'linux.seccomp.defaultAction must be one of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY (got "SCMP_ACT_ALOW") (did you mean "SCMP_ACT_ALLOW"?)',
      "/linux/seccomp/defaultAction",
    ],
    [
      { linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: [], action: "SCMP_ACT_KILL" }] } } },
      "linux.seccomp.syscalls[0].names must have at least 1 entry (got an array)",
      "/linux/seccomp/syscalls/0/names",
    ],
    [
      { linux: { resources: { hugepageLimits: [{ pageSize: "2mb", limit: 1 }] } } },
      'linux.resources.hugepageLimits[0].pageSize must match ^[1-9][0-9]*[KMGTPE]B$ (got "2mb")',
      "/linux/resources/hugepageLimits/0/pageSize",
    ],
    [
      { linux: { sysctl: { "net.ipv4.ip_forward": 1 } } },
      'linux.sysctl["net.ipv4.ip_forward"] must be a string (got 1)',
      "/linux/sysctl/net.ipv4.ip_forward",
    ],
    [{ annotations: { "a/b~c": true } }, 'annotations["a/b~c"] must be a string (got true)', "/annotations/a~1b~0c"],
  ])("%j", (delta, message, pointer) => {
    expect(refused(delta)).toEqual({ message, pointer });
  });

  test("of the whole document", () => {
    expect(failureOf(() => parseSpec("[]")).message).toBe("config.json must be an object (got an array)");
    expect(failureOf(() => parseSpec("{}")).message).toBe("ociVersion is missing");
    expect(failureOf(() => parseSpec("{bad")).code).toBe("E_CONFIG_SYNTAX");
  });

  test("carry line and column", () => {
    const text = '{\n  "ociVersion": "1.0.0",\n  "linux": {\n    "namespaces": [{ "type": "x" }]\n  }\n}';
    expect(failureOf(() => parseSpec(text)).details).toMatchObject({ line: 4, column: 30 });
  });
});

describe("integers", () => {
  const rlimit = (soft: string): string =>
    `{"ociVersion":"1.0.0","process":{"cwd":"/","rlimits":[{"type":"RLIMIT_CORE","soft":${soft},"hard":18446744073709551615}]}}`;

  test("of 64 bits are exact", () => {
    const { spec } = parseSpec(rlimit("9223372036854771712"));
    expect(spec.process?.rlimits?.[0]).toEqual({
      type: "RLIMIT_CORE",
      soft: 9223372036854771712n,
      hard: 18446744073709551615n,
    });
  });

  test.each(["18446744073709551616", "-1", "1.5", "1e400", "1e19", '"1"', "true"])("%s is no uint64", (soft) => {
    expect(() => parseSpec(rlimit(soft))).toThrow(RuntimeError);
  });

  test("a rounded form is told apart from one out of range", () => {
    expect(failureOf(() => parseSpec(rlimit("1e19"))).message).toContain("18446744073709551615 in plain digits");
  });

  test.each([
    ["9223372036854775807", true],
    ["9223372036854775808", false],
    ["-9223372036854775808", true],
    ["-9223372036854775809", false],
    ["-1", true],
  ])("int64 %s", (limit, fits) => {
    const read = (): unknown => parseSpec(`{"ociVersion":"1.0.0","linux":{"resources":{"memory":{"limit":${limit}}}}}`);
    if (fits) expect(read).not.toThrow();
    else expect(read).toThrow("linux.resources.memory.limit must be an integer from -9223372036854775808");
  });
});

describe("null and unknown keys", () => {
  test("null means absent", () => {
    const { spec, warnings } = parseSpec(
      '{"ociVersion":"1.0.0","root":{"path":"r","readonly":null},"process":{"cwd":"/","env":null,"user":{"uid":0,"gid":0,"additionalGids":null}},"hooks":{"prestart":null},"linux":{"sysctl":{"net.x":null},"resources":null}}',
    );
    expect(warnings).toEqual([]);
    expect(spec).toEqual({
      ociVersion: "1.0.0",
      root: { path: "r" },
      process: { cwd: "/", user: { uid: 0, gid: 0 } },
      hooks: {},
      linux: { sysctl: {} },
    });
  });

  test("a required property that is null is missing", () => {
    expect(refused({ root: { path: null } }).message).toBe("root.path is missing");
  });

  test.each([
    [{ linux: { maskedPath: [] } }, ['/linux/maskedPath: unknown key "maskedPath" (did you mean "maskedPaths"?)']],
    [{ hostName: "x" }, ['/hostName: unknown key "hostName" (did you mean "hostname"?)']],
    [{ somethingElse: 1 }, ['/somethingElse: unknown key "somethingElse"']],
    [
      { mounts: [{ destination: "/a" }, { destination: "/b", option: [] }] },
      ['/mounts/1/option: unknown key "option" (did you mean "options"?)'],
    ],
    [
      { linux: { netDevices: { eth0: { nam: "x" } } } },
      ['/linux/netDevices/eth0/nam: unknown key "nam" (did you mean "name"?)'],
    ],
    [{ "a/b": 1 }, ['/a~1b: unknown key "a/b"']],
    [{ constructor: 1, toString: 2 }, ['/constructor: unknown key "constructor"', '/toString: unknown key "toString"']],
    [{ annotations: { anything: "x" }, linux: { sysctl: { "net.x": "1" }, resources: { unified: { x: "1" } } } }, []],
    [{ windows: { anything: 1 }, vm: { hypervisor: { path: "/x" } } }, []],
  ])("%j", (delta, warnings) => {
    expect(warned(delta)).toEqual(warnings);
  });

  test("__proto__ is unknown, and no prototype", () => {
    const { spec, warnings } = parseSpec('{"ociVersion":"1.0.0","__proto__":{"root":{"path":"evil"}}}');
    expect(warnings.map((w) => w.pointer)).toEqual(["/__proto__"]);
    expect(spec.root).toBeUndefined();
  });
});

describe("strings that the system can't hold", () => {
  test.each([
    ['{"ociVersion":"1.0.0","process":{"cwd":"/","args":["a\\u0000b"]}}', "/process/args/0"],
    ['{"ociVersion":"1.0.0","annotations":{"a\\u0000":"b"}}', "/annotations/a\0"],
    ['{"ociVersion":"1.0.0","hostname":"\\udc2f"}', "/hostname"],
    ['{"ociVersion":"1.0.0","hostname":"\\ud83dx"}', "/hostname"],
  ])("%j", (text, pointer) => {
    const error = failureOf(() => parseSpec(text));
    expect(error.code).toBe("E_CONFIG_INVALID");
    expect(error.details.pointer).toBe(pointer);
  });

  test("escapes of ordinary characters pass", () => {
    const { spec } = parseSpec('{"ociVersion":"1.0.0","hostname":"\\u0026\\ud83d\\ude00"}');
    expect(spec.hostname).toBe("&😀");
  });
});

describe("a process of its own", () => {
  test("is read by the schema of process", () => {
    const { process, warnings } = parseProcess('{"cwd":"/","args":["sh"],"capabilites":{}}');
    expect(process).toMatchObject({ cwd: "/", args: ["sh"] });
    expect(warnings.map((w) => w.message)).toEqual(['unknown key "capabilites" (did you mean "capabilities"?)']);
  });

  test("errors name the place in it", () => {
    expect(failureOf(() => parseProcess('{"cwd":1}')).message).toBe("cwd must be a string (got 1)");
    expect(failureOf(() => parseProcess("[")).message).toBe("process.json: unexpected end of text at line 1, column 2");
  });
});

describe("files", () => {
  afterEach(() => setPort(undefined as unknown as Port));

  /** A host of which only readJson exists. */
  function fakeHost(readJson: Port["readJson"]): void {
    setPort({ readJson } as Port);
  }

  function failing(errno: number, syscall = "openat"): RuntimeError {
    fakeHost(() => {
      throw Object.assign(new Error("system"), { errno, syscall });
    });
    return failureOf(() => loadSpec("/bundle"));
  }

  test("the text is kept as it is", () => {
    const text = `${JSON.stringify(MINIMAL, null, "\t")}\n`;
    const asked: unknown[] = [];
    fakeHost((...args) => {
      asked.push(...args);
      return text;
    });
    expect(loadSpec("/bundle")).toEqual({ spec: MINIMAL, text, warnings: [] });
    expect(asked).toEqual(["/bundle/config.json", 16 * 1024 * 1024, 128]);
  });

  test.each([
    [ENOENT, "openat", "E_CONFIG_MISSING", "config.json: no such file or directory in bundle /bundle"],
    [ENOTDIR, "openat", "E_CONFIG_MISSING", "config.json: not a directory in bundle /bundle"],
    [EISDIR, "read", "E_CONFIG_MISSING", "config.json: is a directory in bundle /bundle"],
    [EACCES, "openat", "E_SYSTEM", "config.json: permission denied in bundle /bundle"],
    [EFBIG, "readJson", "E_CONFIG_SYNTAX", "config.json: larger than 16 MiB in bundle /bundle"],
    [EILSEQ, "readJson", "E_CONFIG_SYNTAX", "config.json: not UTF-8 in bundle /bundle"],
    [ELOOP, "readJson", "E_CONFIG_SYNTAX", "config.json: nested too deep in bundle /bundle"],
    [ELOOP, "openat", "E_SYSTEM", "config.json: too many levels of symbolic links in bundle /bundle"],
  ])("errno %i of %s", (errno, syscall, code, message) => {
    expect(failing(errno, syscall)).toMatchObject({ code, message });
  });

  test("a process file is named by its path", () => {
    fakeHost(() => {
      throw Object.assign(new Error("system"), { errno: ENOENT, syscall: "openat" });
    });
    expect(failureOf(() => loadProcess("/tmp/p.json")).message).toBe("/tmp/p.json: no such file or directory");
  });
});
