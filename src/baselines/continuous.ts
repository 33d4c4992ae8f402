import type { Sequence } from '../core/alphabet.js';
import { adaptEta } from '../design/adaptive-eta.js';
import type { Exploration, MethodRun, Start, Visit } from '../design/method.js';
import { adam, sgd, start as startOptimiser } from '../design/optimisers.js';
import type { RunningOptimiser } from '../design/optimisers.js';
import { decodeLogits } from '../design/relaxation.js';
import { feasibleStart } from '../design/starts.js';
import { fitAuxiliary } from '../proxy/auxiliary.js';
import type { ContinuousEncoding } from './networks/encoding.js';
import { createScoring, requireMeasuredSet } from './scoring.js';
import type { Scoring } from './scoring.js';

/** How points are moved. */
export interface DescentOptions {
  /** Steps of each point. */
  steps: number;
  /** Step size, or where an adaptive one starts. */
  eta: number;
  /** Whether eta adapts to the weak supervision (Adaptive-eta of BIB, arXiv 2301.02931). */
  adaptive: boolean;
  optimiser: 'sgd' | 'adam';
}

/**
 * Moves one point from each start along a loss's gradient in continuous space, as design-baselines does: the gradient is
 * taken at the point itself, not at the sequence that it stands for. After each step the points are decoded into feasible
 * sequences; those are the visits, the last ones the designs.
 * @param encoding the space that points live in
 * @param gradients [B x width] of the loss at points [B x width]
 */
export async function descend(
  run: MethodRun,
  encoding: ContinuousEncoding,
  gradients: (points: Float64Array) => Promise<Float64Array>,
  options: DescentOptions,
): Promise<Exploration> {
  const scoring = createScoring(run);
  const { width } = encoding;
  const slope = options.adaptive ? weakSlope(run, encoding) : null;
  let points = Float64Array.from(
    encoding.encode(
      run.starts.map(({ sequence }) => feasibleStart(run.problem, sequence, run.random.fork('starts'))),
    ),
  );
  const etas = run.starts.map(() => options.eta);
  const optimisers = run.starts.map(() =>
    options.optimiser === 'adam' ? startOptimiser(adam(), width) : startOptimiser(sgd, width),
  );
  const decoder = createDecoder(run, encoding, scoring);
  for (let step = 0; step < options.steps; step++) {
    await scoring.step(step, options.steps);
    const gradient = await gradients(points);
    points = moved(points, gradient, width, etas, optimisers, slope);
    await decoder.decode(points);
  }
  await scoring.step(options.steps, options.steps);
  return scoring.finish(decoder.current());
}

/** One step of every point; etas and optimisers are renewed in place. */
function moved(
  points: Float64Array,
  gradient: Float64Array,
  width: number,
  etas: number[],
  optimisers: RunningOptimiser[],
  slope: Float64Array | null,
): Float64Array<ArrayBuffer> {
  const next = Float64Array.from(points);
  etas.forEach((eta, b) => {
    const { direction, next: optimiser } = optimisers[b].next(gradient.slice(b * width, (b + 1) * width));
    optimisers[b] = optimiser;
    if (slope !== null) etas[b] = adaptEta(eta, slope, direction);
    for (let k = 0; k < width; k++) next[b * width + k] -= etas[b] * direction[k];
  });
  return next;
}

/** Gradient of the weak supervision f, an ensemble of linear heads on the points' own space: the same everywhere. */
function weakSlope(run: MethodRun, encoding: ContinuousEncoding): Float64Array {
  const { sequences, y } = requireMeasuredSet(run);
  const phi = encoding.encode(sequences);
  return fitAuxiliary({ phi, width: encoding.width, y }, run.random.fork('weak supervision')).weights;
}

/** Keeps the sequence that each point stands for, scoring only what changed. */
function createDecoder(
  { problem, starts }: MethodRun,
  { logits, width }: ContinuousEncoding,
  scoring: Scoring,
) {
  const current = new Map<number, Visit>();
  const sequenceAt = (points: Float64Array, b: number, start: Start): Sequence =>
    decodeLogits(
      problem,
      logits(points.subarray(b * width, (b + 1) * width)),
      problem.budgetBase(start.sequence),
    );
  return {
    async decode(points: Float64Array): Promise<void> {
      const changed = starts
        .map((start, b) => ({ b, start, sequence: sequenceAt(points, b, start) }))
        .filter(({ b, sequence }) => current.get(b)?.sequence.join() !== sequence.join());
      const visits = await scoring.score(changed);
      changed.forEach(({ b }, i) => current.set(b, visits[i]));
    },
    current: () => [...current].sort(([a], [b]) => a - b).map(([, visit]) => visit),
  };
}
