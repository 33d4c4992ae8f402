import { Command } from 'commander';
import { interruptible } from './interrupt.js';
import { addTableOptions, loadTableOf, type TableFlags } from './table-options.js';

/** `biseq check TABLE` */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Read a table, check every row, and print what was understood.')
    .argument('<table>', 'as for design');
  return addTableOptions(command)
    .addHelpText('after', '\nExample:\n  biseq check example:gb1')
    .action((table: string, flags: TableFlags) => interruptible((signal) => check(table, flags, signal)));
}

async function check(source: string, flags: TableFlags, signal: AbortSignal): Promise<void> {
  const screen = await import('./screen.js');
  const table = await loadTableOf(source, flags, signal);
  process.stdout.write(`${screen.describeTable(table)}\n`);
}
