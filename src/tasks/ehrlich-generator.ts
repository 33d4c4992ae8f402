import { InputError } from '../core/errors.js';
import { createRandom, type Random } from '../core/random.js';
import type { EhrlichParameters, EhrlichSize } from './definition.js';

/** Share of the transitions that are banned. */
const BANNED = 0.15;
/** Temperature of the softmax that makes transition probabilities of normal draws. */
const TEMPERATURE = 0.5;

/**
 * An Ehrlich function of a given size. The construction follows Stanton et al. (arXiv 2407.00236), the draws are ours: the
 * functions are not those that pytorch-holo makes of the same numbers.
 *
 * - Transitions: softmax of normal draws / 0.5. In each row 15 % (at least one, where there are three states or more) are
 *   banned, never the state itself nor its successor in a random cycle through all states, so the chain is ergodic.
 * - Motifs: one walk of c k states on the chain without repeats, cut into c motifs. So all motifs one after the other,
 *   filled up with repeats, are feasible: the largest value is 1 and known.
 * - Spacings: each motif spans at most floor(L / c); the positions of its states within are a uniform random subset.
 *
 * The same size and function seed give the same function on every machine.
 * @throws InputError where the motifs do not fit, or the quantization does not divide the motif length
 */
export function generateEhrlich(size: EhrlichSize): EhrlichParameters {
  checkSize(size);
  const { states, length, motifs, motifLength, epistasis } = size;
  const quantization = size.quantization ?? motifLength;
  const root = createRandom(`ehrlich ${states} ${length} ${motifs} ${motifLength} ${size.functionSeed}`);
  const transitionMatrix = drawTransitions(states, root.fork('transitions'));
  const walk = walkWithoutRepeats(transitionMatrix, motifs * motifLength, root.fork('motifs'));
  const random = root.fork('spacings');
  return {
    ...{ states, length, quantization, epistasis, transitionMatrix },
    motifs: Array.from({ length: motifs }, (_, i) => walk.slice(i * motifLength, (i + 1) * motifLength)),
    spacings: Array.from({ length: motifs }, () =>
      drawSpacing(motifLength, Math.floor(length / motifs), random),
    ),
  };
}

function checkSize({ length, motifs, motifLength, quantization = motifLength }: EhrlichSize): void {
  if (motifs * motifLength > length) {
    throw new InputError({
      what: 'the motifs of the Ehrlich function do not fit',
      expected: `a length of at least ${motifs} x ${motifLength}`,
      got: `${length}`,
    });
  }
  if (motifLength % quantization !== 0) {
    throw new InputError({
      what: 'the quantization of the Ehrlich function must divide the motif length',
      expected: `a divisor of ${motifLength}`,
      got: `${quantization}`,
    });
  }
}

function drawTransitions(v: number, random: Random): number[][] {
  const cycle = random.shuffle(Array.from({ length: v }, (_, i) => i));
  const successor = new Map(cycle.map((state, i) => [state, cycle[(i + 1) % v]]));
  const banned = Math.min(Math.max(1, Math.round(BANNED * v)), v - 2);
  return Array.from({ length: v }, (_, state) => {
    const weights = Array.from({ length: v }, () => Math.exp(random.normal() / TEMPERATURE));
    const others = weights.map((_, i) => i).filter((i) => i !== state && i !== successor.get(state));
    for (const i of random.shuffle(others).slice(0, banned)) weights[i] = 0;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
}

/** A walk on the chain in which no state follows itself. */
function walkWithoutRepeats(transitions: number[][], steps: number, random: Random): number[] {
  const walk = [random.integer(transitions.length)];
  while (walk.length < steps) {
    const state = walk[walk.length - 1];
    let rest = random.uniform() * (1 - transitions[state][state]);
    let next = -1;
    transitions[state].forEach((probability, i) => {
      if (i === state || probability === 0 || (next >= 0 && rest < 0)) return;
      next = i;
      rest -= probability;
    });
    walk.push(next);
  }
  return walk;
}

/** Distances between neighbours of a motif of k states within `span` positions. */
function drawSpacing(k: number, span: number, random: Random): number[] {
  const places = random.shuffle(Array.from({ length: span - 1 }, (_, i) => i + 1)).slice(0, k - 1);
  const offsets = [0, ...places.sort((a, b) => a - b)];
  return offsets.slice(1).map((offset, i) => offset - offsets[i]);
}
