import { describe, expect, test } from "@jest/globals";
import { devicePolicy, deviceText } from "../../runtime/cgroups/device-policy.ts";
import type { Resources } from "../../runtime/cgroups/types.ts";
import { hybridHost, lines, planFor, refusal, v1Host, v2Host } from "../support/cgroup-layouts.ts";

type Rules = NonNullable<Resources["devices"]>;

const DENY_ALL = { allow: false, access: "rwm" } as const;
const ALLOW_ALL = { allow: true, access: "rwm" } as const;
const DEFAULTS = [
  "c *:* m",
  "b *:* m",
  "c 1:3 rwm",
  "c 1:5 rwm",
  "c 1:7 rwm",
  "c 1:8 rwm",
  "c 1:9 rwm",
  "c 5:0 rwm",
  "c 5:2 rwm",
  "c 10:200 rwm",
  "c 136:* rwm",
];

function own(rules: Rules): string[] {
  return devicePolicy(rules)
    .exceptions.filter(({ from }) => from !== "")
    .map((exception) => `${deviceText(exception)} ${exception.from.slice(-1)}`);
}

function deviceLines(rules?: Rules): string[] {
  const resources = rules === undefined ? undefined : { devices: rules };
  return lines(planFor(v1Host(), resources)).filter((line) => line.includes("/devices."));
}

