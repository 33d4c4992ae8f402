import { describe, expect, it } from 'vitest';
import { DNA, encode } from '../../../src/core/alphabet.js';
import { checkVerifyOptions } from '../../../src/run/verify/options.js';
import { verifyCandidates } from '../../../src/run/verify/verify.js';
import type { CandidateList } from '../../../src/run/verify/candidates.js';
import { parseTable } from '../../../src/table/index.js';
import { createRandom } from '../../../src/core/random.js';

const random = createRandom('run verify');
const text = () => Array.from({ length: 7 }, () => 'ACGT'[random.integer(4)]).join('');
const rows = [...new Set(Array.from({ length: 60 }, text))];
const score = (sequence: string) =>
  encode(DNA, sequence).reduce((sum, code, i) => sum + code * (i % 3), 0) + random.normal();
const scores = rows.map(score);
const tableOf = (sign: number) =>
  parseTable(
    `sequence,score\n${rows.map((row, i) => `${row},${sign * scores[i]}`).join('\n')}\n`,
    'table.csv',
  );
const list: CandidateList = {
  source: 'designs.csv',
  header: ['sequence'],
  candidates: Array.from({ length: 12 }, (_, i) => {
    const sequence = text();
    return { id: `${i}`, text: sequence, line: i + 2, cells: [sequence] };
  }),
};

describe('verifyCandidates', () => {
  it('takes smaller scores for better when told so', async () => {
    const up = await verifyCandidates(list, tableOf(1), { hidden: 5 });
    const down = await verifyCandidates(list, tableOf(-1), { hidden: 5, direction: 'min' });
    expect(down.order).toEqual(up.order);
    up.fobar!.candidates.forEach((one, c) => {
      const other = down.fobar!.candidates[c];
      expect(other.predicted).toBe(-one.predicted);
      expect(other.scores.map((hidden) => hidden.score)).toEqual(one.scores.map((hidden) => -hidden.score));
      expect(one.scores).toHaveLength(5);
    });
  });

  it('is a function of the seed', async () => {
    const [first, second] = [
      await verifyCandidates(list, tableOf(1), { seed: 3 }),
      await verifyCandidates(list, tableOf(1), { seed: 3 }),
    ];
    expect(second).toEqual(first);
  });

  it('can be cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(verifyCandidates(list, tableOf(1), {}, { signal })).rejects.toThrow('cancelled');
  });
});

describe('options of a verification', () => {
  it('run FOBAR unless only TRLM is asked for', () => {
    expect(checkVerifyOptions({})).toMatchObject({ fobar: true, trlm: false, rankBy: 'fobar' });
    expect(checkVerifyOptions({ trlm: true })).toMatchObject({ fobar: false, trlm: true, rankBy: 'trlm' });
    expect(checkVerifyOptions({ fobar: true, trlm: true })).toMatchObject({ rankBy: 'fobar' });
  });

  it.each([
    [{ fobar: false }, 'there is nothing to verify by'],
    [{ alfa: 1 }, "there is no option 'alfa'. Did you mean 'alpha'?"],
    [{ hidden: 0 }, 'option hidden is wrong'],
    [{ region: [5, 2] }, 'the first and the last position'],
    [{ trlmAlpha: -1 }, 'option trlmAlpha is wrong'],
  ])('%j are refused', (options, message) => {
    expect(() => checkVerifyOptions(options as object)).toThrow(message);
  });
});
