import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import { Session } from "../../bundles/session.ts";
import { TSRUN } from "../support/paths.ts";
import { isTsrun, KIND, when } from "../support/runtime.ts";
import { CASES, type Case } from "./cases.ts";
import { differences, type Fact, facts } from "./facts.ts";
import { MEANT, type Meant } from "./meant.ts";

const PEERS = { runc: ["/usr/sbin/runc", "/usr/bin/runc"], crun: ["/usr/bin/crun", "/usr/sbin/crun"] } as const;
type Peer = keyof typeof PEERS;

const sessions = new Map<string, Session>();
const used = new Set<Meant>();
const available = (peer: Peer): string | undefined => PEERS[peer].find((path) => existsSync(path));
const usable = (peer: Peer): boolean => isTsrun && available(peer) !== undefined;

beforeAll(async () => {
  if (!isTsrun) return;
  sessions.set("tsrun", await Session.open(TSRUN));
  for (const peer of ["runc", "crun"] as const) {
    const path = available(peer);
    if (path !== undefined) sessions.set(peer, await Session.open(path));
  }
});

afterAll(async () => {
  const left: string[] = [];
  for (const session of sessions.values()) left.push(...(await session.close()));
  expect(left).toEqual([]);
});

const seen = new Map<string, Promise<Fact[]>>();

/** What a case's program sees under a runtime; looked at once. */
function look(kind: string, one: Case): Promise<Fact[]> {
  const key = `${kind} ${one.name}`;
  const known = seen.get(key) ?? view(kind, one);
  seen.set(key, known);
  return known;
}

async function view(kind: string, one: Case): Promise<Fact[]> {
  const session = sessions.get(kind);
  if (session === undefined) throw new Error(`no session of ${kind}`);
  const container = await one.make(session);
  const { stdout } = succeeded(await container.run());
  const generic = new RegExp(`${session.name}-\\d+-[0-9a-f]{4}`, "g");
  return facts(stdout.replace(generic, "CONTAINER"), [
    [session.dir, "/SESSION"],
    [session.name, "SESSION"],
  ]);
}

for (const peer of ["runc", "crun"] as const) {
  for (const one of CASES) {
    const reason = isTsrun ? `${peer} is not installed` : `${KIND} is the runtime under test`;
    when(usable(peer), reason)(`${one.name}: tsrun's container and ${peer}'s look alike`, async () => {
      const found = differences(await look("tsrun", one), await look(peer, one));
      const unmeant = found.filter((difference) => {
        const entries = MEANT.filter((meant) => meant.peer === peer && meant.what.test(difference));
        for (const entry of entries) used.add(entry);
        return entries.length === 0;
      });
      expect(unmeant).toEqual([]);
    });
  }
}

for (const peer of ["runc", "crun"] as const) {
  const reason = isTsrun ? `${peer} is not installed` : `${KIND} is the runtime under test`;
  when(usable(peer), reason)(`every meant difference from ${peer} was seen`, async () => {
    const unused = MEANT.filter((meant) => meant.peer === peer && !used.has(meant));
    expect(unused.map((meant) => `${meant.what}: ${meant.reason}`)).toEqual([]);
  });
}

test("every meant difference has a reason and a section of the specification", () => {
  for (const meant of MEANT) {
    expect(meant.reason.length).toBeGreaterThan(10);
    expect(meant.spec).toMatch(/^(config|config-linux|runtime|runtime-linux)\.md#[a-z-]+$/);
  }
});
