/** Help pages as data. Laying them out is the host's, so that no engine has to carry yargs on its hot path. */

export interface HelpOption {
  readonly name: string;
  readonly alias?: string | undefined;
  readonly text: string;
  readonly choices?: readonly string[] | undefined;
  readonly default?: string | undefined;
}

export interface HelpPage {
  /** The lines before the lists. */
  readonly usage: string;
  /** Subcommands with what they do. */
  readonly commands: readonly (readonly [usage: string, summary: string])[];
  readonly options: readonly HelpOption[];
}

/** The text of a page, in at most 100 columns, ending with a newline. */
export type HelpRenderer = (page: HelpPage) => Promise<string>;

let current: HelpRenderer | undefined;

/** Called once by a host that can lay out pages. */
export function setHelpRenderer(renderer: HelpRenderer): void {
  current = renderer;
}

/** The host's renderer, or undefined where there is none. */
export function helpRenderer(): HelpRenderer | undefined {
  return current;
}
