/** linux.intelRdt of real containers on a folder that plays resctrl, which this library of one process is told of. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, describe as group, test } from "@jest/globals";
import { Session } from "../../bundles/session.ts";
import { type Port, port, setPort } from "../../runtime/host/port.ts";
import {
  type Context,
  createContainer,
  deleteContainer,
  execInContainer,
  updateContainer,
} from "../../runtime/library.ts";
import { FakeResctrl } from "../support/fake-resctrl.ts";

let session: Session;
let context: Context;
let real: Port;
let fake: FakeResctrl;
const ids: string[] = [];

beforeAll(async () => {
  session = await Session.open();
  const root = join(session.dir, "library");
  mkdirSync(root);
  context = { root, onWarning: () => {} };
  real = port();
});
beforeEach(() => {
  fake = new FakeResctrl(join(session.dir, session.unique()));
  setPort(fake.port(real));
});
afterEach(async () => {
  for (const id of ids.splice(0)) await deleteContainer(context, id, { force: true });
  setPort(real);
});
afterAll(async () => {
  expect(await session.close()).toEqual([]);
});

/** Creates a container with this intelRdt; its id and pid. */
async function create(intelRdt: Record<string, unknown>, hook?: string): Promise<{ id: string; pid: number }> {
  const { bundle } = await session.container((c) => {
    c.process.args = ["sleep", "1000"];
    c.linux.intelRdt = intelRdt;
    if (hook !== undefined) c.hooks = { createRuntime: [{ path: hook }] };
  });
  const id = session.unique();
  const { pid, process } = await createContainer(context, { id, bundle });
  process.close();
  ids.push(id);
  return { id, pid };
}

const remove = (id: string): Promise<void> => deleteContainer(context, id, { force: true });
/** What a create that fails says; nothing of it may be left. */
async function refusal(intelRdt: Record<string, unknown>, hook?: string): Promise<string> {
  const said = await create(intelRdt, hook).catch((error) => error.oneLine);
  expect(typeof said).toBe("string");
  return said as string;
}

group("without closID", () => {
  test("the class is the container's own: made, limited, joined, removed", async () => {
    const { id, pid } = await create({ l3CacheSchema: "L3:0=7f0;1=1f", memBwSchema: "MB:0=20", schemata: ["MB:1=70"] });
    expect(fake.pids(id)).toEqual([`${pid}`]);
    expect(fake.schemata(id)).toBe("    L3:0=7f0;1=1f\n    MB:0=20;1=70\n");
    await remove(id);
    expect(fake.has(id)).toBe(false);
    expect(fake.pids("")).toEqual([`${pid}`]);
  });

  test("and without schemata none are written", async () => {
    const { id, pid } = await create({});
    expect([fake.pids(id), fake.schemata(id)]).toEqual([[`${pid}`], fake.schemata("")]);
  });

  test("later schemata count", async () => {
    const { id } = await create({ l3CacheSchema: "L3:0=f", schemata: ["L3:0=ff"] });
    expect(fake.schemata(id)).toContain("L3:0=ff;");
  });

  test("a group of that name is somebody's", async () => {
    const { bundle } = await session.container((c) => {
      c.linux.intelRdt = { memBwSchema: "MB:0=20" };
    });
    const id = session.unique();
    fake.add(id);
    await expect(createContainer(context, { id, bundle })).rejects.toThrow(
      expect.objectContaining({ code: "E_RESCTRL", message: expect.stringContaining("it is there already") }),
    );
    expect(fake.schemata(id)).toBe(fake.schemata(""));
    expect(fake.has(id)).toBe(true);
  });
});

group("with closID", () => {
  test("a missing class is made when there are schemata, and stays", async () => {
    const { id, pid } = await create({ closID: "gold", schemata: ["L3:0=f"] });
    expect([fake.pids("gold"), fake.has(id)]).toEqual([[`${pid}`], false]);
    await remove(id);
    expect(fake.has("gold")).toBe(true);
  });

  test("an existing class must have the same schemata, however they are spelled", async () => {
    fake.add("gold", "    L3:0=00f;1=7ff\n    MB:0= 20;1=100\n");
    for (const same of [
      { l3CacheSchema: "L3:0=f" },
      { l3CacheSchema: "L3:1=7FF;0=0f", memBwSchema: "MB:0=20" },
      { schemata: ["L3:0=1", "L3:0=f"] },
    ]) {
      const { pid } = await create({ closID: "gold", ...same });
      expect(fake.pids("gold")).toContain(`${pid}`);
    }
    for (const [other, line] of [
      [{ l3CacheSchema: "L3:0=f", memBwSchema: "MB:0=30" }, "MB:0=30"],
      [{ l3CacheSchema: "L3:2=f" }, "L3:2=f"],
      [{ schemata: ["L2:0=f"] }, "L2:0=f"],
      [{ l3CacheSchema: "nonsense" }, "nonsense"],
    ] as const) {
      expect(await refusal({ closID: "gold", ...other })).toBe(
        `resctrl group ${fake.root}/gold: it is there already, with other schemata than ${line} (config.json /linux/intelRdt)`,
      );
    }
    expect(fake.schemata("gold")).toBe("    L3:0=00f;1=7ff\n    MB:0= 20;1=100\n");
  });

  test("without schemata it must exist", async () => {
    expect(await refusal({ closID: "absent" })).toContain("(config.json /linux/intelRdt/closID)");
    expect(fake.has("absent")).toBe(false);
    fake.add("there");
    const { pid } = await create({ closID: "there" });
    expect(fake.pids("there")).toEqual([`${pid}`]);
  });

  test("/ is the default class", async () => {
    const { id, pid } = await create({ closID: "/" });
    expect([fake.pids(""), fake.has(id)]).toEqual([[`${pid}`], false]);
    await create({ closID: "/", l3CacheSchema: "L3:0=7ff" });
    expect(await refusal({ closID: "/", l3CacheSchema: "L3:0=1" })).toContain("with other schemata than L3:0=1");
    await remove(id);
    expect(fake.has("")).toBe(true);
  });

  test("a class that this create made goes with its failure, unless somebody is in it", async () => {
    await refusal({ closID: "silver", schemata: ["L3:0=f"] }, "/bin/false");
    expect(fake.has("silver")).toBe(false);
    await create({ closID: "silver", schemata: ["L3:0=f"] });
    await refusal({ closID: "silver", schemata: ["L3:0=f"] }, "/bin/false");
    expect(fake.has("silver")).toBe(true);
  });
});

