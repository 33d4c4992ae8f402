import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { max, mean, median } from 'd3-array';
import type { DesignRun } from '../../src/index.js';

const folder = path.dirname(fileURLToPath(import.meta.url));
export const shared = path.resolve(folder, '../../../shared/data');

/** Mean, median and best of some scores; null of none. */
export function summarise(scores: readonly number[]) {
  const of = (statistic: (values: readonly number[]) => number | undefined) => statistic(scores) ?? null;
  return { n: scores.length, mean: of(mean), median: of(median), max: of(max) };
}

/** A number for a table of a report. */
export const cell = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

/** Lines of a Markdown table. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What made the designs, in one line. */
export function provenance({ model, options }: DesignRun): string {
  const read = model === null ? 'No model' : `Model ${model.name}, sha256 ${model.sha256.slice(0, 16)}`;
  return `${read}; ${options.starts} starts, ${options.count} designs.`;
}

/** Writes `NAME.md` and `NAME.json` beside the scripts. */
export function writeReport(name: string, markdown: string, data: unknown): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.md`), markdown);
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`);
  console.log(markdown);
}
