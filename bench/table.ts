/** Figures of interleaved rounds as one table: medians, minima, and the median of each round's ratio. */
import type { Cost } from "./child.ts";

export interface Series {
  readonly name: string;
  /** One entry per round, in the order of the rounds. */
  readonly costs: readonly Cost[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

const milliseconds = (microseconds: number) => (microseconds / 1000).toFixed(2);

/** Markdown rows; ratios are against the series of that name, round by round. */
export function rows(series: readonly Series[], against: string): string[] {
  const base = series.find(({ name }) => name === against)?.costs ?? [];
  return series.map(({ name, costs }) => {
    const walls = costs.map(({ wall }) => wall);
    const ratio = median(walls.map((wall, round) => wall / (base[round]?.wall ?? Number.NaN)));
    const cpu = median(costs.map((cost) => cost.cpu));
    const cells = [name, milliseconds(median(walls)), milliseconds(Math.min(...walls)), ratio.toFixed(2)];
    return `| ${[...cells, milliseconds(cpu)].join(" | ")} |`;
  });
}

export const HEAD = (against: string) =>
  `| | median ms | minimum ms | ratio to ${against} | CPU ms |\n|---|---|---|---|---|`;
