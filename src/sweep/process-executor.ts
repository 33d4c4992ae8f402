import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import { InputError, throwIfAborted } from '../core/errors.js';
import { DIST } from './code-version.js';
import { describeCircumstances } from './circumstances.js';
import type { CellJob, Executor, JobReport } from './job.js';
import type { WorkerReply, WorkerTask } from './worker-messages.js';

/** Options of {@link createProcessExecutor}. */
export interface ProcessExecutorOptions {
  /** Cells computed at once. Default: the cores of the machine. */
  processes?: number;
  /** Memory that they may take together, in bytes. Default: four fifths of what is free now. */
  memoryBytes?: number;
  /** The program of a worker process. Default: the compiled `sweep/worker.js`. */
  worker?: string;
}

/** Memory that is free now, in bytes, of the machine or of what this process may use. */
function availableMemory(): number {
  const free = (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();
  return free > 0 ? free : freemem();
}

/**
 * Computes each job in a child process of its own, as many at once as there are processes, and never more than fit into
 * the memory together by their estimates. A job that does not fit even alone fails without being tried.
 */
export function createProcessExecutor(options: ProcessExecutorOptions = {}): Executor {
  const { processes = availableParallelism(), worker = path.join(DIST, 'sweep/worker.js') } = options;
  const memoryBytes = options.memoryBytes ?? Math.floor(0.8 * availableMemory());
  return {
    execute: (next, done, signal) =>
      new ProcessRun({ processes, memoryBytes, worker }, done, signal).execute(next),
  };
}

/** One `execute`. */
class ProcessRun {
  private readonly running = new Map<Promise<void>, { child: ChildProcess; memoryBytes: number }>();
  /** Reports are handed over one at a time. */
  private handing: Promise<void> = Promise.resolve();
  private fault: unknown = null;

  constructor(
    private readonly options: Required<ProcessExecutorOptions>,
    private readonly done: (report: JobReport) => Promise<void>,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async execute(next: () => Promise<CellJob | null>): Promise<void> {
    const stop = () => this.killAll();
    this.signal?.addEventListener('abort', stop);
    try {
      for (let job = await this.ask(next); job !== null; job = await this.ask(next)) {
        if (job.memoryBytes > this.options.memoryBytes) {
          await this.hand(doesNotFit(job, this.options.memoryBytes));
          continue;
        }
        while (this.isFullFor(job)) await Promise.race(this.running.keys());
        this.throwIfOver();
        this.start(job);
      }
    } catch (error) {
      this.fault ??= error;
    } finally {
      if (this.fault !== null) this.killAll();
      await Promise.all(this.running.keys());
      await this.handing;
      this.signal?.removeEventListener('abort', stop);
    }
    this.throwIfOver();
  }

  private async ask(next: () => Promise<CellJob | null>): Promise<CellJob | null> {
    this.throwIfOver();
    return next();
  }

  private throwIfOver(): void {
    throwIfAborted(this.signal);
    if (this.fault !== null) throw this.fault;
  }

  private isFullFor(job: CellJob): boolean {
    if (this.fault !== null || this.signal?.aborted) return false;
    const used = [...this.running.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    return this.running.size >= this.options.processes || used + job.memoryBytes > this.options.memoryBytes;
  }

  private start(job: CellJob): void {
    // its own process group: Ctrl-C reaches the sweep alone, which then ends its workers
    const child = fork(this.options.worker, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: process.platform !== 'win32',
    });
    const finished = waitFor(child, job)
      .then((report) => (report === null || this.signal?.aborted ? undefined : this.hand(report)))
      .catch((error: unknown) => {
        this.fault ??= error;
        this.killAll();
      })
      .finally(() => this.running.delete(finished));
    this.running.set(finished, { child, memoryBytes: job.memoryBytes });
  }

  private hand(report: JobReport): Promise<void> {
    this.handing = this.handing.then(() => (this.fault === null ? this.done(report) : undefined));
    return this.handing;
  }

  private killAll(): void {
    for (const { child } of this.running.values()) child.kill('SIGKILL');
  }
}

/** Characters of a worker's error output that are kept. */
const KEPT = 2000;

/** Sends a worker its job and waits for its end. */
function waitFor(child: ChildProcess, job: CellJob): Promise<JobReport> {
  const began = performance.now();
  let reply: WorkerReply | null = null;
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-KEPT)));
  child.on('message', (message) => (reply = message as WorkerReply));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const received = reply as WorkerReply | null;
      if (received?.kind === 'other-code') reject(otherCode(job, received.code));
      else if (received?.kind === 'report') resolve({ job, ...received });
      else resolve(died(job, { code, signal, errors, seconds: (performance.now() - began) / 1000 }));
    });
    child.send({ job } satisfies WorkerTask, (error) => {
      // a worker that died at once is reported by `close`
      if (error && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    });
  });
}

function otherCode(job: CellJob, code: string): InputError {
  return new InputError({
    what: 'biseq was changed while the sweep ran',
    expected: `version ${job.code}`,
    got: code,
    fix: 'Run again: what was computed before counts for the version it was computed with.',
  });
}

interface Death {
  code: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
  seconds: number;
}

function died(job: CellJob, { code, signal, errors, seconds }: Death): JobReport {
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  const why = signal === 'SIGKILL' ? ' (perhaps out of memory)' : '';
  const said = errors.trim() === '' ? '' : `: ${lastLines(errors)}`;
  return failed(job, `the process ${how}${why}${said}`, seconds);
}

function lastLines(text: string): string {
  return text.trim().split(/\r?\n/).slice(-3).join(' ');
}

function doesNotFit(job: CellJob, memoryBytes: number): JobReport {
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
  const reason = `it needs about ${mib(job.memoryBytes)} of memory, and the sweep may use ${mib(memoryBytes)}`;
  return failed(job, reason, 0);
}

function failed(job: CellJob, reason: string, seconds: number): JobReport {
  const circumstances = { ...describeCircumstances({ total: seconds }, null), peakMemoryBytes: null };
  return { job, outcome: { status: 'failed', reason }, circumstances };
}
