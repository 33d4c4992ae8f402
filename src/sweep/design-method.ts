import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import { designSequences } from '../design/design-sequences.js';
import { merit, type Method } from '../design/method.js';
import { createObjective, type Objective } from '../design/objective.js';
import { sequenceKey } from '../design/sequence-key.js';
import { fitProxy } from '../proxy/fit.js';
import type { SweepDesigns, SweepRun } from './method.js';
import { problemOfTask } from './task-problem.js';

/** What a design method runs with, besides the task. */
export interface DesignSetup {
  method: Method;
  featureMap: FeatureMap;
  starts: number;
  take: 'visited' | 'final';
}

/** Runs a design method on a task: free design, or choosing among the task's candidates. */
export async function runDesignMethod(run: SweepRun, setup: DesignSetup): Promise<SweepDesigns> {
  return run.task.mode === 'choose' ? chooseByMethod(run, setup) : designByMethod(run, setup);
}

async function designByMethod(
  { task, count, random, signal }: SweepRun,
  setup: DesignSetup,
): Promise<SweepDesigns> {
  const { method, featureMap, starts, take } = setup;
  const { sequences, scores } = task.measured;
  const problem = problemOfTask(task, count);
  const began = performance.now();
  let fitted = began;
  const { designs, stats } = await designSequences({
    ...{ sequences, scores, problem, featureMap, random, signal },
    options: { count, starts, take, method },
    onProgress: ({ phase, step, steps }) => {
      if (phase === 'features' && step === steps) fitted = performance.now();
    },
  });
  const { asked, done } = stats.passes;
  return {
    designs: designs.map(({ sequence }) => sequence),
    passes: { measured: stats.rows, asked, done },
    seconds: { features: (fitted - began) / 1000, design: (performance.now() - fitted) / 1000 },
    notes: stats.filled > 0 ? [`${stats.filled} designs are neighbours of what was visited`] : [],
  };
}

/** Candidates that are scored at a time. */
const CHUNK = 1024;

/**
 * Where designs are chosen among given candidates there is nothing to search: the objective scores them all, and the best
 * by the method's own ranking are taken; equal ones in the order of their codes.
 */
async function chooseByMethod(
  { task, count, random, signal }: SweepRun,
  setup: DesignSetup,
): Promise<SweepDesigns> {
  const { method, featureMap } = setup;
  const { sequences, scores } = task.measured;
  const began = performance.now();
  const fit = await fitProxy({ featureMap, sequences, scores, random: random.fork('proxy'), signal });
  const fitted = performance.now();
  const objective = createObjective({ featureMap, head: fit.head, auxiliary: fit.auxiliary, memoBytes: 0 });
  const candidates = task.candidates ?? [];
  const merits = await scoreAll(objective, candidates, method, signal);
  const { asked, done } = objective.passes();
  return {
    designs: best(candidates, merits, count),
    passes: { measured: sequences.length, asked, done },
    seconds: { features: (fitted - began) / 1000, design: (performance.now() - fitted) / 1000 },
    notes: [`${candidates.length} candidates were scored, each once`],
  };
}

async function scoreAll(
  objective: Objective,
  candidates: readonly Sequence[],
  { ranking }: Method,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const merits = new Float64Array(candidates.length);
  for (let from = 0; from < candidates.length; from += CHUNK) {
    throwIfAborted(signal);
    const evaluations = await objective.score(candidates.slice(from, from + CHUNK), signal);
    evaluations.forEach((evaluation, i) => (merits[from + i] = merit(ranking, evaluation)));
  }
  return merits;
}

function best(candidates: readonly Sequence[], merits: Float64Array, count: number): Sequence[] {
  return candidates
    .map((sequence, i) => ({ sequence, merit: merits[i], key: sequenceKey(sequence) }))
    .sort((a, b) => b.merit - a.merit || (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ sequence }) => sequence);
}
