import { Command, Option } from 'commander';
import { InputError } from '../core/errors.js';

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

async function tasks(name: string | undefined, flags: TasksFlags): Promise<void> {
  const { describeTasks } = await import('../sweep/task-list.js');
  const { nearest } = await import('../sweep/nearest-name.js');
  const screen = await import('./tasks-screen.js');
  const all = describeTasks(flags.dataDir);
  const found = name === undefined ? all : all.filter((task) => task.name === name);
  if (found.length === 0) {
    const names = all.map((task) => task.name);
    throw new InputError({
      what: `there is no task '${name}'${nearest(name ?? '', names)}`,
      expected: `one of ${names.join(', ')}`,
    });
  }
  const shown = flags.json ? JSON.stringify(name === undefined ? found : found[0], null, 2) : null;
  const text = shown ?? (name === undefined ? screen.taskTable(found) : screen.taskCard(found[0]));
  process.stdout.write(`${text}\n`);
}
