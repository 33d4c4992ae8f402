import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CellJob, JobReport } from '../../src/sweep/job.js';
import { createProcessExecutor } from '../../src/sweep/process-executor.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { recordOf } from './records.js';

const folder = temporaryFolder();

/** A worker program that does what the job's settings say. */
const worker = path.join(folder, 'worker.mjs');
writeFileSync(
  worker,
  `import { appendFileSync } from 'node:fs';
   process.on('disconnect', () => process.exit(1));
   process.on('message', async ({ job }) => {
     const { log, milliseconds = 0, end } = job.cell.settings;
     appendFileSync(log, '+' + job.key + '\\n');
     await new Promise((resolve) => setTimeout(resolve, milliseconds));
     appendFileSync(log, '-' + job.key + '\\n');
     if (end === 'exit') { console.error('first\\nlast words'); process.exit(3); }
     if (end === 'kill') process.kill(process.pid, 'SIGKILL');
     if (end === 'mute') { process.disconnect(); return; }
     const record = ${JSON.stringify(recordOf(0))};
     const message = end === 'other-code' ? { kind: 'other-code', code: 'new' }
       : { kind: 'report', outcome: record.outcome, circumstances: record.circumstances };
     process.send(message, () => process.exit(0));
   });`,
);

interface Behaviour {
  memory?: number;
  milliseconds?: number;
  end?: string;
}

/** Jobs with one log: what began and ended, in order. */
function makeJobs(behaviours: readonly Behaviour[]) {
  const log = path.join(folder, `log-${randomUUID()}`);
  const jobs = behaviours.map(({ memory = 1, milliseconds = 0, end = 'well' }, i): CellJob => {
    const cell = { ...recordOf(i).cell, settings: { log, milliseconds, end } };
    return {
      cell,
      key: String(i),
      code: 'old',
      expected: {},
      source: { task: 'x' },
      data: {},
      memoryBytes: memory,
    };
  });
  const events = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  return { jobs, events };
}

async function execute(
  jobs: readonly CellJob[],
  options: { processes?: number; memoryBytes?: number; worker?: string },
  { signal, done }: { signal?: AbortSignal; done?: (report: JobReport) => Promise<void> } = {},
): Promise<JobReport[]> {
  const reports: JobReport[] = [];
  const queue = [...jobs];
  await createProcessExecutor({ worker, ...options }).execute(
    async () => queue.shift() ?? null,
    async (report) => {
      reports.push(report);
      await done?.(report);
    },
    signal,
  );
  return reports;
}

/** Largest number of jobs, and of their memory, at one time. */
function peaks(events: readonly string[], jobs: readonly CellJob[]) {
  let [count, memory, mostJobs, mostMemory] = [0, 0, 0, 0];
  for (const event of events) {
    const sign = event.startsWith('+') ? 1 : -1;
    count += sign;
    memory += sign * (jobs.find(({ key }) => key === event.slice(1))?.memoryBytes ?? NaN);
    [mostJobs, mostMemory] = [Math.max(mostJobs, count), Math.max(mostMemory, memory)];
  }
  return { mostJobs, mostMemory };
}

const reasonOf = ({ outcome }: JobReport) => (outcome.status === 'failed' ? outcome.reason : null);

describe('the process executor', () => {
  it('computes every job, as many at once as there are processes', async () => {
    const { jobs, events } = makeJobs(Array.from({ length: 6 }, () => ({ milliseconds: 150 })));
    const reports = await execute(jobs, { processes: 3, memoryBytes: 100 });
    expect(reports.map(({ job }) => job.key).sort()).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(reports.every(({ outcome }) => outcome.status === 'done')).toBe(true);
    const { mostJobs } = peaks(events(), jobs);
    expect(mostJobs).toBeGreaterThan(1);
    expect(mostJobs).toBeLessThanOrEqual(3);
  });

  it('never takes more memory than there is, and fails what does not fit alone', async () => {
    const sizes = [4, 5, 7, 11, 2, 10, 1, 6];
    const { jobs, events } = makeJobs(sizes.map((memory) => ({ memory, milliseconds: 60 })));
    const reports = await execute(jobs, { processes: 8, memoryBytes: 10 });
    expect(reports).toHaveLength(sizes.length);
    const failed = reports.filter(({ outcome }) => outcome.status === 'failed');
    expect(failed.map(({ job }) => job.key)).toEqual(['3']);
    expect(reasonOf(failed[0])).toContain('of memory, and the sweep may use');
    expect(events()).not.toContain('+3');
    expect(peaks(events(), jobs).mostMemory).toBeLessThanOrEqual(10);
  });

  it('reports a worker that dies, with how and its last words, and goes on', async () => {
    const { jobs } = makeJobs([{ end: 'exit' }, { end: 'kill' }, { end: 'mute' }, {}]);
    const reports = await execute(jobs, { processes: 1, memoryBytes: 10 });
    expect(reports.map(reasonOf)).toEqual([
      'the process ended with code 3: first last words',
      'the process was ended by SIGKILL (perhaps out of memory)',
      expect.stringMatching(/^the process ended with code \d/) as string,
      null,
    ]);
  });

  it('reports a worker that cannot start', async () => {
    const { jobs } = makeJobs([{}]);
    const [report] = await execute(jobs, { worker: path.join(folder, 'none.mjs'), memoryBytes: 10 });
    expect(reasonOf(report)).toMatch(/^the process ended with code 1: .*/);
  });

  it('stops where the program is not the one that the sweep was planned with', async () => {
    const { jobs, events } = makeJobs([{}, { end: 'other-code' }, {}, {}]);
    await expect(execute(jobs, { processes: 1, memoryBytes: 10 })).rejects.toThrow(
      'biseq was changed while the sweep ran; expected version old, got new',
    );
    expect(events()).toEqual(['+0', '-0', '+1', '-1']);
  });

  it('stops where a report cannot be recorded', async () => {
    const { jobs, events } = makeJobs([{}, { milliseconds: 60_000 }, {}]);
    const done = () => Promise.reject(new Error('disk full'));
    await expect(execute(jobs, { processes: 2, memoryBytes: 10 }, { done })).rejects.toThrow('disk full');
    expect(events()).not.toContain('+2');
  });

  it('ends its workers when the signal fires, and reports none of them', async () => {
    const { jobs, events } = makeJobs([{}, { milliseconds: 60_000 }, { milliseconds: 60_000 }, {}]);
    const controller = new AbortController();
    const reports: string[] = [];
    const began = Date.now();
    const run = execute(
      jobs,
      { processes: 2, memoryBytes: 10 },
      {
        signal: controller.signal,
        done: async ({ job }) => void reports.push(job.key),
      },
    );
    const look = setInterval(() => {
      if (!events().includes('+2')) return;
      clearInterval(look);
      controller.abort();
    }, 10);
    await expect(run).rejects.toThrow('cancelled');
    expect(reports).toEqual(['0']);
    expect(Date.now() - began).toBeLessThan(50_000);
    expect(events()).not.toContain('+3');
  });
});
