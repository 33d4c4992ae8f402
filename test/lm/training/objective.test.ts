import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { trainingSteps } from '../../../src/lm/training/data.js';
import {
  BERT_MASKING,
  causalExample,
  HELD_OUT_MASKING,
  maskExample,
  type SpecialIds,
} from '../../../src/lm/training/objective.js';
import { toyTask } from './toy.js';

const special: SpecialIds = { cls: 0, eos: 1, mask: 2, letters: [4, 5, 6, 7] };
const UNKNOWN = 3;
const letters = Int32Array.from({ length: 20_000 }, (_, i) => 4 + (i % 4));
/** Four standard deviations of a share p of n draws. */
const within = (share: number, p: number, n: number) =>
  expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));

describe('masking', () => {
  it("hides, replaces and leaves letters in BERT's proportions", () => {
    const { ids, labels } = maskExample(letters, special, BERT_MASKING, createRandom('mask'));
    const original = [0, ...letters, 1];
    const chosen = [...labels.keys()].filter((t) => labels[t] >= 0);
    expect(chosen.every((t) => labels[t] === original[t])).toBe(true);
    expect([...ids.keys()].every((t) => labels[t] >= 0 || ids[t] === original[t])).toBe(true);
    within(chosen.length / letters.length, 0.15, letters.length);
    const share = (test: (t: number) => boolean) => chosen.filter(test).length / chosen.length;
    within(
      share((t) => ids[t] === special.mask),
      0.8,
      chosen.length,
    );
    // A replacement may draw the letter itself: a quarter of a tenth.
    within(
      share((t) => ids[t] !== special.mask && ids[t] !== original[t]),
      0.1 * 0.75,
      chosen.length,
    );
    within(
      share((t) => ids[t] === original[t]),
      0.1 + 0.1 * 0.25,
      chosen.length,
    );
  });

  it('hides every chosen letter of held-out sequences', () => {
    const { ids, labels } = maskExample(letters, special, HELD_OUT_MASKING, createRandom('mask'));
    expect([...ids.keys()].every((t) => labels[t] < 0 || ids[t] === special.mask)).toBe(true);
  });

  it('scores at least one letter, and never an unknown token or an end', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { labels } = maskExample([4], special, BERT_MASKING, createRandom(seed));
      expect([...labels]).toEqual([-1, 4, -1]);
      const unknown = maskExample(
        [UNKNOWN, 5, UNKNOWN],
        special,
        { ...BERT_MASKING, rate: 0.9 },
        createRandom(seed),
      );
      expect([unknown.labels[1], unknown.labels[3]]).toEqual([-1, -1]);
    }
  });
});

describe('next-token examples', () => {
  it('score every token from those before it', () => {
    const { ids, labels } = causalExample([5, 6, 7], special);
    expect([...ids]).toEqual([0, 5, 6, 7, 1]);
    expect([...labels]).toEqual([5, 6, 7, 1, -1]);
  });

  it('have no closing token where the sequence goes on', () => {
    const { ids, labels } = causalExample([5, 6], special, false);
    expect([...ids]).toEqual([0, 5, 6]);
    expect([...labels]).toEqual([5, 6, -1]);
  });

  it.each(['forward', 'reverse'] as const)(
    'read windows in %s order, closed at the end that is read last',
    (order) => {
      const task = toyTask({ objective: 'causal', order, window: 4, tokensPerStep: 1, tokensPerRun: 1 });
      const sequence = task.model.encode('ACDEFGHIKL');
      const text = order === 'forward' ? 'ACDEFGHIKL' : 'LKIHGFEDCA';
      const { cls, eos } = task.special;
      const steps = trainingSteps([sequence], task, { epoch: 0, batch: 0 });
      const read: string[] = [];
      const vocabulary = Object.fromEntries(
        [...'ACDEFGHIKL'].map((letter) => [task.model.encode(letter)[0], letter]),
      );
      let place = { epoch: 0, batch: 0 };
      while (place.epoch === 0) {
        const { feeds, next } = steps.next().value;
        place = next;
        if (next.epoch > 0 && read.join('').length >= text.length) break;
        const ids = [...(feeds[0].ids.data as Int32Array)].slice(
          0,
          (feeds[0].mask.data as Float32Array).reduce((a, b) => a + b, 0),
        );
        expect(ids[0]).toBe(cls);
        const window = ids
          .filter((id) => id !== cls && id !== eos)
          .map((id) => vocabulary[id])
          .join('');
        expect(text).toContain(window);
        expect(ids.includes(eos!)).toBe(text.endsWith(window));
        read.push(window);
      }
      expect(read.join('').split('').sort().join('')).toBe([...text].sort().join(''));
    },
  );
});
