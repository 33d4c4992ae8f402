import { Command } from 'commander';
import { interruptible } from './interrupt.js';
import { addTableOptions, loadTableOf, type TableFlags } from './table-options.js';

interface CheckFlags extends TableFlags {
  json?: boolean;
}

/** `biseq check TABLE` */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Read a table, check every row, and print what was understood.')
    .argument('<table>', 'as for design');
  command.option('--json', 'print one JSON object instead of text');
  return addTableOptions(command)
    .addHelpText('after', '\nExample:\n  biseq check example:gb1')
    .action((table: string, flags: CheckFlags) => interruptible((signal) => check(table, flags, signal)));
}

async function check(source: string, flags: CheckFlags, signal: AbortSignal): Promise<void> {
  const { describeTable } = await import('./screen.js');
  const { tableRecord } = await import('../run/record.js');
  const table = await loadTableOf(source, flags, signal);
  const text = flags.json ? JSON.stringify(tableRecord(table), null, 2) : describeTable(table);
  process.stdout.write(`${text}\n`);
}
