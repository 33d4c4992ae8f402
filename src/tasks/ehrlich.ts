import type { Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { EhrlichParameters } from './definition.js';

/** A closed-form landscape with known optimum (Stanton et al., arXiv 2407.00236). States are codes 0 to v - 1. */
export interface EhrlichFunction {
  readonly parameters: EhrlichParameters;
  /** The largest value; 1 where the quantization divides the motif length. The smallest is 0. */
  readonly max: number;
  /** Value of a sequence, or null where it is infeasible: it has a transition of probability 0. */
  value(sequence: Sequence): number | null;
  /** A sequence from the function's Markov chain: feasible, and seldom good. */
  sample(random: Random): Sequence;
  /** All motifs one after the other, each state repeated up to the next one; null where that is infeasible. */
  readonly solution: Sequence | null;
}

interface Motif {
  states: readonly number[];
  /** [l] positions relative to the first state. */
  offsets: readonly number[];
  /** Levels that a quality is rounded down to: one per `step` matches. */
  step: number;
}

/**
 * An Ehrlich function from its numbers, as in pytorch-holo: the product over motifs of `r(h)`, `r(h) = h (1 + e h (h -
 * 1))`, `h = max over positions of floor(matches / s) / (l / s)`, `s = ceil(l / q)`, l the motif's length, q the
 * quantization, e the epistasis.
 * @throws InputError where the numbers do not fit together
 */
export function createEhrlich(parameters: EhrlichParameters): EhrlichFunction {
  checkMotifs(parameters);
  checkProbabilities(parameters);
  const { states: v, length, epistasis } = parameters;
  const transitions = Float64Array.from(parameters.transitionMatrix.flat());
  const initial = parameters.initialDistribution ?? new Array<number>(v).fill(1 / v);
  const motifs = parameters.motifs.map((states, i) => motifOf(states, parameters.spacings[i], parameters));
  const response = (h: number) => h * (1 + epistasis * h * (h - 1));
  const product = (quality: (motif: Motif) => number) =>
    motifs.reduce((value, motif) => value * response(quality(motif)), 1);
  const isFeasible = (x: Sequence) =>
    x.length === length &&
    x.every((state, i) => state < v && (i === 0 ? initial[state] : transitions[x[i - 1] * v + state]) > 0);
  const solution = layOut(motifs, length);
  return {
    parameters,
    max: product((motif) => level(motif.states.length, motif)),
    value: (x) => (isFeasible(x) ? product((motif) => bestLevel(x, motif)) : null),
    sample(random) {
      const x = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        x[i] =
          i === 0
            ? draw(initial, random)
            : draw(transitions.subarray(x[i - 1] * v, (x[i - 1] + 1) * v), random);
      }
      return x;
    },
    solution: isFeasible(solution) ? solution : null,
  };
}

function motifOf(
  states: readonly number[],
  spacing: readonly number[],
  { quantization }: EhrlichParameters,
): Motif {
  const offsets = [0];
  for (const gap of spacing) offsets.push(offsets[offsets.length - 1] + gap);
  return { states, offsets, step: Math.ceil(states.length / (quantization ?? states.length)) };
}

const spanOf = (spacing: readonly number[]): number => spacing.reduce((sum, gap) => sum + gap, 1);

function level(matches: number, { states, step }: Motif): number {
  return Math.floor(matches / step) / (states.length / step);
}

function bestLevel(x: Sequence, motif: Motif): number {
  const { states, offsets } = motif;
  const last = x.length - 1 - offsets[offsets.length - 1];
  let best = 0;
  for (let start = 0; start <= last; start++) {
    let matches = 0;
    for (let j = 0; j < states.length; j++) if (x[start + offsets[j]] === states[j]) matches++;
    if (matches > best) best = matches;
  }
  return level(best, motif);
}

/** The motifs side by side; the space within one, and what is left at the end, repeats the state before it. */
function layOut(motifs: readonly Motif[], length: number): Sequence {
  const x = new Uint8Array(length);
  let at = 0;
  for (const { states, offsets } of motifs) {
    const span = offsets[offsets.length - 1] + 1;
    for (let i = 0, j = 0; i < span && at < length; i++, at++) {
      if (j + 1 < offsets.length && offsets[j + 1] === i) j++;
      x[at] = states[j];
    }
  }
  return at === 0 ? x : x.fill(x[at - 1], at);
}

/** An index with the given probabilities; never one of probability 0. */
function draw(probabilities: ArrayLike<number>, random: Random): number {
  let total = 0;
  for (let i = 0; i < probabilities.length; i++) total += probabilities[i];
  let rest = random.uniform() * total;
  let chosen = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    chosen = i;
    rest -= probabilities[i];
    if (rest < 0) break;
  }
  return chosen;
}

/** Rows of stored matrices are rounded to float32. */
const ROUNDING = 1e-4;

function refuse(what: string, expected: string, got: string): never {
  throw new InputError({ what: `the Ehrlich function cannot be: ${what}`, expected, got });
}

function checkMotifs({ states: v, length, motifs, spacings }: EhrlichParameters): void {
  if (spacings.length !== motifs.length) {
    refuse('every motif has a spacing', `${motifs.length} spacings`, `${spacings.length}`);
  }
  motifs.forEach((motif, i) => {
    const foreign = motif.find((state) => state >= v);
    const span = spanOf(spacings[i]);
    if (foreign !== undefined) refuse(`motif ${i + 1} has a foreign state`, `below ${v}`, `${foreign}`);
    if (spacings[i].length !== motif.length - 1) {
      const expected = `${motif.length - 1} distances`;
      refuse(`spacing ${i + 1} does not fit its motif`, expected, `${spacings[i].length}`);
    }
    if (span > length) refuse(`motif ${i + 1} is wider than the sequence`, `at most ${length}`, `${span}`);
  });
}

function checkProbabilities({ states: v, transitionMatrix, initialDistribution }: EhrlichParameters): void {
  const shapes = transitionMatrix.map((row) => row.length);
  if (shapes.length !== v || shapes.some((size) => size !== v)) {
    const got = `${shapes.length} rows of ${[...new Set(shapes)].join(', ')}`;
    refuse('the transition matrix has another size', `${v} rows of ${v}`, got);
  }
  if (initialDistribution && initialDistribution.length !== v) {
    refuse('the initial distribution has another size', `${v}`, `${initialDistribution.length}`);
  }
  for (const row of [...transitionMatrix, ...(initialDistribution ? [initialDistribution] : [])]) {
    const sum = row.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) > ROUNDING) refuse('probabilities do not add up', 'a sum of 1', `${sum}`);
  }
}
