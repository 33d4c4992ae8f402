import { describe, expect, it } from 'vitest';
import { decode, DNA, encode } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { checkTask } from '../../src/tasks/config.js';
import { createOpenTask } from '../../src/tasks/draw.js';
import {
  bestDesigns,
  evaluateDesigns,
  loadTask,
  randomDesigns,
  topSequences,
} from '../../src/tasks/index.js';
import { variantLandscape } from '../../src/tasks/landscape.js';

const csv = 'sequence,score\n' + ['AA,0', 'AC,1', 'AG,2', 'AT,3', 'CA,4', 'CC,4', 'CG,10'].join('\n') + '\n';

/** A table of seven of the 16 2-mers; the two lowest are measured. */
function toy(mode: 'design' | 'choose' = 'design') {
  const table = { alphabet: 'dna' } as const;
  const definition = checkTask({
    ...{ kind: 'table', name: 'toy', file: 'toy.csv', table, measured: { lowest: 2 }, mode, count: 3 },
  });
  if (definition.kind !== 'table') throw new Error(definition.kind);
  return createOpenTask(definition, variantLandscape(Buffer.from(csv), 'toy.csv', definition), null).draw();
}
const dna = (...texts: string[]) => texts.map((text) => encode(DNA, text));
const text = (sequences: readonly Uint8Array[]) => sequences.map((x) => decode(DNA, x));

describe('designs by the ground truth', () => {
  it('every figure by hand', () => {
    expect(evaluateDesigns(toy(), dna('CG', 'AC', 'AC', 'CA', 'TT'))).toEqual({
      count: 5,
      distinct: 4,
      // TT is not in the table: left out
      unscored: 1,
      // AC twice
      measured: 2,
      scores: { max: 10, median: 2.5, lowerMedian: 1, mean: 4 },
      normalised: { max: 1, median: 0.25, lowerMedian: 0.1, mean: 0.4 },
      // all seven are in the top 100
      top: { hits: 3, of: 7, share: 3 / 7 },
    });
  });

  it('nothing with a score', () => {
    expect(evaluateDesigns(toy(), dna('TT'))).toMatchObject({ unscored: 1, scores: null, normalised: null });
    expect(evaluateDesigns(toy(), [])).toMatchObject({ count: 0, scores: null });
  });

  it('an infeasible design of a function counts 0', async () => {
    const task = await loadTask('ehrlich-20-15-2-4');
    const { scores, unscored, top } = evaluateDesigns(task, [task.optimum!, new Uint8Array(3)]);
    expect(scores).toEqual({ max: 1, median: 0.5, lowerMedian: 0, mean: 0.5 });
    expect(unscored).toBe(1);
    expect(top).toBeNull();
  });

  it('a choice that is not among the candidates is a fault of the method', () => {
    expect(() => evaluateDesigns(toy('choose'), dna('AA'))).toThrow(/^internal: toy/);
    expect(() => evaluateDesigns(toy('choose'), dna('TT'))).toThrow(/^internal: toy/);
    expect(evaluateDesigns(toy('choose'), dna('AG')).scores!.max).toBe(2);
  });

  it('the top holds what is tied with its last', () => {
    expect(text(topSequences(toy(), 2).sequences)).toEqual(['CG', 'CA', 'CC']);
    expect(text(topSequences(toy(), 1).sequences)).toEqual(['CG']);
    expect(text(topSequences(toy(), 100).sequences)).toHaveLength(7);
  });

  it('the ceiling and the random row take candidates only', async () => {
    expect(text(bestDesigns(toy()))).toEqual(['CG', 'CA', 'CC']);
    const drawn = text(randomDesigns(toy(), createRandom(0)));
    expect(new Set(drawn).size).toBe(3);
    expect(drawn.every((x) => text(toy().candidates!).includes(x))).toBe(true);
    expect(text(randomDesigns(toy(), createRandom(0)))).toEqual(drawn);
    const ehrlich = await loadTask('ehrlich-20-15-2-4');
    expect(bestDesigns(ehrlich)).toEqual([ehrlich.optimum]);
    expect(randomDesigns(ehrlich, createRandom(0))).toHaveLength(128);
  });
});
