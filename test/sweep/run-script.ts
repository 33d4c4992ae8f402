import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../dist');

/** Address of a compiled module, for scripts that run in processes of their own. */
export function compiled(module: string): string {
  return pathToFileURL(path.join(dist, module)).href;
}

/** A script in a process of its own. */
export interface RunningScript {
  child: ChildProcess;
  /** Settles when it has printed something, or has ended. */
  started: Promise<void>;
  /** Exit code, or null where a signal ended it, and what it printed. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts an ES module in a process of its own. */
export function startScript(folder: string, source: string): RunningScript {
  const file = path.join(folder, `script-${randomUUID()}.mjs`);
  writeFileSync(file, source);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  const started = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
    child.once('close', () => resolve());
  });
  return { child, started, ended };
}
