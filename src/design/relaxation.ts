import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Problem } from './problem.js';

/** Standard deviation of the noise that logits start from. */
export const START_NOISE = 0.01;

/** [L x A] draws of N(0, 0.01^2). The same number of draws is taken whatever the constraints are. */
export function startNoise(random: Random, length: number, alphabetSize: number): Float64Array {
  return Float64Array.from({ length: length * alphabetSize }, () => START_NOISE * random.normal());
}

/**
 * Start logits theta [L x A]: the noise, with two entries of each row swapped so that the row's argmax is the parent's
 * letter. Forbidden letters are minus infinity; where the parent's letter is forbidden, the reference's takes its place,
 * and where that is forbidden too, the noise decides.
 */
export function startLogits(problem: Problem, parent: Sequence, noise: Float64Array): Float64Array {
  const { mask, length, reference } = problem;
  const A = problem.alphabet.size;
  const theta = noise.map((value, i) => (mask[i] === 1 ? value : -Infinity));
  for (let i = 0; i < length; i++) {
    const wanted = [parent[i], reference?.[i]].find((code) => code !== undefined && mask[i * A + code] === 1);
    if (wanted === undefined) continue;
    const top = i * A + rowArgmax(theta, i, A);
    [theta[top], theta[i * A + wanted]] = [theta[i * A + wanted], theta[top]];
  }
  return theta;
}

/** Code of the largest entry of row i; the lowest code where several are largest. */
export function rowArgmax(theta: Float64Array, i: number, A: number): number {
  let best = 0;
  for (let a = 1; a < A; a++) if (theta[i * A + a] > theta[i * A + best]) best = a;
  return best;
}

/** Softmax of each designable row of theta, [L x A]; rows of fixed positions stay zero, for nothing flows through them. */
export function softmaxRows(problem: Problem, theta: Float64Array): Float64Array {
  const A = problem.alphabet.size;
  const p = new Float64Array(theta.length);
  for (const i of problem.designable) {
    const top = theta[i * A + rowArgmax(theta, i, A)];
    let sum = 0;
    for (let a = 0; a < A; a++) sum += p[i * A + a] = Math.exp(theta[i * A + a] - top);
    for (let a = 0; a < A; a++) p[i * A + a] /= sum;
  }
  return p;
}

/**
 * Vector-Jacobian product of the row softmax: `grad_theta[i,a] = p[i,a] (g[i,a] - sum_b p[i,b] g[i,b])`. With g the
 * gradient at the one-hot sequence this is the straight-through gradient; forbidden letters and fixed positions get 0.
 * @param p softmax of theta, [L x A]
 * @param g one-hot gradient, an [L x A] block of `source` from `offset` on
 */
export function softmaxVjp(
  problem: Problem,
  p: Float64Array,
  source: Float32Array | Float64Array,
  offset: number,
): Float64Array {
  const A = problem.alphabet.size;
  const out = new Float64Array(p.length);
  for (const i of problem.designable) {
    const row = i * A;
    let mean = 0;
    for (let a = 0; a < A; a++) mean += p[row + a] * source[offset + row + a];
    for (let a = 0; a < A; a++) out[row + a] = p[row + a] * (source[offset + row + a] - mean);
  }
  return out;
}

/**
 * The sequence that logits stand for: the argmax of each row under the mask. Where a budget of K mutations from `base`
 * holds, the positions whose letter must change come first, then those whose best letter beats the base's letter by the
 * largest margin; all others keep the base's letter. The result keeps every constraint, whatever theta is.
 * @param base where mutations count from (`problem.budgetBase(start)`)
 */
export function decodeLogits(problem: Problem, theta: Float64Array, base: Sequence | null): Sequence {
  const { mask, length } = problem;
  const A = problem.alphabet.size;
  const sequence = new Uint8Array(length);
  for (let i = 0; i < length; i++) sequence[i] = allowedArgmax(theta, mask, i, A);
  if (base === null || problem.budget === null) return sequence;

  let left = problem.budget.max;
  const optional: { position: number; margin: number }[] = [];
  for (let i = 0; i < length; i++) {
    if (sequence[i] === base[i]) continue;
    if (mask[i * A + base[i]] !== 1) left--;
    else optional.push({ position: i, margin: theta[i * A + sequence[i]] - theta[i * A + base[i]] });
  }
  optional.sort((a, b) => b.margin - a.margin || a.position - b.position);
  for (const { position } of optional.slice(Math.max(left, 0))) sequence[position] = base[position];
  return sequence;
}

function allowedArgmax(theta: Float64Array, mask: Uint8Array, i: number, A: number): number {
  let best = -1;
  for (let a = 0; a < A; a++) {
    if (mask[i * A + a] === 1 && (best < 0 || theta[i * A + a] > theta[i * A + best])) best = a;
  }
  return best;
}
