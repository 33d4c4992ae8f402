import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { checkCommand } from './check.js';
import { designCommand } from './design.js';
import { editCommand } from './edit.js';
import { embedCommand } from './embed.js';
import { lmCommand } from './lm.js';
import { modelsCommand } from './models.js';
import { scoreCommand } from './score.js';
import { sweepCommand } from './sweep.js';
import { tasksCommand } from './tasks.js';
import { verifyCommand } from './verify.js';

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The command line. Commands import what they need when they run, so that help is quick. */
export function createProgram(): Command {
  const program = new Command('biseq')
    .description(
      'Offline design of biological sequences: a table of measured variants in, the next plate out.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'biseq: ')),
    })
    .addHelpText('after', '\nFirst steps:\n  biseq design example:gb1 --out plate');
  for (const command of [designCommand(), verifyCommand(), checkCommand(), embedCommand(), scoreCommand()]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  program.addCommand(editCommand().copyInheritedSettings(program));
  program.addCommand(modelsCommand(program));
  program.addCommand(lmCommand(program));
  program.addCommand(tasksCommand().copyInheritedSettings(program));
  program.addCommand(sweepCommand(program));
  return program;
}
