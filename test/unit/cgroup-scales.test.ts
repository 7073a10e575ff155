import { describe, expect, test } from "@jest/globals";
import { weightOfShares } from "../../runtime/cgroups/v2/cpu.ts";
import { ioWeight } from "../../runtime/cgroups/v2/io.ts";

describe("v1 shares as v2 weights", () => {
  test.each([
    [0, 1],
    [1, 1],
    [2, 1],
    [1024, 100],
    [262144, 10000],
    [18446744073709551615n, 10000],
  ])("the scales meet: %s -> %s", (shares, weight) => expect(weightOfShares(shares)).toBe(weight));

  test("more shares never weigh less, and ends of the range are reached", () => {
    let last = 0;
    for (let shares = 2; shares <= 262144; shares = Math.ceil(shares * 1.01)) {
      const weight = weightOfShares(shares);
      expect(weight).toBeGreaterThanOrEqual(last);
      expect(weight).toBeLessThanOrEqual(10000);
      last = weight;
    }
  });

  test("twice the shares is about twice the weight around the default", () => {
    expect(weightOfShares(2048) / weightOfShares(1024)).toBeGreaterThan(1.6);
    expect(weightOfShares(2048) / weightOfShares(1024)).toBeLessThan(2.4);
  });
});

test.each([
  [10, 1],
  [100, 910],
  [500, 4950],
  [1000, 10000],
])("blkio weight %s is io weight %s", (weight, expected) => expect(ioWeight(weight)).toBe(expected));
