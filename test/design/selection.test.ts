import { describe, expect, it } from 'vitest';
import { DNA, decode, encode } from '../../src/core/alphabet.js';
import type { Sequence } from '../../src/core/alphabet.js';
import { InfeasibleError } from '../../src/core/errors.js';
import type { Exploration, Ranking, Visit } from '../../src/design/method.js';
import type { Objective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { selectDesigns } from '../../src/design/selection.js';
import { chooseStarts } from '../../src/design/starts.js';

const dna = (text: string) => encode(DNA, text);
const start = { row: 0, sequence: dna('AAAA') };
const problem = createProblem({
  alphabet: DNA,
  measured: [dna('AAAA'), dna('CAAA')],
  designable: [0, 1, 2, 3],
});

/** Letter weights [L x A]: an additive score, and L_f = (score - 10)^2 with its exact slope; L_b is minus the score. */
const weights = [0, 3, 1, 2, 0, 1, 4, 2, 0, 0.5, 1.5, 0.25, 0, 2.5, 5, 0.75];
const scoreOf = (x: Sequence) => x.reduce((sum, code, i) => sum + weights[i * 4 + code], 0);
const evaluationOf = (x: Sequence) => ({
  prediction: scoreOf(x),
  forward: (scoreOf(x) - 10) ** 2,
  backward: 20 - scoreOf(x),
  auxiliary: 0,
});

function additive(scored: string[] = []): Objective {
  return {
    target: 10,
    passes: () => ({ asked: 0, done: 0, memoHits: 0, forward: 0, vjp: 0 }),
    score: async (sequences) => {
      scored.push(...sequences.map((x) => decode(DNA, x)));
      return sequences.map(evaluationOf);
    },
    predict: async (sequences) => Float64Array.from(sequences, scoreOf),
    evaluate: async (sequences) =>
      sequences.map((x) => ({
        ...evaluationOf(x),
        gradients: Float64Array.from([
          ...weights.map((w) => 2 * (scoreOf(x) - 10) * w),
          ...weights.map((w) => -w),
          ...weights.map(() => 0),
        ]),
      })),
  };
}

const visit = (text: string): Visit => ({ sequence: dna(text), start, evaluation: evaluationOf(dna(text)) });
const explored = (visits: string[], finals: string[] = []): Exploration => ({
  visits: visits.map(visit),
  finals: finals.map(visit),
});

async function select(
  exploration: Exploration,
  count: number,
  rest: { ranking?: Ranking; take?: 'final' } = {},
) {
  const scored: string[] = [];
  const request = {
    problem,
    objective: additive(scored),
    exploration,
    count,
    ranking: 'prediction' as const,
    ...rest,
  };
  const { designs, filled } = await selectDesigns(request);
  return { names: designs.map(({ sequence }) => decode(DNA, sequence)), filled, scored };
}

describe('selection', () => {
  it('takes the best visited that were not measured, without a pass', async () => {
    const { names, filled, scored } = await select(
      explored(['AAAA', 'CAAA', 'AAAC', 'AAAG', 'AGAA', 'AACA']),
      3,
    );
    expect(names).toEqual(['AAAG', 'AGAA', 'AAAC']);
    expect(filled).toBe(0);
    expect(scored).toEqual([]);
  });

  it('breaks ties by the letters, whoever came first', async () => {
    // each scores 2
    const tied = ['TAAA', 'ATAA'];
    expect((await select(explored(tied), 2)).names).toEqual(['ATAA', 'TAAA']);
    expect((await select(explored([...tied].reverse()), 2)).names).toEqual(['ATAA', 'TAAA']);
  });

  it('takes final iterates first, each once, then the best of the rest', async () => {
    const found = explored(['AAAG', 'AGAA', 'AACA', 'AAAT'], ['AACA', 'AAAA', 'AACA', 'AAAT']);
    expect((await select(found, 2, { take: 'final' })).names).toEqual(['AAAT', 'AACA']);
    expect((await select(found, 1, { take: 'final' })).names).toEqual(['AAAT']);
    expect((await select(found, 3, { take: 'final' })).names).toEqual(['AAAG', 'AAAT', 'AACA']);
  });

  it.each(['prediction', 'backward'] as const)(
    'fills up with the most promising neighbours, by %s',
    async (ranking) => {
      const { names, filled, scored } = await select(explored(['AAAA', 'AAAG']), 4, { ranking });
      // the best design visited is AAAG; its best three neighbours change its other letters for the heaviest
      expect(names).toEqual(
        ['AGAG', 'CAAG', 'ATAG', 'TAAG'].sort(
          (a, b) => scoreOf(dna(b)) - scoreOf(dna(a)) || (a < b ? -1 : 1),
        ),
      );
      expect(filled).toBe(4);
      expect(scored.length).toBe(6);
    },
  );

  it('goes on through measured sequences where only those were visited', async () => {
    const { names, filled } = await select(explored(['AAAA']), 250);
    expect(new Set(names).size).toBe(250);
    expect(names).not.toContain('AAAA');
    expect(names).not.toContain('CAAA');
    expect(filled).toBe(250);
  });

  it('stops when cancelled', async () => {
    const request = {
      problem,
      objective: additive(),
      exploration: explored(['AAAA']),
      count: 9,
      ranking: 'prediction' as const,
    };
    await expect(selectDesigns({ ...request, signal: AbortSignal.abort() })).rejects.toThrow(/cancelled/);
  });
});

describe('starts', () => {
  const sequences = ['ACGT', 'CCGT', 'TCGA', 'CCGT', 'GCGG'].map(dna);
  const scores = [1, 4, 3, 5, 2];

  it('are the best distinct rows, ties in the order of rows', () => {
    const all = createProblem({ alphabet: DNA, measured: sequences });
    expect(chooseStarts(all, sequences, scores, 3).map(({ row }) => row)).toEqual([3, 2, 4]);
    expect(chooseStarts(all, sequences, [1, 1, 1, 1, 1], 9).map(({ row }) => row)).toEqual([0, 1, 2, 4]);
  });

  it('are first those that keep the constraints, then those that can be mended', () => {
    const noC = createProblem({ alphabet: DNA, measured: sequences, letters: 'AGT' });
    expect(chooseStarts(noC, sequences, scores, 9).map(({ row }) => row)).toEqual([2, 4, 0, 3]);
    const near = createProblem({ alphabet: DNA, measured: sequences, letters: 'A', maxMutations: 1 });
    expect(chooseStarts(near, sequences, scores, 9).map(({ row }) => row)).toEqual([2, 0]);
  });

  it('are refused where no row can be mended', () => {
    const far = [dna('CCCC'), dna('GGGG')];
    const options = { alphabet: DNA, measured: far, letters: 'T', maxMutations: 4 };
    const problem = createProblem(options);
    expect(() => chooseStarts({ ...problem, canStart: () => false }, far, [1, 2], 5)).toThrow(
      InfeasibleError,
    );
    expect(() => createProblem({ ...options, maxMutations: 3 })).toThrow(InfeasibleError);
  });
});
