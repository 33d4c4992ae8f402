import { expect, it } from 'vitest';
import { formatTimeLeft } from '../../src/cli/progress.js';

it('tells the time left from the mean time of a step', () => {
  expect(formatTimeLeft(0, 0, 10)).toBe('?');
  expect(formatTimeLeft(5_000, 1, 14)).toBe('1:05');
  expect(formatTimeLeft(5_000, 14, 14)).toBe('0:00');
  expect(formatTimeLeft(1, 1, 3)).toBe('0:01');
});