describe("device rules on v1", () => {
  test("without rules: everything denied, then the defaults in one step", () => {
    expect(deviceLines()).toEqual([
      "write /cg/devices/tsrun/box/devices.deny = a *:* rwm",
      `write /cg/devices/tsrun/box/devices.allow = ${DEFAULTS.join("; ")}`,
    ]);
    expect(deviceLines([])).toEqual(deviceLines().map((line) => `${line} | /linux/resources/devices`));
    expect(deviceLines([DENY_ALL])).toEqual(deviceLines([]));
  });

  test("each exception is a step with its rule's pointer, the defaults stay", () => {
    const rules: Rules = [
      DENY_ALL,
      { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
      { allow: true, type: "b", major: 8, access: "r" },
    ];
    const [denied, defaults] = deviceLines([]);
    expect(deviceLines(rules)).toEqual([
      denied,
      "write /cg/devices/tsrun/box/devices.allow = c 10:229 rw | /linux/resources/devices/1",
      "write /cg/devices/tsrun/box/devices.allow = b 8:* r | /linux/resources/devices/2",
      defaults,
    ]);
  });

  test("privileged: everything allowed, with exceptions denied", () => {
    expect(deviceLines([ALLOW_ALL])).toEqual([
      "write /cg/devices/tsrun/box/devices.allow = a *:* rwm | /linux/resources/devices",
    ]);
    expect(deviceLines([ALLOW_ALL, { allow: false, type: "c", major: 1, minor: 1, access: "mw" }])).toEqual([
      "write /cg/devices/tsrun/box/devices.allow = a *:* rwm | /linux/resources/devices",
      "write /cg/devices/tsrun/box/devices.deny = c 1:1 wm | /linux/resources/devices/1",
    ]);
  });
});

describe("what rules come to", () => {
  test.each<[string, Rules, string[]]>([
    [
      "a rule for all wipes what came before",
      [{ allow: true, type: "c", major: 9, minor: 9, access: "r" }, DENY_ALL],
      [],
    ],
    [
      "letters are collected in one order",
      [
        { allow: true, type: "c", major: 9, minor: 9, access: "m" },
        { allow: true, type: "c", major: 9, minor: 9, access: "r" },
      ],
      ["c 9:9 rm 1"],
    ],
    [
      "said twice is once",
      [
        { allow: true, type: "c", major: 9, minor: 9, access: "r" },
        { allow: true, type: "c", major: 9, minor: 9, access: "r" },
      ],
      ["c 9:9 r 0"],
    ],
    ["without letters it is all of them", [{ allow: true, type: "c", major: 9, minor: 9 }], ["c 9:9 rwm 0"]],
    ["-1 is every number", [{ allow: true, type: "b", major: -1, minor: -1, access: "r" }], ["b *:* rm 0"]],
    [
      "every type, but not every number",
      [{ allow: true, type: "a", major: 9, minor: 9, access: "r" }],
      ["b 9:9 r 0", "c 9:9 r 0"],
    ],
    ["no type is every type", [{ allow: true, major: 9, minor: 9, access: "r" }], ["b 9:9 r 0", "c 9:9 r 0"]],
    ["every device, but not every letter", [{ allow: true, type: "a", access: "r" }], ["b *:* rm 0", "c *:* rm 0"]],
    [
      "taken back in part",
      [
        { allow: true, type: "c", major: 9, minor: 9, access: "rw" },
        { allow: false, type: "c", major: 9, minor: 9, access: "w" },
      ],
      ["c 9:9 r 0"],
    ],
    [
      "taken back by a wider rule",
      [
        { allow: true, type: "c", major: 9, minor: 9, access: "rw" },
        { allow: false, type: "c", major: 9, access: "rwm" },
      ],
      [],
    ],
    ["taking back what was never given", [{ allow: false, type: "c", major: 9, minor: 9, access: "w" }], []],
    [
      "another type is not concerned",
      [
        { allow: true, type: "c", major: 9, minor: 9, access: "r" },
        { allow: false, type: "b", access: "rwm" },
      ],
      ["c 9:9 r 0"],
    ],
    [
      "other letters are not concerned",
      [
        { allow: true, type: "c", major: 9, access: "r" },
        { allow: false, type: "c", major: 9, minor: 1, access: "w" },
      ],
      ["c 9:* r 0"],
    ],
  ])("%s", (_, rules, expected) => expect(own(rules)).toEqual(expected));

  test("the defaults come last: they are what every container has", () => {
    const { exceptions } = devicePolicy([{ allow: false, type: "c", major: 1, minor: 3, access: "rwm" }]);
    expect(exceptions.map(deviceText)).toEqual(DEFAULTS);
  });

  test("a default that the config asks for is listed once", () => {
    const { exceptions } = devicePolicy([{ allow: true, type: "c", major: 1, minor: 3, access: "rwm" }]);
    expect(exceptions.filter(({ major, minor }) => major === 1 && minor === 3)).toHaveLength(1);
  });

  test.each<[string, Rules, string]>([
    [
      "a hole",
      [
        { allow: true, type: "c", major: 9, access: "rw" },
        { allow: false, type: "c", major: 9, minor: 1, access: "w" },
      ],
      "E_CONFIG_INVALID: device rule: can't take a part out of the earlier c 9:* rw (/linux/resources/devices/0) (config.json /linux/resources/devices/1)",
    ],
    [
      "a crossing",
      [
        { allow: true, type: "c", major: 9, access: "rw" },
        { allow: false, type: "c", minor: 1, access: "w" },
      ],
      "E_CONFIG_INVALID: device rule: can't take a part out of the earlier c 9:* rw (/linux/resources/devices/0) (config.json /linux/resources/devices/1)",
    ],
    [
      "letters",
      [{ allow: true, type: "c", major: 9, access: "rx" }],
      "E_CONFIG_INVALID: device access rx: not made of r, w and m (config.json /linux/resources/devices/0)",
    ],
  ])("%s is refused", (_, rules, message) =>
    expect(refusal(() => planFor(v1Host(), { devices: rules }))).toBe(message),
  );
});

describe("where there is no devices controller", () => {
  const bare = v1Host(["memory"]);
  test("v2: a program instead, before anything is written, and none where all is allowed", () => {
    const attached = (rules?: Rules) => lines(planFor(v2Host(), rules === undefined ? {} : { devices: rules }))[1];
    expect(attached([DENY_ALL])).toMatch(
      /^attach \d+ instructions to \/cg\/tsrun\/box \| \/linux\/resources\/devices$/,
    );
    expect(attached()).toMatch(/^attach \d+ instructions/);
    expect(attached([ALLOW_ALL])).toBe("into /cg/tsrun/box");
    expect(attached([ALLOW_ALL, { allow: false, type: "c", major: 1, minor: 1 }])).toMatch(/^attach/);
  });

  test("v2, read-only: rules that deny are not dropped", () => {
    const host = v2Host();
    const readonly = { ...host, unified: host.unified === null ? null : { ...host.unified, writable: false } };
    expect(refusal(() => planFor(readonly, { devices: [DENY_ALL] }))).toBe(
      "E_HOST_UNSUPPORTED: devices: needs the devices controller, which this host does not have (config.json /linux/resources/devices)",
    );
  });

  test("v1: the same, and the controller is named", () => {
    expect(refusal(() => planFor(bare, { devices: [DENY_ALL] }))).toBe(
      "E_HOST_UNSUPPORTED: devices: needs the devices controller, which this host does not have (config.json /linux/resources/devices)",
    );
  });

  test("nothing asked: a warning", () => {
    expect(planFor(bare).warnings).toEqual([
      { message: "devices: access is not restricted, as this host offers no way to", pointer: "" },
    ]);
  });

  test("in a user namespace the kernel takes no device rules: a warning", () => {
    const plan = planFor(hybridHost(), { devices: [DENY_ALL] }, { inUserNamespace: true });
    expect(lines(plan).filter((line) => line.includes("/devices."))).toEqual([]);
    expect(plan.warnings).toEqual([
      {
        message: "devices: access is not restricted, as this host offers no way to",
        pointer: "/linux/resources/devices",
      },
    ]);
  });
});
