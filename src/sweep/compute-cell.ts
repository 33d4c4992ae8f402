import { decode, encode, type Sequence } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import { createRandom } from '../core/random.js';
import { evaluateDesigns, loadTask, type Evaluation, type Task } from '../tasks/index.js';
import { describeCircumstances } from './circumstances.js';
import type { CellJob } from './job.js';
import { sweepMethod } from './methods.js';
import type { CellMetrics, CellResult, Circumstances } from './record.js';

/** A cell's result, and what it took. */
export interface ComputedCell {
  result: CellResult;
  circumstances: Circumstances;
}

/**
 * Computes a cell: draws the task's measured rows, lets the method design, and scores the designs by the ground truth.
 * The result is a function of the job's cell, of the code and of the data.
 * @throws whatever the task or the method throws: the cell has failed
 */
export async function computeCell(job: CellJob, signal?: AbortSignal): Promise<ComputedCell> {
  const { cell, source, data } = job;
  const began = performance.now();
  const { dataDir, offline } = data;
  const options = { seed: cell.seed, plate: cell.plate, file: source.file, dataDir, offline, signal };
  const task = await loadTask(source.task, options);
  requireSameData(task, job);
  const loaded = performance.now();
  const run = await sweepMethod(cell.method).run({
    task,
    settings: cell.settings,
    count: cell.count,
    random: createRandom(`${cell.seed}/${cell.plate}`).fork('method'),
    signal,
  });
  requireDesigns(task, run.designs, cell.count);
  const result = {
    designs: run.designs.map((design) => decode(task.alphabet, design)),
    scores: run.designs.map((design) => task.score(design)),
    metrics: metricsOf(evaluateDesigns(task, run.designs)),
    protocol: task.protocol,
    notes: [...run.notes],
  };
  const seconds = {
    task: (loaded - began) / 1000,
    ...run.seconds,
    total: (performance.now() - began) / 1000,
  };
  return { result, circumstances: describeCircumstances(seconds, run.passes) };
}

/** The table may have changed between the plan and the run. */
function requireSameData({ provenance }: Task, { expected }: CellJob): void {
  if ((provenance?.sha256 ?? null) === (expected.table ?? null)) return;
  throw internal(`the table changed during the sweep: ${provenance?.sha256}, planned ${expected.table}`);
}

function requireDesigns(task: Task, designs: readonly Sequence[], count: number): void {
  if (designs.length !== count) throw internal(`the method gave ${designs.length} designs, not ${count}`);
  for (const design of designs) {
    const text = decode(task.alphabet, design);
    if (design.length !== task.length || !encode(task.alphabet, text).every((code, i) => code === design[i]))
      throw internal(`the method gave ${text}, which is no sequence of the task`);
  }
}

function metricsOf({ normalised, scores, top, distinct, unscored, measured }: Evaluation): CellMetrics {
  return {
    max: normalised?.max ?? null,
    median: normalised?.median ?? null,
    lowerMedian: normalised?.lowerMedian ?? null,
    mean: normalised?.mean ?? null,
    meanScore: scores?.mean ?? null,
    topHits: top?.hits ?? null,
    distinct,
    unscored,
    measured,
  };
}
