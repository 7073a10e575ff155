import { test } from "@jest/globals";
import { runtimeKind } from "../../bundles/runtimes.ts";
import { TSRUN } from "./paths.ts";

/** `tsrun`, `runc` or `crun`: the runtime under test. */
export const KIND = runtimeKind(TSRUN);
export const isTsrun = KIND === "tsrun";
export const isRunc = KIND === "runc";
export const isCrun = KIND === "crun";

/**
 * A test that is left out, with the reason in its name, unless `condition` holds:
 * `when(haveHugetlb, "no hugetlb hierarchy")("limits huge pages", ...)`.
 */
export function when(
  condition: boolean,
  reason: string,
): (name: string, body: () => Promise<void>, milliseconds?: number) => void {
  return (name, body, milliseconds) =>
    condition ? test(name, body, milliseconds) : test.skip(`${name} [skipped: ${reason}]`, body);
}

/** A test that the peers are not held to: `reason` says in what they are meant to differ. */
export function unlessPeer(peers: readonly string[], reason: string): ReturnType<typeof when> {
  return when(!peers.includes(KIND), `${KIND}: ${reason}`);
}
