import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inChunks } from '../../src/lm/chunks.js';

async function chunksOf(
  costs: number[],
  largest: number,
  seconds: (tokens: number) => number,
): Promise<number[][]> {
  let now = 0;
  const chunks: number[][] = [];
  for await (const chunk of inChunks(costs, { cost: (c) => c, largest, clock: () => now })) {
    chunks.push(chunk);
    now += 1000 * seconds(chunk.reduce((a, b) => a + b, 0));
  }
  return chunks;
}

describe('chunks', () => {
  it('hold every item once, in order, and pass their limit by one item at most', async () => {
    const costs = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(costs, fc.integer({ min: 1, max: 50_000 }), async (list, largest) => {
        const chunks = await chunksOf(list, largest, () => 0);
        expect(chunks.flat()).toEqual(list);
        for (const chunk of chunks)
          expect(chunk.slice(0, -1).reduce((a, b) => a + b, 0)).toBeLessThan(largest);
      }),
      { numRuns: 100 },
    );
  });

  it('grow for a fast consumer and stay small for a slow one', async () => {
    const costs = new Array<number>(2000).fill(1000);
    const fast = await chunksOf(costs, 2 ** 18, () => 0.1);
    expect(fast[0].length).toBe(9);
    expect(Math.max(...fast.map(({ length }) => length))).toBe(263);
    const slow = await chunksOf(costs, 2 ** 18, () => 100);
    expect(slow.every(({ length }) => length <= 9)).toBe(true);
  });
});
