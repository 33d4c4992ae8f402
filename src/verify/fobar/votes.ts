import { InputError } from '../../core/errors.js';
import { descendingOrder } from '../../stats/ranks.js';

/**
 * Forward votes: each chain (a bootstrap, a head, a seed) ranks the candidates by its own predictions and votes for its
 * `best`. Candidates that it holds equal at the border share the votes that are left, so that the order in which they come
 * decides nothing.
 * @param chains [M][C] predicted scores, larger is better
 * @param best votes of each chain, from 1 to C
 * @returns [C] votes divided by the number of chains: the share of chains that put the candidate among their best
 * @throws InputError for no chains, chains of different lengths, and a number of votes out of range
 */
export function forwardShares(chains: readonly ArrayLike<number>[], best: number): Float64Array {
  const C = chains[0]?.length ?? 0;
  if (C === 0 || chains.some((chain) => chain.length !== C)) {
    throw new InputError({
      what: 'the chains do not judge the same candidates',
      expected: 'at least one chain, with a prediction for each candidate',
      got: chains.map(({ length }) => length).join(', ') || 'no chain',
    });
  }
  if (!(Number.isInteger(best) && best >= 1 && best <= C)) {
    throw new InputError({
      what: 'a chain cannot vote for so many candidates',
      expected: `a whole number from 1 to ${C}, the number of candidates`,
      got: `${best}`,
    });
  }
  const shares = new Float64Array(C);
  for (const chain of chains) addVotes(Float64Array.from(chain), best, shares, 1 / chains.length);
  return shares;
}

function addVotes(chain: Float64Array, best: number, shares: Float64Array, vote: number): void {
  const border = chain[descendingOrder(chain)[best - 1]];
  const above = chain.reduce((count, value) => count + (value > border ? 1 : 0), 0);
  const tied = chain.reduce((count, value) => count + (value === border ? 1 : 0), 0);
  chain.forEach((value, c) => {
    if (value > border) shares[c] += vote;
    else if (value === border) shares[c] += (vote * (best - above)) / tied;
  });
}
