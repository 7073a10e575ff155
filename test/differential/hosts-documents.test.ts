/** Documents are read, checked, planned and written in the same way on both hosts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "@jest/globals";
import { type Host, same } from "../support/hosts.ts";

type Json = Record<string, unknown>;

/** The example that `spec` writes, changed as text or as an object, planned as text and as JSON. */
function planned(host: Host, change: (text: string) => string | Buffer): readonly unknown[] {
  const bundle = join(host.dir, "bundle");
  mkdirSync(join(bundle, "rootfs"), { recursive: true });
  const spec = host.tsrun(["spec", "-b", bundle]);
  const example = host.shell("cat bundle/config.json").stdout;
  writeFileSync(join(bundle, "config.json"), change(example));
  const logged = ["--log-format", "json", "plan", "-b", bundle];
  return [
    spec,
    example,
    host.tsrun(["plan", "-b", bundle, "c1"]),
    host.tsrun(["plan", "-f", "json", "-b", bundle]),
    host.tsrun(logged),
  ];
}

const edited =
  (change: (config: Json) => void) =>
  (text: string): string => {
    const config = JSON.parse(text) as Json;
    change(config);
    return JSON.stringify(config);
  };

const inserted = (key: string, value: string) => (text: string) =>
  text.replace("{", `{${JSON.stringify(key)}: ${value},`);

const CHANGES: Readonly<Record<string, (text: string) => string | Buffer>> = {
  "the example": (text) => text,
  "an empty file": () => "",
  "no JSON": () => "{nonsense",
  "half of the example": (text) => text.slice(0, text.length / 2),
  "something after it": (text) => `${text}x`,
  "a byte order mark": (text) => `\ufeff${text}`,
  "an array": () => "[]",
  "a number": () => "18446744073709551615",
  "a trailing comma": (text) => text.replace(/}\s*$/, ",}"),
  "a comment": (text) => `// hello\n${text}`,
  "a tab in a string": () => '{"a\tb": 1}',
  "bytes that are no text": (text) => Buffer.from(text.replace("{", '{"x": "\xff",'), "latin1"),
  "an encoded surrogate": (text) => Buffer.from(text.replace("{", '{"x": "\xed\xa0\x80",'), "latin1"),
  "an escaped lone surrogate": inserted("x", '"\\ud800"'),
  "an escaped NUL in a path": (text) => text.replace('"rootfs"', '"root\\u0000fs"'),
  "deep nesting": inserted("x", "[".repeat(200) + "]".repeat(200)),
  "nesting at the limit": inserted("x", "[".repeat(127) + "]".repeat(127)),
  "a million levels": () => "[".repeat(1_000_000),
  "many digits": inserted("x", "1".repeat(100_000)),
  "twenty-one digits": inserted("x", "184467440737095516150"),
  "fractions and exponents": inserted("x", "[1.5, 1e400, -0, 0.1e-7, 123456789012345678]"),
  "a key twice": inserted("ociVersion", '"1.0.0"'),
  "__proto__ as a key": inserted("__proto__", '{"x": 1}'),
  "unknown keys": inserted("proces", '{"x": 1}'),
  "control characters": inserted("x\u001b[31m", '"\\u0007"'),
  "exact limits": (text) =>
    text.replace(
      /"rlimits": \[[^\]]*\]/,
      '"rlimits": [{"type": "RLIMIT_CORE", "soft": 9007199254740993, "hard": 18446744073709551615}]',
    ),
  "a limit too large": (text) =>
    text.replace(
      /"rlimits": \[[^\]]*\]/,
      '"rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 18446744073709551616}]',
    ),
  "exact memory": edited((config) => {
    (config.linux as Json).resources = { memory: { limit: 9007199254740991, swap: -1 }, cpu: { shares: 1024 } };
  }),
  "wrong types": edited((config) => {
    (config.process as Json).args = "sh";
    config.root = 5;
    config.hostname = null;
  }),
  "wrong values": edited((config) => {
    (config.process as Json).cwd = "relative";
    (config.process as Json).env = ["=x", "novalue", ""];
    config.mounts = [
      { destination: "relative", type: "proc" },
      { destination: "/a", options: ["ro", "nonsense"] },
    ];
  }),
  "unknown namespace": edited((config) => {
    (config.linux as Json).namespaces = [{ type: "bogus" }, { type: "mount" }, { type: "mount" }];
  }),
  seccomp: edited((config) => {
    (config.linux as Json).seccomp = {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
      syscalls: [
        { names: ["read", "write", "nosuchcall", "clone"], action: "SCMP_ACT_ALLOW" },
        {
          names: ["personality"],
          action: "SCMP_ACT_ALLOW",
          args: [{ index: 0, value: 4294967295, op: "SCMP_CMP_EQ" }],
        },
      ],
    };
  }),
  capabilities: edited((config) => {
    (config.process as Json).capabilities = {
      bounding: ["CAP_KILL", "CAP_NONSENSE", "cap_chown"],
      ambient: ["CAP_KILL"],
    };
  }),
  hooks: edited((config) => {
    config.hooks = {
      prestart: [{ path: "relative" }],
      poststop: [{ path: "/bin/true", args: ["é\u0001"], timeout: 0 }],
    };
  }),
};

describe("both hosts make the same of", () => {
  for (const [name, change] of Object.entries(CHANGES)) same(name, (host) => planned(host, change));

  same("a config.json that is no file", (host) => [
    host.shell('mkdir -p d/config.json; "$TSRUN" plan -b d'),
    host.shell('mkdir f; mkfifo f/config.json; "$TSRUN" plan -b f'),
    host.shell('mkdir l; ln -s nowhere l/config.json; "$TSRUN" plan -b l'),
    host.shell('mkdir o; ln -s config.json o/config.json; "$TSRUN" plan -b o'),
    host.shell('mkdir n; ln -s /dev/null n/config.json; "$TSRUN" plan -b n'),
    host.shell('mkdir z; truncate -s 17M z/config.json; "$TSRUN" plan -b z'),
    host.shell('mkdir y; head -c 16777216 /dev/zero >y/config.json; "$TSRUN" plan -b y'),
  ]);

  same("writing the example", (host) => [
    host.shell('"$TSRUN" spec; cat config.json; "$TSRUN" spec'),
    host.shell('mkdir r; "$TSRUN" spec --rootless -b r; cat r/config.json'),
    host.shell('mkdir s; ln -s /nowhere/x s/config.json; "$TSRUN" spec -b s'),
    host.shell('stat -c %a config.json; umask 077; mkdir u; "$TSRUN" spec -b u; stat -c %a u/config.json'),
  ]);

  same("states that are damaged", (host) => [
    host.shell("mkdir -p root/a root/b root/c root/d; echo nonsense >root/a/state.json; : >root/b/state.json"),
    host.shell('echo "{}" >root/c/state.json; printf "\\377" >root/d/state.json; : >root/file; mkdir root/.hidden'),
    ...["a", "b", "c", "d", "file", ".hidden"].flatMap((id) => [host.tsrun(["state", id]), host.tsrun(["start", id])]),
    host.tsrun(["list"]),
    host.tsrun(["list", "-f", "json"]),
    host.tsrun(["list", "-q"]),
    host.tsrun(["delete", "a"]),
    host.tsrun(["delete", "--force", "b"]),
  ]);
});
