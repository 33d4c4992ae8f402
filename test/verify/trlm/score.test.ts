import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import type { DirectedModel } from '../../../src/verify/trlm/directed-model.js';
import { policyOver, rankingOf, scoreTrlm } from '../../../src/verify/trlm/score.js';
import { readFixture } from '../../helpers/fixtures.js';
import { markov, type Transitions } from './markov.js';

interface Fixture {
  cases: {
    order: number;
    query: string;
    answers: {
      answer: string;
      log_p_forward_answer_given_query: number;
      log_p_reverse_query_given_answer: number;
    }[];
    by_alpha: {
      alpha: number;
      scores: number[];
      policy_over_these_answers: number[];
      ranking_indices_ties_by_index: number[];
    }[];
    reverse_only_best: number;
    forward_probabilities: Transitions;
    reverse_probabilities: Transitions;
  }[];
}

const fixture = readFixture<Fixture>('trlm/trlm.json');

/** Largest difference, relative to 1. */
function furthest(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(actual[i] - value)));
}

describe.skipIf(fixture === null)('the published form, one flank', () => {
  const cases = fixture?.cases ?? [];
  it.each(cases.map((one, i) => [i, one] as const))('case %i of the fixture', async (_i, one) => {
    const pair = {
      forward: markov('forward', one.forward_probabilities, one.order),
      reverse: markov('reverse', one.reverse_probabilities, one.order),
    };
    const candidates = one.answers.map(({ answer }) => ({
      ...{ leftFlank: one.query, region: answer, rightFlank: '' },
    }));
    for (const expected of one.by_alpha) {
      const scores = await scoreTrlm(pair, candidates, { alpha: expected.alpha });
      const of = (key: 'forward' | 'reverse' | 'score') => scores.map((score) => score[key]);
      const stored = (key: 'log_p_forward_answer_given_query' | 'log_p_reverse_query_given_answer') =>
        one.answers.map((answer) => answer[key]);
      expect(furthest(of('forward'), stored('log_p_forward_answer_given_query'))).toBeLessThan(1e-12);
      expect(furthest(of('reverse'), stored('log_p_reverse_query_given_answer'))).toBeLessThan(1e-12);
      expect(furthest(of('score'), expected.scores)).toBeLessThan(1e-12);
      expect(furthest(policyOver(scores), expected.policy_over_these_answers)).toBeLessThan(1e-12);
      expect(rankingOf(scores)).toEqual(expected.ranking_indices_ties_by_index);
      expect(of('reverse').indexOf(Math.max(...of('reverse')))).toBe(one.reverse_only_best);
    }
  });
});

/** Logs that depend on a letter and on all that was read before it, in either direction. */
function chain(order: 'forward' | 'reverse', salt: string): DirectedModel {
  const log = (read: string) => Math.log(createRandom(`${salt}/${read}`).uniform());
  return {
    order,
    letterLogProbabilities: (texts) =>
      Promise.resolve(
        texts.map((text) =>
          Float64Array.from([...text], (_letter, i) =>
            order === 'forward' ? log(text.slice(0, i + 1)) : log([...text.slice(i)].reverse().join('')),
          ),
        ),
      ),
  };
}

const pair = { forward: chain('forward', 'a'), reverse: chain('reverse', 'b') };
const joint = async (model: DirectedModel, text: string) =>
  (await model.letterLogProbabilities([text]))[0].reduce((sum, x) => sum + x, 0);

describe('two flanks', () => {
  const candidates = ['GAT', 'C', '', 'TTTTTT'].map((region) => ({
    ...{ leftFlank: 'ACCA', region, rightFlank: 'GG' },
  }));

  it('are differences of joint log-probabilities', async () => {
    const scores = await scoreTrlm(pair, candidates, { alpha: 0.7 });
    for (const [i, { leftFlank, region, rightFlank }] of candidates.entries()) {
      const whole = leftFlank + region + rightFlank;
      const forward = (await joint(pair.forward, whole)) - (await joint(pair.forward, leftFlank));
      const reverse = (await joint(pair.reverse, whole)) - (await joint(pair.reverse, region + rightFlank));
      expect(scores[i].forward).toBeCloseTo(forward, 10);
      expect(scores[i].reverse).toBeCloseTo(reverse, 10);
      expect(scores[i].score).toBeCloseTo(forward + 0.7 * reverse, 10);
    }
  });

  it('ask the reverse model for every letter where the whole is to be recalled', async () => {
    const scores = await scoreTrlm(pair, candidates, { alpha: 1, recall: 'whole' });
    for (const [i, { leftFlank, region, rightFlank }] of candidates.entries())
      expect(scores[i].reverse).toBeCloseTo(await joint(pair.reverse, leftFlank + region + rightFlank), 10);
  });

  it('have nothing to recall without a left one', async () => {
    const [only] = await scoreTrlm(pair, [{ leftFlank: '', region: 'GAT', rightFlank: 'A' }], { alpha: 1 });
    expect(only.reverse).toBe(0);
    expect(only.score).toBe(only.forward);
  });
});

describe('alpha', () => {
  it('0 is the forward ranking exactly, even where the reverse model rules all out', async () => {
    const never: DirectedModel = {
      order: 'reverse',
      letterLogProbabilities: (texts) =>
        Promise.resolve(texts.map(({ length }) => new Float64Array(length).fill(-Infinity))),
    };
    const candidates = ['A', 'C', 'G'].map((region) => ({ leftFlank: 'AC', region, rightFlank: 'T' }));
    const scores = await scoreTrlm({ ...pair, reverse: never }, candidates, { alpha: 0 });
    expect(scores.map(({ score }) => score)).toEqual(scores.map(({ forward }) => forward));
    expect(rankingOf(scores)).toEqual(rankingOf(scores.map(({ forward }) => ({ score: forward }))));
  });

  it.each([-0.1, NaN, Infinity])('%d is refused', async (alpha) => {
    await expect(scoreTrlm(pair, [], { alpha })).rejects.toThrow(InputError);
  });
});

it('models in the wrong places are a fault of ours', async () => {
  const swapped = { forward: pair.reverse, reverse: pair.forward };
  await expect(scoreTrlm(swapped, [], { alpha: 1 })).rejects.toThrow(/^internal/);
});
