/** What a command is given, and how flags are described: below the command line and the verbs, so that both may use it. */
import type { Context } from "../container/options.ts";

/** One flag, as data: the parser, the help and the refusals are made from it. */
export interface Flag {
  readonly name: string;
  /** One letter, or another long name. */
  readonly alias?: string;
  /** `switch` takes no value (but `=true` and `=false`), `list` may be repeated, `integer` is 0 or more. */
  readonly kind: "switch" | "text" | "list" | "integer";
  /** What the value is called in the help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly summary: string;
  /** Works, but is not shown in the help. */
  readonly hidden?: boolean;
  /** Known because callers of other runtimes say it, but refused. */
  readonly unsupported?: boolean;
}

/** The flags of one command line, already checked against their table. */
export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** `values` maps each given flag's long name to its values in their order; a switch has `true` or `false`. */
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** The last value given, or undefined. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** Every value given, in order. */
  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Whether a switch is on; one that was not given is off. */
  on(name: string): boolean {
    return this.text(name) === "true";
  }

  integer(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }
}

/** One call of one verb. */
export interface Invocation {
  readonly context: Context;
  readonly flags: Flags;
  /** The arguments that are not flags, as many as the table allows. */
  readonly args: readonly string[];
}

/** A verb: does its work and returns the exit code; every error is thrown. */
export type Verb = (call: Invocation) => Promise<number>;
