import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { dot } from './linear-algebra.js';

/**
 * How a batch is taken from candidates:
 * - `mean`: the best predictions
 * - `ucb`: the best upper confidence bounds, `mean + width * standard deviation`
 * - `thompson`: for each place a draw of the head from its posterior, and the best candidate under it
 * - `distance`: the best predictions that keep a least Hamming distance to each other
 * - `dpp`: the greedy mode of a determinantal point process, good and unlike each other
 */
export type BatchRule =
  | { rule: 'mean' }
  | { rule: 'ucb'; width?: number }
  | { rule: 'thompson' }
  | { rule: 'distance'; least?: number }
  | { rule: 'dpp'; strength?: number };

/** Candidates and what is known of them; standardised units. */
export interface BatchRequest {
  sequences: readonly Sequence[];
  /** [n x D] features in the head's coordinates. */
  phi: Float64Array;
  /** [n] predicted scores. */
  predicted: ArrayLike<number>;
  /** The uncertainty of the predictions; needed by `ucb` and `thompson`. */
  posterior: {
    readonly noise: number;
    leverage(phi: ArrayLike<number>): number;
    deviation(random: Random): Float64Array;
  };
  /** Exactly so many are taken. */
  count: number;
  random: Random;
}

/**
 * Takes exactly `count` candidates.
 * @returns indices of candidates in the order in which the rule took them
 * @throws InputError when there are fewer candidates than that
 */
export function selectBatch(request: BatchRequest, how: BatchRule = { rule: 'mean' }): number[] {
  const { sequences, count } = request;
  if (sequences.length < count) {
    throw new InputError({
      what: 'too few candidates for the batch',
      expected: `at least ${count}`,
      got: `${sequences.length}`,
      fix: 'Ask for fewer designs, or search longer.',
    });
  }
  switch (how.rule) {
    case 'mean':
      return ordered(request.predicted).slice(0, count);
    case 'ucb':
      return ordered(upperBounds(request, how.width ?? 1)).slice(0, count);
    case 'thompson':
      return thompson(request);
    case 'distance':
      return keepApart(request, how.least ?? 2);
    case 'dpp':
      return determinantal(request, how.strength ?? 1);
  }
}

/** Indices by value, best first; ties in the order of the candidates. */
function ordered(values: ArrayLike<number>): number[] {
  return Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
}

function rowOf(phi: Float64Array, n: number, i: number): Float64Array {
  const D = phi.length / n;
  return phi.subarray(i * D, (i + 1) * D);
}

/** The bound of the true score, without the noise of a measurement. */
function upperBounds({ sequences, phi, predicted, posterior }: BatchRequest, width: number): Float64Array {
  return Float64Array.from(
    sequences,
    (_, i) =>
      predicted[i] + width * Math.sqrt(posterior.noise * posterior.leverage(rowOf(phi, sequences.length, i))),
  );
}

function thompson({ sequences, phi, predicted, posterior, count, random }: BatchRequest): number[] {
  const n = sequences.length;
  const taken = new Set<number>();
  for (let place = 0; place < count; place++) {
    const deviation = posterior.deviation(random.fork(`draw ${place}`));
    let [best, value] = [-1, -Infinity];
    for (let i = 0; i < n; i++) {
      if (taken.has(i)) continue;
      const drawn = predicted[i] + dot(deviation, rowOf(phi, n, i));
      if (drawn > value) [best, value] = [i, drawn];
    }
    taken.add(best);
  }
  return [...taken];
}

/** Best first, skipping what is nearer than `least` to one that was taken; where that leaves too few, nearer ones follow. */
function keepApart({ sequences, predicted, count }: BatchRequest, least: number): number[] {
  const order = ordered(predicted);
  const taken: number[] = [];
  for (let distance = least; taken.length < count; distance--) {
    for (const i of order) {
      if (taken.length === count) break;
      if (taken.includes(i)) continue;
      if (taken.every((other) => apart(sequences[i], sequences[other]) >= distance)) taken.push(i);
    }
  }
  return taken;
}

function apart(a: Sequence, b: Sequence): number {
  return a.length === b.length ? hammingDistance(a, b) : Math.max(a.length, b.length);
}

/**
 * Greedy mode of the determinantal point process with kernel `L_ij = q_i q_j S_ij`, `q = exp(strength z / 2)` for the
 * standardised predictions z and S the cosine of the features (plus a little on the diagonal, so that any number can be
 * taken): each place goes to the candidate that multiplies the determinant most (Chen et al., NeurIPS 2018).
 */
function determinantal({ sequences, phi, predicted, count }: BatchRequest, strength: number): number[] {
  const n = sequences.length;
  const quality = qualities(predicted, strength);
  const norms = Float64Array.from(
    sequences,
    (_, i) => Math.sqrt(dot(rowOf(phi, n, i), rowOf(phi, n, i))) || 1,
  );
  const kernel = (i: number, j: number) =>
    quality[i] *
    quality[j] *
    (dot(rowOf(phi, n, i), rowOf(phi, n, j)) / (norms[i] * norms[j]) + (i === j ? JITTER : 0));
  const gains = Float64Array.from(sequences, (_, i) => kernel(i, i));
  const columns: Float64Array[] = [];
  const taken: number[] = [];
  while (taken.length < count) {
    let best = -1;
    for (let i = 0; i < n; i++) if (!taken.includes(i) && (best < 0 || gains[i] > gains[best])) best = i;
    taken.push(best);
    const root = Math.sqrt(Math.max(gains[best], Number.MIN_VALUE));
    const column = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let rest = kernel(i, best);
      for (const earlier of columns) rest -= earlier[i] * earlier[best];
      column[i] = rest / root;
      gains[i] -= column[i] * column[i];
    }
    columns.push(column);
  }
  return taken;
}

const JITTER = 1e-3;

function qualities(predicted: ArrayLike<number>, strength: number): Float64Array {
  const values = Float64Array.from(predicted);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation =
    Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
  return values.map((value) => Math.exp((strength * (value - mean)) / deviation / 2));
}
