import path from 'node:path';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import type { ReadingOrder } from '../../../src/lm/reading-order.js';
import { lossGraph } from '../../../src/lm/training/loss-graph.js';
import { newModel } from '../../../src/lm/training/new-model.js';
import { writeModelFolder } from '../../../src/lm/training/store.js';

/** Letters that the tiny pair takes. */
export const TINY_WINDOW = 30;

/** Writes and opens a causal model of a few hundred random weights: it knows nothing, but has preferences. */
export async function tinyCausal(
  folder: string,
  alphabet: 'protein' | 'dna',
  order: ReadingOrder,
  seed = 'a',
) {
  const model = newModel({
    alphabet: alphabet === 'dna' ? DNA : PROTEIN,
    ...{ objective: 'causal', window: TINY_WINDOW, order, layers: 1, width: 8, heads: 2, feedForward: 12 },
  });
  const { parameters } = lossGraph(model.architecture);
  const random = createRandom(`${seed}/${order}`);
  const weights = new Map(
    parameters.map(({ name, shape }) => {
      const isScale = /ln_\w+\.weight$/.test(name);
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, Float32Array.from({ length: size }, () => (isScale ? 1 : 0.6 * random.normal()))];
    }),
  );
  const own = path.join(folder, `${alphabet}-${order}-${seed}`);
  writeModelFolder(own, { ...model.files, dtype: 'F32' }, parameters, weights);
  return openLanguageModel(own);
}

/** A tiny pair of one alphabet. */
export async function tinyPair(folder: string, alphabet: 'protein' | 'dna') {
  return {
    forward: await tinyCausal(folder, alphabet, 'forward'),
    reverse: await tinyCausal(folder, alphabet, 'reverse'),
  };
}
