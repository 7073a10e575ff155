/** "Did you mean": the nearest of the words that would have been right. */

/** Edits (insert, delete, replace) between two words, without regard to case. */
function distance(left: string, right: string): number {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Length of what two words share up to an underscore: RLIMIT_ says nothing about how near RLIMIT_FOO is. */
function sharedPrefix(a: string, b: string): number {
  let end = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === "_") end = i + 1;
  return end;
}

/** ` (did you mean "WORD"?)` for the candidate within a third of its length, or "" when none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (word.length > 64) return "";
  let best = "";
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const from = sharedPrefix(word, candidate);
    const edits = distance(word.slice(from), candidate.slice(from));
    const most = Math.max(1, Math.floor((candidate.length - from) / 3));
    if (edits < least && edits <= most) [best, least] = [candidate, edits];
  }
  return best === "" ? "" : ` (did you mean "${best}"?)`;
}
