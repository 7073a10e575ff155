import { describe, expect, test } from "@jest/globals";
import { parseIdmapOption } from "../../runtime/linux/idmap-option.ts";
import { idMapText, isMapped, outsideOf, parseIdMap } from "../../runtime/plan/id-maps.ts";

const map = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

describe("the option idmap", () => {
  const range = (containerID: number, hostID: number, size: number, relative = false) => ({
    ...map(containerID, hostID, size),
    relative,
  });

  test("ranges of both kinds", () => {
    expect(parseIdmapOption("uids=0-1-10#10-11-10;gids=@0-100-10")).toEqual({
      uids: [range(0, 1, 10), range(10, 11, 10)],
      gids: [range(0, 100, 10, true)],
    });
  });

  test.each([
    ["", 'has neither uids= nor gids= in ""'],
    ["uids=0-1-1", "needs both uids= and gids="],
    ["uids=0-1-1;uids=0-1-1", "has uids= twice"],
    ["uids=0-1;gids=0-1-1", 'has "0-1" where a range FROM-TO-SIZE is due'],
    ["uids=0-1-1x;gids=0-1-1", 'has "0-1-1x" where a range FROM-TO-SIZE is due'],
    ["uids=-1-1-1;gids=0-1-1", 'has "-1-1-1" where a range FROM-TO-SIZE is due'],
    ["uids=0-1-1#;gids=0-1-1", 'has "" where a range FROM-TO-SIZE is due'],
    ["uids=0-1-12345678901;gids=0-1-1", 'has "0-1-12345678901" where a range FROM-TO-SIZE is due'],
    ["uids=0-1-1;gids=0-1-1;acls=1", 'has neither uids= nor gids= in "acls=1"'],
    ["__proto__=0-1-1", 'has neither uids= nor gids= in "__proto__=0-1-1"'],
  ])("%j", (text, expected) => {
    expect(parseIdmapOption(text)).toBe(expected);
  });
});

describe("id maps", () => {
  const maps = [map(0, 1000, 1), map(1, 100_000, 10), map(50, 7, 5)];

  test("the kernel's text there and back", () => {
    expect(
      parseIdMap(
        "         0       1000          1\n         1     100000         10\n        50          7          5\n",
      ),
    ).toEqual(maps);
    expect(parseIdMap(idMapText(maps))).toEqual(maps);
    expect(parseIdMap("")).toEqual([]);
  });

  test("an id is mapped or not", () => {
    expect([0, 1, 10, 11, 49, 50, 54, 55, 4294967295].map((id) => isMapped(maps, id))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  test.each([
    [map(5, 0, 1), [map(5, 1000, 1)]],
    [map(5, 0, 3), [map(5, 1000, 1), map(6, 100_000, 2)]],
    [map(0, 1, 10), [map(0, 100_000, 10)]],
    [map(0, 1, 11), undefined],
    [map(0, 52, 3), [map(0, 9, 3)]],
    [map(0, 52, 4), undefined],
    [map(0, 20, 1), undefined],
    [map(0, 20, 0), []],
  ])("%j stands for %j outside", (range, expected) => {
    expect(outsideOf(maps, range)).toEqual(expected);
  });
});
