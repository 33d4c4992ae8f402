import { afterAll, describe, expect, it } from 'vitest';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { serialise } from '../../../src/graph/serialise.js';
import { logitsGraph } from '../../../src/lm/feature-graph.js';
import { type LanguageModel, openLanguageModel } from '../../../src/lm/language-model.js';
import { batchFeeds, feedsFor } from '../../../src/lm/training/batch.js';
import { createPool } from '../../../src/runtime/pool.js';
import { createSession } from '../../../src/runtime/session.js';
import { rankByTrlm, type TrlmRankOptions } from '../../../src/verify/trlm/rank.js';
import { rankingOf } from '../../../src/verify/trlm/score.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';
import { logSoftmax } from '../../lm/embed/references.js';
import { TINY_WINDOW, tinyCausal, tinyPair } from './pair.js';

const folder = temporaryFolder();
const pool = createPool(1);
afterAll(() => pool.close());
const protein = await tinyPair(folder, 'protein');
const dna = await tinyPair(folder, 'dna');

/** log p of each letter of a text in the order in which it is handed over, from the plain logits graph, letter by letter. */
async function bruteForce(model: LanguageModel, text: string): Promise<number[]> {
  const graph = logitsGraph(model.architecture, model.weights);
  const session = await createSession(serialise(graph));
  const { vocabulary } = model.tokenizer;
  const ids = ['<bos>', ...text].map((token) => vocabulary.indexOf(token));
  const logs: number[] = [];
  for (let t = 1; t < ids.length; t++) {
    const before = Int32Array.from(ids.slice(0, t));
    const feeds = batchFeeds(model.architecture, [{ ids: before }], t, 0);
    const { logits } = await session.run(feedsFor(graph.inputs, feeds));
    const V = logits.shape[2];
    logs.push(logSoftmax((logits.data as Float32Array).slice((t - 1) * V, t * V))[ids[t]]);
  }
  return logs;
}

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const backwards = (text: string) => [...text].reverse().join('');
const complement: Record<string, string> = { A: 'T', C: 'G', G: 'C', T: 'A' };
const otherStrandOf = (text: string) => [...backwards(text)].map((letter) => complement[letter]).join('');

/** The two terms by their definition. */
async function byHand({ forward, reverse }: typeof protein, [left, region, right]: readonly string[]) {
  const ahead = await bruteForce(forward, left + region + right);
  const back = await bruteForce(reverse, backwards(left + region + right));
  return {
    forward: total(ahead.slice(left.length)),
    reverse: total(back.slice(region.length + right.length)),
  };
}

const rank = (options: Partial<TrlmRankOptions>) =>
  rankByTrlm({ ...protein, sequences: [], region: { from: 4, to: 7 }, alpha: 0.5, pool, ...options });

describe('a pair of language models', () => {
  const parts = [
    ['MKTA', 'YIA', 'KQ'],
    ['MKTA', 'WWWWW', 'KQ'],
    ['MKTA', '', 'KQ'],
  ];
  const sequences = parts.map((three) => three.join(''));

  it('scores as the definition does, letter by letter', async () => {
    const scores = await rank({ sequences });
    for (const [i, three] of parts.entries()) {
      const expected = await byHand(protein, three);
      expect(scores[i].forward).toBeCloseTo(expected.forward, 4);
      expect(scores[i].reverse).toBeCloseTo(expected.reverse, 4);
      expect(scores[i].score).toBeCloseTo(expected.forward + 0.5 * expected.reverse, 4);
    }
  });

  it('gives the forward ranking at alpha 0, and the same bits whatever else is scored', async () => {
    const scores = await rank({ sequences, alpha: 0 });
    expect(scores.map(({ score }) => score)).toEqual(scores.map(({ forward }) => forward));
    expect(rankingOf(scores)).toEqual(rankingOf(scores.map(({ forward }) => ({ score: forward }))));
    expect(await rank({ sequences: sequences.slice(0, 1), alpha: 0 })).toEqual(scores.slice(0, 1));
  });

  it('scores nothing where there is nothing', async () => {
    expect(await rank({ sequences: [] })).toEqual([]);
  });

  it('takes as much of long flanks as it can read, and no more than asked for', async () => {
    const long = [`${'A'.repeat(40)}MKTA`, 'YIAK', `QRQI${'A'.repeat(40)}`];
    const region = { from: 44, to: 48 };
    const half = (TINY_WINDOW - 4) / 2;
    const [fitted] = await rank({ sequences: [long.join('')], region });
    const expected = await byHand(protein, [long[0].slice(-half), long[1], long[2].slice(0, half)]);
    expect(fitted.forward).toBeCloseTo(expected.forward, 4);
    expect(fitted.reverse).toBeCloseTo(expected.reverse, 4);
    const [near] = await rank({ sequences: [long.join('')], region, context: 4 });
    expect(near.reverse).toBeCloseTo((await byHand(protein, ['MKTA', 'YIAK', 'QRQI'])).reverse, 4);
  });
});

