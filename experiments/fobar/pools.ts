import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom, type Random } from '../../src/core/random.js';
import { sequenceKey } from '../../src/design/sequence-key.js';
import type { BlocksFit } from '../../src/proxy/blocks/fit-blocks.js';
import { descendingOrder } from '../../src/stats/ranks.js';
import { loadTask, type Task } from '../../src/tasks/index.js';

const shared = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data');
/** Candidates that are verified. */
export const POOL = 1000;
/** Of larger tables so many unmeasured sequences, drawn by the seed, are looked at. */
const LOOK_AT = 30_000;
const CHUNK = 1024;

/** A pool to pick from, with the true scores. */
export interface PickingPool {
  kind: 'best' | 'drawn';
  sequences: Sequence[];
  scores: number[];
}

/** A task drawn by a seed. */
export const drawTask = (name: string, seed: number): Promise<Task> =>
  loadTask(name, { seed, dataDir: shared });

/**
 * Two pools of unmeasured sequences: those that the proxy holds best, and as many at random. Of a table they come from all
 * its unmeasured sequences (30,000 drawn by the seed where there are more, and one of each two strands), of a formula from
 * what a small evolutionary search over the proxy visits.
 */
export async function poolsOf(task: Task, fit: BlocksFit, random: Random): Promise<PickingPool[]> {
  const space = task.candidates === null ? await visited(task, fit, random) : unmeasured(task, random);
  const predicted = await predictAll(fit, space);
  const best = Array.from(descendingOrder(predicted).subarray(0, POOL), (i) => space[i]);
  const drawn = random
    .fork('drawn')
    .shuffle([...space])
    .slice(0, POOL);
  const truth = (sequences: Sequence[]) => sequences.map((one) => task.score(one) ?? task.unscoredAs ?? NaN);
  return [
    { kind: 'best', sequences: best, scores: truth(best) },
    { kind: 'drawn', sequences: drawn, scores: truth(drawn) },
  ];
}

function unmeasured(task: Task, random: Random): Sequence[] {
  const groups = new Set(task.measured.sequences.map((sequence) => task.group(sequence)));
  const one = task.candidates!.filter((sequence) => {
    const group = task.group(sequence);
    return !groups.has(group) && groups.add(group);
  });
  return one.length <= LOOK_AT ? one : random.fork('space').shuffle(one).slice(0, LOOK_AT);
}

const GENERATIONS = 8;
const CHILDREN = 1000;
const PARENTS = 200;

/**
 * What a small evolutionary search over the proxy visits: children of the best so far (at first of the best measured), half
 * of them recombined at one place, with one or two letters changed.
 */
async function visited(task: Task, fit: BlocksFit, random: Random): Promise<Sequence[]> {
  const { measured, length, letters, alphabet } = task;
  const codes = Array.from(letters, (letter) => alphabet.code(letter));
  const source = random.fork('search');
  const known = new Set(measured.sequences.map(sequenceKey));
  const order = descendingOrder(measured.scores).subarray(0, PARENTS);
  let parents = Array.from(order, (row) => measured.sequences[row]);
  const found: { sequence: Sequence; predicted: number }[] = [];
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const children: Sequence[] = [];
    while (children.length < CHILDREN) {
      const child = parents[source.integer(parents.length)].slice();
      const cut = source.uniform() < 0.5 ? source.integer(length) : length;
      child.set(parents[source.integer(parents.length)].subarray(cut), cut);
      for (let m = source.integer(2); m >= 0; m--)
        child[source.integer(length)] = codes[source.integer(codes.length)];
      if (known.has(sequenceKey(child))) continue;
      known.add(sequenceKey(child));
      children.push(child);
    }
    const predicted = await predictAll(fit, children);
    children.forEach((sequence, i) => found.push({ sequence, predicted: predicted[i] }));
    parents = [...found]
      .sort((x, y) => y.predicted - x.predicted)
      .slice(0, PARENTS)
      .map(({ sequence }) => sequence);
  }
  return found.map(({ sequence }) => sequence);
}

async function predictAll(
  { featureMap, head }: BlocksFit,
  sequences: readonly Sequence[],
): Promise<Float64Array> {
  const D = featureMap.width;
  const out = new Float64Array(sequences.length);
  for (let from = 0; from < sequences.length; from += CHUNK) {
    const chunk = sequences.slice(from, from + CHUNK);
    const phi = await featureMap.features(chunk);
    chunk.forEach((_, b) => (out[from + b] = head.predict(phi.subarray(b * D, (b + 1) * D))));
  }
  return out;
}

/** Posterior mean and mean of the bootstraps, standardised units. */
export async function otherMeans(
  { featureMap, posterior, auxiliary }: BlocksFit,
  sequences: readonly Sequence[],
) {
  const D = featureMap.width;
  const phi = await featureMap.features(sequences);
  const rows = sequences.map((_, b) => phi.subarray(b * D, (b + 1) * D));
  const bootstraps = rows.map(
    (row) => auxiliary.weights.reduce((sum, w, j) => sum + w * row[j], 0) + auxiliary.bias,
  );
  return { posterior: rows.map((row) => posterior.mean(row)), bootstraps };
}

export const randomOf = (task: Task, seed: number): Random => createRandom(`fobar ${task.name} ${seed}`);
