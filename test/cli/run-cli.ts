import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../dist/cli/main.js');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Given to standard input, piece by piece. */
  input?: Iterable<string | Uint8Array>;
  /** Told what comes on standard output, and may kill the process. */
  onOutput?: (text: string, child: ChildProcess) => void;
}

/** Runs the built command line in a process of its own, without a terminal. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd, env = {}, input, onOutput } = options;
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, ...env } });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
    onOutput?.(text, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
  // a process that has seen enough closes its end
  child.stdin.on('error', () => {});
  void feed(child, input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...outcome, code }));
  });
}

async function feed(child: ChildProcess, input: RunOptions['input'] = []): Promise<void> {
  for (const piece of input) {
    if (child.exitCode !== null || child.stdin!.destroyed) return;
    if (!child.stdin!.write(piece))
      await new Promise((resolve) => child.stdin!.once('drain', resolve).once('close', resolve));
  }
  child.stdin!.end();
}