describe('strands', () => {
  const parts = ['ACGGT', 'TTA', 'CCAG'];
  const options = { ...dna, sequences: [parts.join('')], region: { from: 5, to: 8 } };

  it('reversal and reverse complement are different things', async () => {
    const [given] = await rank(options);
    const [other] = await rank({ ...options, strand: 'reverse-complement' });
    const expected = await byHand(dna, parts);
    const swapped = await byHand(dna, [...parts].reverse().map(otherStrandOf));
    expect(given.forward).toBeCloseTo(expected.forward, 4);
    expect(given.reverse).toBeCloseTo(expected.reverse, 4);
    expect(other.forward).toBeCloseTo(swapped.forward, 4);
    expect(other.reverse).toBeCloseTo(swapped.reverse, 4);
    expect(Math.abs(given.forward - other.forward)).toBeGreaterThan(0.01);
  });

  it('both are averaged', async () => {
    const [given] = await rank(options);
    const [other] = await rank({ ...options, strand: 'reverse-complement' });
    const [both] = await rank({ ...options, strand: 'both' });
    expect(both.score).toBeCloseTo((given.score + other.score) / 2, 10);
    expect(both.reverse).toBe((given.reverse + other.reverse) / 2);
  });

  it('belong to DNA', async () => {
    await expect(rank({ sequences: ['MKTAYIA'], strand: 'both' })).rejects.toThrow(
      /only DNA has another strand/,
    );
  });
});

describe('what cannot be scored', () => {
  const sequences = ['MKTAYIAKQ', 'MKTAWWWKQ'];

  it.each([
    ['a region outside', { region: { from: 4, to: 12 } }, /region does not lie in the sequences/],
    ['a region inside out', { region: { from: 5, to: 4 } }, /0 <= from <= to <= 9/],
    ['another left flank', { sequences: [...sequences, 'MRTAYIAKQ'] }, /sequence 3 .*at position 2/],
    ['another right flank', { sequences: [...sequences, 'MKTAYIAKK'] }, /in the last 2 letters/],
    ['a sequence shorter than its flanks', { sequences: ['MKTAYIAKQ', 'MKTAQ'] }, /outside the region/],
    ['a letter that no protein has', { sequences: ['MKTAYJAKQ'] }, /letter 'J' at position 6/],
    [
      'a region longer than the models read',
      { sequences: [`MKTA${'W'.repeat(40)}KQ`], region: { from: 4, to: 44 } },
      /too long for model/,
    ],
    ['a negative alpha', { alpha: -1 }, /alpha is not usable/],
    ['half a letter of context', { context: 0.5 }, /context is not usable/],
  ] as const)('%s', async (_what, options, message) => {
    const run = rank({ sequences, ...options });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toThrow(InputError);
  });

  it('models that are no pair', async () => {
    await writeTinyModel(`${folder}/masked`);
    const masked = await openLanguageModel(`${folder}/masked`);
    for (const [pair, message] of [
      [{ forward: masked }, /expected a causal model, got ESM-2/],
      [{ forward: protein.reverse }, /expected reading order forward, got reverse/],
      [{ reverse: protein.forward }, /reads from the other end, such as protein-causal-reverse/],
      [{ reverse: dna.reverse }, /are no pair; .*got protein and dna/],
    ] as const) {
      await expect(rank({ sequences, ...pair })).rejects.toThrow(message);
    }
    await expect(rank({ sequences, forward: masked })).rejects.toThrow(ModelError);
  });

  it('stops when the signal fires', async () => {
    await expect(rank({ sequences, signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });
});

it('another pair gives other scores', async () => {
  const forward = await tinyCausal(folder, 'protein', 'forward', 'b');
  const sequences = ['MKTAYIAKQ'];
  expect((await rank({ sequences, forward }))[0].forward).not.toBe((await rank({ sequences }))[0].forward);
});
