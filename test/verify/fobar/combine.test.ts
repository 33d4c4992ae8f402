import { describe, expect, it } from 'vitest';
import { descendingOrder } from '../../../src/stats/ranks.js';
import { combineVotes, forwardShares, spreadOfCounts } from '../../../src/verify/index.js';
import { readFixture } from '../../helpers/fixtures.js';

interface Case {
  chains: string[];
  Z: Record<string, number>;
  alpha: number;
  eps: number;
  fallback_to_forward: boolean;
  P_f: Record<string, number>;
  P_b: Record<string, number>;
  unnormalised: Record<string, number>;
  P: Record<string, number>;
  ranking_ties_alphabetical: string[];
}

const fixture = readFixture<{ cases: Case[] }>('fobar/fobar.json');

/** Alphabetical, as the fixture breaks ties. */
const answersOf = ({ Z }: Case) => Object.keys(Z).sort();

/** Each chain as predictions: 1 for its answer, 0 for the others; it votes for one. */
const chainsOf = (one: Case) =>
  one.chains.map((answer) => answersOf(one).map((name) => (name === answer ? 1 : 0)));

describe.skipIf(fixture === null)('the published formula', () => {
  it.each((fixture?.cases ?? []).map((one, i) => [i, one] as const))('is that of case %i', (_, one) => {
    const names = answersOf(one);
    const votes = forwardShares(chainsOf(one), 1);
    const { alpha, eps } = one;
    const recovered = names.map((name) => one.Z[name]);
    const found = combineVotes({ votes, recovered }, { alpha, eps });
    expect(found.fallback).toBe(one.fallback_to_forward);
    names.forEach((name, c) => {
      expect(Math.abs(found.forward[c] - one.P_f[name])).toBeLessThan(1e-12);
      expect(Math.abs(found.backward[c] - one.P_b[name])).toBeLessThan(1e-12);
      expect(Math.abs(found.combined[c] - one.P[name])).toBeLessThan(1e-12);
    });
    const ranking = Array.from(descendingOrder(found.combined), (c) => names[c]);
    expect(ranking).toEqual(one.ranking_ties_alphabetical);
  });
});

describe('combineVotes', () => {
  it('does not depend on the scale of the votes', () => {
    const recovered = [1, 4, 0];
    const a = combineVotes({ votes: [0.2, 0.5, 1], recovered });
    const b = combineVotes({ votes: [2, 5, 10], recovered });
    a.combined.forEach((p, c) => expect(p).toBeCloseTo(b.combined[c], 14));
  });

  it('falls back to the forward vote where without smoothing no candidate has both', () => {
    const found = combineVotes({ votes: [1, 0], recovered: [0, 3] }, { eps: 0 });
    expect(found).toMatchObject({ fallback: true, combined: Float64Array.of(1, 0) });
    expect(combineVotes({ votes: [1, 3], recovered: [0, 0] }, { eps: 0 }).combined).toEqual(
      Float64Array.of(0.25, 0.75),
    );
  });

  it.each([
    [{ votes: [], recovered: [] }, {}, 'there are no votes'],
    [{ votes: [1], recovered: [1, 2] }, {}, 'differ in number'],
    [{ votes: [1, -1], recovered: [1, 2] }, {}, 'votes of candidate 2'],
    [{ votes: [1, 1], recovered: [NaN, 2] }, {}, 'recoveries of candidate 1'],
    [{ votes: [0, 0], recovered: [1, 2] }, {}, 'no candidate has a vote'],
    [{ votes: [1, 0], recovered: [1, 2] }, { alpha: 1.1 }, 'alpha is out of range'],
    [{ votes: [1, 0], recovered: [1, 2] }, { eps: -1 }, 'eps is out of range'],
  ])('refuses %j with %j', (evidence, options, message) => {
    expect(() => combineVotes(evidence, options)).toThrow(message);
  });
});

describe('forwardShares', () => {
  it('counts the chains that put a candidate among their best', () => {
    const chains = [
      [3, 2, 1, 0],
      [0, 3, 2, 1],
      [3, 0, 1, 2],
    ];
    expect(Array.from(forwardShares(chains, 2))).toEqual([2 / 3, 2 / 3, 1 / 3, 1 / 3]);
  });

  it('divides votes at a tie evenly, whatever the order', () => {
    expect(Array.from(forwardShares([[1, 1, 1, 0]], 2))).toEqual([2 / 3, 2 / 3, 2 / 3, 0]);
    expect(Array.from(forwardShares([[1, 2, 1, 1]], 2))).toEqual([1 / 3, 1, 1 / 3, 1 / 3]);
  });

  it('refuses chains of different lengths and votes for more than there are', () => {
    expect(() => forwardShares([[1, 2], [1]], 1)).toThrow('do not judge the same candidates');
    expect(() => forwardShares([], 1)).toThrow('no chain');
    expect(() => forwardShares([[1, 2]], 3)).toThrow('cannot vote for so many');
    expect(() => forwardShares([[1, 2]], 0)).toThrow('cannot vote for so many');
  });
});

describe('spreadOfCounts', () => {
  it('sees that equal counts, and counts as by chance, do not tell candidates apart', () => {
    expect(spreadOfCounts([3, 3, 3], [8, 8, 8])).toMatchObject({ distinct: 1, deviation: 0, apart: false });
    const coins = spreadOfCounts([3, 4, 5, 4, 3, 5, 6, 2, 4, 4], Array<number>(10).fill(8));
    expect(coins).toMatchObject({ min: 2, max: 6, mean: 4, apart: false });
    expect(coins.chance).toBeCloseTo(Math.sqrt(2), 12);
  });

  it('sees that all-or-nothing counts do', () => {
    expect(spreadOfCounts([0, 8, 0, 8, 0, 8], Array<number>(6).fill(8)).apart).toBe(true);
  });
});
