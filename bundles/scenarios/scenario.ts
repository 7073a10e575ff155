import type { Session } from "../session.ts";

/** What a scenario is given: a session that removes all it makes, and a place for the facts it finds. */
export interface Stage {
  readonly session: Session;
  /** Prints one line of what is seen. */
  say(line: string): void;
  /** Prints a fact and fails the scenario when it is not true. */
  check(fact: string, holds: boolean): void;
}

/** One of the things that people learn containers with. */
export interface Scenario {
  readonly about: string;
  readonly run: (stage: Stage) => Promise<void>;
}