group("monitoring", () => {
  test("has a group of the container's in its class, joined after the class, and removed", async () => {
    fake.add("gold");
    for (const closID of ["", "gold", "/"]) {
      const { id, pid } = await create({ closID, enableMonitoring: true });
      const above = closID === "/" ? "" : closID || id;
      const own = join(above, "mon_groups", id);
      expect([fake.pids(own), fake.pids(above).includes(`${pid}`)]).toEqual([[`${pid}`], true]);
      await remove(id);
      expect(fake.has(own)).toBe(false);
      expect(fake.has("gold")).toBe(true);
    }
  });

  test("that can't be made is an error", async () => {
    fake.add("gold");
    const blocked = fake.port(real);
    setPort({
      ...blocked,
      mkdir: (path, mode) =>
        path.includes("mon_groups") ? blocked.mkdir("/proc/absent", mode) : blocked.mkdir(path, mode),
    });
    expect(await refusal({ closID: "gold", enableMonitoring: true })).toContain(
      "(config.json /linux/intelRdt/enableMonitoring)",
    );
    expect(await refusal({ enableMonitoring: true })).toContain("make resctrl group");
    setPort(blocked);
    expect(fake.classes).toBe(3);
    await create({ enableMonitoring: true });
    await create({ enableMonitoring: true });
  });
});

test("the kernel's own words are told", async () => {
  expect(await refusal({ schemata: ["XY:0=1"] })).toMatch(
    /^write XY:0=1 to \/.*\/schemata: invalid argument: Unknown or unsupported resource name 'XY' \(config\.json \/linux\/intelRdt\)$/,
  );
  fake.classes = 0;
  expect(await refusal({})).toContain("no space left on device: Out of CLOSIDs");
});

test("exec'ed programs join too", async () => {
  const { id } = await create({ schemata: ["L3:0=f"], enableMonitoring: true });
  const process = await execInContainer(context, { id, args: ["sleep", "100"] });
  expect(fake.pids(id)).toContain(`${process.pid}`);
  expect(fake.pids(`${id}/mon_groups/${id}`)).toContain(`${process.pid}`);
  process.signal(9);
  await process.wait();
  process.close();
});

group("update", () => {
  test("changes the schemata of the container's class", async () => {
    const { id } = await create({ schemata: ["L3:0=f"] });
    await updateContainer(context, id, {}, { l3CacheSchema: "L3:0=3;1=3", memBwSchema: "MB:1=40" });
    expect(fake.schemata(id)).toBe("    L3:0=3;1=3\n    MB:0=100;1=40\n");
    await updateContainer(context, id, {}, { l3CacheSchema: "" });
    await expect(updateContainer(context, id, {}, { memBwSchema: "20" })).rejects.toThrow("must start with MB:");
    await expect(updateContainer(context, id, {}, { l3CacheSchema: "XY:0=1" })).rejects.toThrow(
      "Unknown or unsupported",
    );
    expect(fake.schemata(id)).toBe("    L3:0=3;1=3\n    MB:0=100;1=40\n");
  });

  test("has nothing to change where the config has no intelRdt", async () => {
    const { bundle } = await session.container((c) => {
      c.process.args = ["sleep", "1000"];
    });
    const id = session.unique();
    ids.push(id);
    (await createContainer(context, { id, bundle })).process.close();
    await expect(updateContainer(context, id, {}, { memBwSchema: "MB:0=20" })).rejects.toThrow(
      expect.objectContaining({
        code: "E_STATE_WRONG",
        message: `container ${id} has no resctrl group: its config has no intelRdt`,
      }),
    );
  });
});

test("a host without resctrl is told", async () => {
  setPort(real);
  const mounted = readFileSync("/proc/self/mountinfo", "utf8").includes(" - resctrl ");
  if (mounted) return;
  expect(await refusal({ closID: "/" })).toBe(
    "linux.intelRdt: no resctrl is mounted on this host (config.json /linux/intelRdt)",
  );
});
