import { Command, Option } from 'commander';
import { print } from './print.js';

interface TasksFlags {
  json?: boolean;
  dataDir?: string;
}

/** `biseq tasks [NAME]` */
export function tasksCommand(): Command {
  return new Command('tasks')
    .description('List the tasks with ground truth that methods are compared on, or tell all about one.')
    .argument('[name]', 'a task of the list (default: all)')
    .option('--data-dir <folder>', 'folder with the tables (default: they are downloaded into the cache)')
    .addOption(new Option('--json', 'print JSON instead of text'))
    .addHelpText('after', '\nExample:\n  biseq tasks gb1-384')
    .action(tasks);
}

async function tasks(name: string | undefined, { json, dataDir }: TasksFlags): Promise<void> {
  const { describeTasks } = await import('../sweep/task-list.js');
  const { findNamed } = await import('./find-named.js');
  const screen = await import('./tasks-screen.js');
  const all = describeTasks(dataDir);
  if (name === undefined) return print(json ? JSON.stringify(all, null, 2) : screen.taskTable(all));
  const found = findNamed('task', name, all);
  print(json ? JSON.stringify(found, null, 2) : screen.taskCard(found));
}
