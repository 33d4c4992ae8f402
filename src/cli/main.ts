#!/usr/bin/env node
import { createProgram } from './program.js';
import { exitCodeOf, report } from './failure.js';

try {
  const program = createProgram();
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  report(error);
  process.exitCode = exitCodeOf(error);
}
