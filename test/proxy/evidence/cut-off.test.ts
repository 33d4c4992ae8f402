import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { isCutOff } from '../../../src/proxy/evidence/cut-off.js';

const random = createRandom('cut off');
const draw = (count: number, one: () => number) => Array.from({ length: count }, one);
const normal = () => random.normal();

describe('isCutOff', () => {
  it('tells the lower part of a table from a random draw of it', () => {
    for (const rows of [1000, 5000]) {
      for (let repeat = 0; repeat < 20; repeat++) {
        const whole = draw(4 * rows, normal).sort((a, b) => a - b);
        for (const part of [1, 2]) expect(isCutOff(whole.slice(0, part * rows))).toBe(true);
        expect(isCutOff(random.shuffle(whole).slice(0, rows))).toBe(false);
        expect(isCutOff(draw(rows, () => Math.exp(2 * normal())))).toBe(false);
      }
    }
  });

  it('compares the top tenth with the one below: 1 for equal steps, by any order, shift and unit', () => {
    const steps = [...Array(101).keys()];
    expect(isCutOff(steps)).toBe(true);
    // the tenth below spans 10, the top one 10 and what its last value adds
    for (const [top, expected] of [
      [104.9, true],
      [105.1, false],
    ] as const) {
      const scores = random.shuffle([...steps.slice(0, 100), top]);
      expect(isCutOff(scores)).toBe(expected);
      expect(isCutOff(scores.map((score) => 1e-3 * score - 7))).toBe(expected);
    }
  });

  it('takes equal scores for whole', () => {
    expect(isCutOff([1, 1, 1])).toBe(false);
    expect(isCutOff([...Array<number>(300).fill(0), 0.5, 1])).toBe(false);
  });
});
