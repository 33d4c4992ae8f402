import Table from 'cli-table3';
import { printable } from '../run/printable.js';
import type { DescribedTask, TablePlace } from '../sweep/task-list.js';

/** Where a table is looked for, in words. */
function placeOf({ state, looked }: TablePlace): string {
  switch (state) {
    case 'formula':
      return 'none needed: a formula';
    case 'here':
      return looked[0];
    case 'download':
      return `downloaded when it is needed, into ${looked[0]}`;
    case 'get':
      return `not here; get it by hand, and name its folder by --data-dir`;
    case 'own-file':
      return 'a file of your own, named in the config of a sweep';
  }
}

const SHORT: Readonly<Record<TablePlace['state'], string>> = {
  formula: 'formula',
  here: 'here',
  download: 'download',
  get: 'by hand',
  'own-file': 'your own',
};

/** All tasks as a table. */
export function taskTable(tasks: readonly DescribedTask[]): string {
  const view = new Table({
    head: ['task', 'designs', 'licence', 'data', 'what'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, 24, null, 64],
    wordWrap: true,
  });
  for (const { name, count, licence, table, description } of tasks) {
    view.push([name, String(count), licence, SHORT[table.state], description].map(printable));
  }
  return [
    view.toString(),
    'Any size of Ehrlich function is a task: ehrlich-STATES-LENGTH-MOTIFS-MOTIFLENGTH. A task of your own is a JSON file.',
    "'biseq tasks NAME' tells the source and where the data is looked for.",
  ].join('\n');
}

/** All that is known of a task, a line each. */
export function taskCard({ name, description, count, mode, source, licence, table }: DescribedTask): string {
  const lines: [string, string][] = [
    ['what', description],
    ['asked', mode === 'choose' ? `${count} chosen among given sequences` : `${count} designs`],
    ['source', source],
    ['licence', licence],
    ['data', placeOf(table)],
    ...table.looked.map((place): [string, string] => ['looked in', place]),
    ...(table.page === null ? [] : [['page', table.page] as [string, string]]),
    ...(table.sha256 === null ? [] : [['sha256', `${table.sha256} (decompressed)`] as [string, string]]),
    ...(table.why === null ? [] : [['why', table.why] as [string, string]]),
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return [name, ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)]
    .map(printable)
    .join('\n');
}
