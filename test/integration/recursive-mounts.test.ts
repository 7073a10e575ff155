import { expect, test } from "@jest/globals";
import { useBox } from "../support/container.ts";
import { type MountLine, mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

/** Shell lines that make a tree of two mounts, both with these options. */
function tree(folder: string, options: string): string[] {
  return [
    `mkdir ${folder}`,
    `mount -t tmpfs -o ${options} tree ${folder}`,
    `mkdir ${folder}/sub`,
    `mount -t tmpfs -o ${options} sub ${folder}/sub`,
  ];
}

// In a mount namespace that only this file's runtime commands live in.
const box = useBox((dir) => ({
  mounts: [
    ...tree(`${dir}/plain`, "rw"),
    ...tree(`${dir}/strict`, "nosuid,nodev,noexec,noatime,nodiratime"),
    `mount --make-rshared ${dir}/plain`,
  ].join("; "),
}));

async function bound(options: readonly string[], source = "plain"): Promise<MountLine[]> {
  const text = await box.sh("/bin/cat /proc/self/mountinfo", (c) => {
    c.mounts.push({ destination: "/mnt", type: "bind", source: `${box.session.dir}/${source}`, options: [...options] });
  });
  return parseMounts(text);
}

const has = (mounts: readonly MountLine[], point: string, option: string): boolean =>
  mountAt(mounts, point).options.includes(option);

const both = (mounts: readonly MountLine[], option: string): boolean[] => [
  has(mounts, "/mnt", option),
  has(mounts, "/mnt/sub", option),
];

test("bind takes the mount, rbind what is mounted below too", async () => {
  const sources = (mounts: readonly MountLine[]): string[] =>
    mounts.filter((mount) => mount.point.startsWith("/mnt")).map((mount) => mount.source);
  expect(sources(await bound(["bind"]))).toEqual(["tree"]);
  expect(sources(await bound(["rbind"]))).toEqual(["tree", "sub"]);
});

test("ro is for the first mount only", async () => {
  expect(both(await bound(["rbind", "ro"]), "ro")).toEqual([true, false]);
});

/** Runtimes that refuse: they set the new atime mode without clearing the old one. */
const ATIME = ["crun"];

for (const [option, seen, refused] of [
  ["rro", "ro", []],
  ["rnosuid", "nosuid", []],
  ["rnodev", "nodev", []],
  ["rnoexec", "noexec", []],
  ["rnoatime", "noatime", ATIME],
  ["rnodiratime", "nodiratime", ATIME],
] as const) {
  unlessPeer(refused, "sets an atime mode without clearing the old one")(`${option} reaches both mounts`, async () => {
    expect(both(await bound(["rbind", option]), seen)).toEqual([true, true]);
  });
}

for (const [option, seen] of [
  ["rsuid", "nosuid"],
  ["rdev", "nodev"],
  ["rexec", "noexec"],
  ["rdiratime", "nodiratime"],
] as const) {
  unlessPeer(["crun"], "clears the first mount's flags on every bind")(`${option} clears ${seen} on both`, async () => {
    expect(both(await bound(["rbind"], "strict"), seen)).toEqual([true, true]);
    expect(both(await bound(["rbind", option], "strict"), seen)).toEqual([false, false]);
  });
}

unlessPeer(["runc", "crun"], "sets an atime mode without clearing the old one")(
  "ratime and the opposites of the modes",
  async () => {
    expect(both(await bound(["rbind", "ratime"], "strict"), "noatime")).toEqual([false, false]);
    for (const [option, word] of [
      ["rnorelatime", "relatime"],
      ["rnostrictatime", "strictatime"],
    ] as const) {
      expect([option, ...both(await bound(["rbind", option], "strict"), word)]).toEqual([option, false, false]);
    }
  },
);

for (const [options, unseen] of [
  ["rnosuid,rsuid", "nosuid"],
  ["rnodev,rdev", "nodev"],
  ["rnoexec,rexec", "noexec"],
  ["rro,rrw", "ro"],
] as const) {
  unlessPeer(["runc", "crun"], "sets the flag when both are given")(`of ${options} the last holds`, async () => {
    expect(both(await bound(["rbind", ...options.split(",")]), unseen)).toEqual([false, false]);
  });
}

unlessPeer(["runc", "crun"], "knows no rnosymfollow yet")("rnosymfollow reaches both mounts", async () => {
  expect(both(await bound(["rbind", "rnosymfollow"]), "nosymfollow")).toEqual([true, true]);
  expect(both(await bound(["rbind", "rsymfollow"]), "nosymfollow")).toEqual([false, false]);
});

for (const [option, first, second] of [
  ["rslave", /^master:\d+$/, /^master:\d+$/],
  ["slave", /^master:\d+$/, /.*/],
  ["rshared", /^shared:\d+/, /^shared:\d+/],
  ["rprivate", /^$/, /^$/],
  ["runbindable", /^unbindable$/, /^unbindable$/],
] as const) {
  unlessPeer(["crun"], "makes all mounts private once more at the end")(
    `propagation ${option} of a shared tree`,
    async () => {
      const mounts = await bound(["rbind", option]);
      expect(mountAt(mounts, "/mnt").propagation.join(" ")).toMatch(first);
      expect(mountAt(mounts, "/mnt/sub").propagation.join(" ")).toMatch(second);
    },
  );
}
