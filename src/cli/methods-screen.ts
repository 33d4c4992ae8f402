import Table from 'cli-table3';
import { printable } from '../run/printable.js';
import type { DescribedMethod } from '../sweep/method-list.js';

/** All methods as a table. */
export function methodTable(methods: readonly DescribedMethod[]): string {
  const view = new Table({
    head: ['method', 'what', 'published in'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, 54, 54],
    wordWrap: true,
  });
  for (const { name, summary, reference } of methods) view.push([name, summary, reference].map(printable));
  return [view.toString(), "'biseq sweep methods NAME' tells a method's settings and their defaults."].join(
    '\n',
  );
}

/** All that is known of a method; its settings as they stand in a config, a line each. */
export function methodCard({ name, summary, reference, defaults }: DescribedMethod): string {
  const settings = flat(defaults).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  return [
    name,
    `  what          ${summary}`,
    `  published in  ${reference}`,
    settings.length === 0 ? '  settings      none' : '  settings and their defaults',
    ...settings,
  ]
    .map(printable)
    .join('\n');
}

/** `{a: {b: 1}}` as `a.b: 1`. */
function flat(settings: object, prefix = ''): [string, unknown][] {
  return Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flat(value as object, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value]],
  );
}
