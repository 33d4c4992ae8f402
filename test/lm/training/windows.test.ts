import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { epochBatches, trainingSteps } from '../../../src/lm/training/data.js';
import { cutWindows, formBatches, type Window } from '../../../src/lm/training/windows.js';
import { toyTask } from './toy.js';

const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 });
const seeds = fc.option(fc.integer(), { nil: undefined });

/** How often each letter of each sequence lies in a window. */
function coverage(lengthsOf: readonly number[], windows: readonly Window[]): number[][] {
  const counts = lengthsOf.map((length) => new Array<number>(length).fill(0));
  for (const { sequence, start, length } of windows)
    for (let i = start; i < start + length; i++) counts[sequence][i]++;
  return counts;
}

const once = (lengthsOf: readonly number[]) => lengthsOf.map((length) => new Array<number>(length).fill(1));

describe('windows', () => {
  it('hold every letter once and are no longer than asked', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 100 }), seeds, (sizes, size, seed) => {
        const windows = cutWindows(sizes, size, seed === undefined ? undefined : createRandom(seed));
        expect(coverage(sizes, windows)).toEqual(once(sizes));
        for (const { length } of windows) {
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are cut at other places in other epochs, at the same places for the same draw', () => {
    const cut = (seed: number) => cutWindows([1000], 100, createRandom(seed));
    expect(cut(1)).toEqual(cut(1));
    expect(cut(1)).not.toEqual(cut(2));
  });
});

describe('micro-batches', () => {
  it('hold every window once, within the bounds of tokens and length', () => {
    const cases = fc.record({
      sizes: lengths,
      size: fc.integer({ min: 1, max: 100 }),
      tokens: fc.integer({ min: 1, max: 500 }),
      special: fc.integer({ min: 0, max: 2 }),
      multiple: fc.integer({ min: 1, max: 32 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ sizes, size, tokens, special, multiple, seed }) => {
        const windows = cutWindows(sizes, size);
        const batches = formBatches([...windows], tokens, special, multiple, createRandom(seed));
        const key = (window: Window) => `${window.sequence}/${window.start}`;
        expect(batches.flatMap((batch) => batch.windows.map(key)).sort()).toEqual(windows.map(key).sort());
        for (const batch of batches) {
          expect(batch.length % multiple).toBe(0);
          const longest = Math.max(...batch.windows.map(({ length }) => length)) + special;
          expect(batch.length - longest).toBeGreaterThanOrEqual(0);
          expect(batch.length - longest).toBeLessThan(multiple);
          if (batch.windows.length > 1)
            expect(batch.windows.length * batch.length).toBeLessThanOrEqual(tokens);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('waste little on padding where lengths are mixed', () => {
    const random = createRandom('lengths');
    const sizes = Array.from({ length: 3000 }, () => 20 + random.integer(480));
    const batches = formBatches(cutWindows(sizes, 500), 2000, 2, 1, random);
    const padded = batches.reduce((sum, batch) => sum + batch.windows.length * batch.length, 0);
    const used = sizes.reduce((sum, length) => sum + length + 2, 0);
    expect(padded / used).toBeLessThan(1.05);
  });
});

describe('epochs and steps', () => {
  const task = toyTask();
  const sizes = task.train.map(({ length }) => length);

  it('show every letter once an epoch, in another order each time', () => {
    const order = [0, 1, 2].map((epoch) => {
      const windows = epochBatches(task.train, task, epoch).flatMap((batch) => batch.windows);
      expect(coverage(sizes, windows)).toEqual(once(sizes));
      return JSON.stringify(windows);
    });
    expect(new Set(order).size).toBe(3);
    expect(JSON.stringify(epochBatches(task.train, task, 1).flatMap((batch) => batch.windows))).toBe(
      order[1],
    );
  });

  it('show at most so many members of a family an epoch, others each time, and of small families all', () => {
    const families = task.train.map((_, sequence) => Math.floor(Math.sqrt(sequence)));
    const limited = { ...task, families, config: { ...task.config, perFamily: 2 } };
    const everShown = new Set<number>();
    for (let epoch = 0; epoch < 100; epoch++) {
      const windows = epochBatches(task.train, limited, epoch).flatMap((batch) => batch.windows);
      const shown = new Set(windows.map(({ sequence }) => sequence));
      for (const family of new Set(families)) {
        const members = families.filter((one) => one === family).length;
        expect([...shown].filter((sequence) => families[sequence] === family)).toHaveLength(
          Math.min(2, members),
        );
      }
      for (const sequence of shown) {
        everShown.add(sequence);
        const letters = windows.filter((window) => window.sequence === sequence);
        expect(letters.reduce((sum, { length }) => sum + length, 0)).toBe(sizes[sequence]);
      }
    }
    expect(everShown.size).toBe(task.train.length);
  });

  it('go on from any place as if they had not stopped, across epochs', () => {
    const steps = trainingSteps(task.train, task, { epoch: 0, batch: 0 });
    for (let i = 0; i < 15; i++) {
      const { next } = steps.next().value;
      const expected = trainingSteps(task.train, task, next).next().value;
      const resumed = trainingSteps(task.train, task, JSON.parse(JSON.stringify(next))).next().value;
      expect(resumed).toEqual(expected);
      if (i === 14) expect(next.epoch).toBeGreaterThan(1);
    }
    const [first, second] = [trainingSteps(task.train, task, { epoch: 0, batch: 0 }), steps];
    for (let i = 0; i < 15; i++) first.next();
    expect(first.next().value).toEqual(second.next().value);
  });

  it('weigh the scored tokens of a step to a sum of 1', () => {
    const { feeds, tokens } = trainingSteps(task.train, task, { epoch: 0, batch: 0 }).next().value;
    const sum = feeds.reduce(
      (total, { targets }) => total + (targets.data as Float32Array).reduce((a, b) => a + b, 0),
      0,
    );
    expect(sum).toBeCloseTo(1, 5);
    expect(tokens).toBeGreaterThanOrEqual(task.config.tokensPerStep);
    expect(tokens).toBe(feeds.reduce((total, { ids }) => total + ids.data.length, 0));
  });
});
