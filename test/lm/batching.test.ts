import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatches, TOKENS_PER_RUN } from '../../src/lm/batching.js';

const counts = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 60 });
const copies = fc.integer({ min: 1, max: 4 });

describe('planBatches', () => {
  it('takes every row once, padded as little as multiples of four allow, within the tokens of a run', () => {
    fc.assert(
      fc.property(counts, copies, (tokens, K) => {
        const plans = planBatches(tokens, K);
        const rows = plans.flatMap((plan) => plan.rows).sort((a, b) => a - b);
        expect(rows).toEqual([...tokens.keys()]);
        for (const { rows: own, length, size } of plans) {
          expect(own.length).toBeLessThanOrEqual(size);
          expect(length % 4).toBe(0);
          for (const row of own)
            expect(length - tokens[row]).toSatisfy((padding: number) => padding >= 0 && padding < 4);
          if (size > 1) expect(size * length * K).toBeLessThanOrEqual(TOKENS_PER_RUN);
          expect((size + 1) * length * K).toBeGreaterThan(TOKENS_PER_RUN);
        }
      }),
    );
  });

  it("fixes the shape that a row is run in by the row's own length, whatever comes with it", () => {
    fc.assert(
      fc.property(counts, copies, (tokens, K) => {
        const [alone] = planBatches([tokens[0]], K);
        const among = planBatches(tokens, K).find(({ rows }) => rows.includes(0))!;
        expect([among.length, among.size]).toEqual([alone.length, alone.size]);
      }),
    );
  });
});
