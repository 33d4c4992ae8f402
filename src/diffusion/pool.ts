import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Problem } from '../design/problem.js';
import { sequenceKey } from '../design/sequence-key.js';

/** What a pool is drawn from. */
export interface PoolRequest {
  problem: Problem;
  /** The measured sequences, of the problem's length. */
  sequences: readonly Sequence[];
  /** Their scores, larger is better. */
  scores: ArrayLike<number>;
  /** Predicts scores. */
  predict: (sequences: readonly Sequence[]) => Promise<Float64Array>;
  /** Sequences in the pool, at most. */
  size: number;
  random: Random;
  signal?: AbortSignal;
  /** Told how many of all candidates have been predicted. */
  onProgress?: (done: number, total: number) => void;
}

/** Unmeasured sequences with predicted scores. */
export interface LabelledPool {
  sequences: Sequence[];
  scores: Float64Array;
}

/** Candidates drawn for each sequence of the pool. */
const CHOICE = 2;
/** Candidates predicted at a time. */
const CHUNK = 2048;

/**
 * Unmeasured sequences for a diffusion model to learn from, scored by a proxy: a few hundred measured rows teach a network
 * little more than themselves. Of candidates by {@link drawUnmeasured} half of the pool are the best, half are any.
 */
export async function labelledPool(request: PoolRequest): Promise<LabelledPool> {
  const { size, random, predict, signal, onProgress } = request;
  const candidates = drawUnmeasured(request, CHOICE * size, random.fork('candidates'));
  const predicted = new Float64Array(candidates.length);
  for (let from = 0; from < candidates.length; from += CHUNK) {
    throwIfAborted(signal);
    predicted.set(await predict(candidates.slice(from, from + CHUNK)), from);
    onProgress?.(Math.min(from + CHUNK, candidates.length), candidates.length);
  }
  const ranked = Array.from(predicted.keys()).sort((a, b) => predicted[b] - predicted[a] || a - b);
  const best = ranked.slice(0, Math.ceil(size / 2));
  const others = random.fork('others').shuffle(ranked.slice(best.length));
  const chosen = [...best, ...others.slice(0, size - best.length)];
  return {
    sequences: chosen.map((i) => candidates[i]),
    scores: Float64Array.from(chosen, (i) => predicted[i]),
  };
}

/**
 * Distinct unmeasured sequences inside the constraints on letters; fewer than `count` where there are too few. Measured
 * sequences, better ones more often, in which up to all designable positions, or as many as may be mutated, are drawn anew.
 */
export function drawUnmeasured(
  { problem, sequences, scores }: Pick<PoolRequest, 'problem' | 'sequences' | 'scores'>,
  count: number,
  random: Random,
): Sequence[] {
  const ranked = sequences.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
  const positions = [...problem.designable];
  const found = new Map<string, Sequence>();
  for (let tries = 0; found.size < count && tries < 4 * count; tries++) {
    // the square of a uniform draw: the best hundredth of the rows is taken ten times as often as an equal share
    const parent = sequences[ranked[Math.floor(random.uniform() ** 2 * ranked.length)]];
    const sequence = redraw(problem, parent, positions, random);
    const key = sequenceKey(sequence);
    if (!found.has(key) && !problem.isMeasured(sequence)) found.set(key, sequence);
  }
  return [...found.values()];
}

/** Draws the letters of a random number of positions anew, and of those whose letter is not allowed. */
function redraw(problem: Problem, parent: Sequence, positions: number[], random: Random): Sequence {
  const sequence = parent.slice();
  const { alphabet, letters } = problem;
  const draw = (i: number) => (sequence[i] = alphabet.code(letters[i][random.integer(letters[i].length)]));
  const most = Math.min(positions.length, problem.budget?.max ?? positions.length);
  const count = 1 + random.integer(most);
  for (const i of random.shuffle(positions).slice(0, count)) draw(i);
  sequence.forEach((code, i) => {
    if (!letters[i].includes(alphabet.letters[code])) draw(i);
  });
  return sequence;
}
