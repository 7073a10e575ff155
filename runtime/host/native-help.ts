/** Help pages on the native host: the texts that node-help.ts makes of them, made when the program was built. */
import { type HelpPage, setHelpRenderer } from "./help.ts";

/** Makes help of `texts`: each page's usage, which no two pages share, with its text. */
export function useHelp(texts: ReadonlyMap<string, string>): void {
  setHelpRenderer(async ({ usage }: HelpPage) => {
    const text = texts.get(usage);
    if (text === undefined) throw new Error(`no help was made for ${JSON.stringify(usage)}`);
    return text;
  });
}
