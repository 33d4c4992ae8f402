import { deviation, mean } from 'd3-array';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { standardise } from '../../src/proxy/standardise.js';

describe('standardise', () => {
  it('uses the mean and the unbiased standard deviation', () => {
    const scores = [3.5, -1, 0.25, 8, 8];
    const scaled = standardise(scores);
    expect(scaled.mean).toBeCloseTo(mean(scores) as number, 14);
    expect(scaled.std).toBeCloseTo(deviation(scores) as number, 14);
    scores.forEach((score, i) => expect(scaled.toUserUnits(scaled.y[i])).toBeCloseTo(score, 12));
  });

  it.each([
    ['no score', [], /at least 2 scores, got 0/],
    ['one score', [1], /at least 2 scores, got 1/],
    ['equal scores', [0.1, 0.1, 0.1], /all scores are the same/],
    ['zeros', [0, 0], /all scores are the same/],
    ['NaN', [1, NaN], /score 2 is not a finite number/],
    ['infinity', [Infinity, 1], /score 1 is not a finite number/],
  ])('refuses %s', (_, scores, message) => {
    expect(() => standardise(scores)).toThrow(InputError);
    expect(() => standardise(scores)).toThrow(message);
  });
});
