#!/usr/bin/env node
import { exitCodeOf, report } from './failure.js';
import { createProgram } from './program.js';

// Whoever reads what is printed may stop before its end (`biseq ... | head`); the files are written all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.on('uncaughtException', (error) => {
  report(error);
  process.exit(exitCodeOf(error));
});

try {
  const program = createProgram();
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  report(error);
  process.exitCode = exitCodeOf(error);
}
