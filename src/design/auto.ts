import { requireWhole } from './check.js';
import { discreteSearch } from './discrete-search.js';
import type { DiscreteSearchOptions } from './discrete-options.js';
import { ENUMERABLE, exhaustive, sizeOfSearch } from './exhaustive.js';
import type { Method } from './method.js';

/** Options of {@link auto}. */
export interface AutoOptions {
  /**
   * Largest space that is enumerated. Default 2,000,000 sequences: seconds to minutes with features that cost little. Lower
   * it for a language model, where each sequence is a pass. It is a number and not a time, so that every machine chooses
   * alike.
   */
  limit?: number;
  /** Options of the discrete search, for larger spaces. */
  search?: DiscreteSearchOptions;
}

/**
 * Chooses by the size of the space: enumerates it by the forward mapping where it is small enough, else runs the discrete
 * search. The exploration's notes say what was chosen and why.
 * @throws InputError for options that are wrong
 */
export function auto(options: AutoOptions = {}): Method {
  const limit = requireWhole('limit', options.limit ?? ENUMERABLE, 0);
  const search = discreteSearch(options.search);
  const whole = exhaustive({
    by: search.ranking === 'backward' ? 'backward' : 'forward',
    limit: Math.max(1, limit),
  });
  return {
    name: 'auto',
    ranking: search.ranking,
    async design(run) {
      const size = sizeOfSearch(run.problem, run.starts);
      const small = size <= BigInt(limit);
      const found = await (small ? whole : search).design(run);
      const why = small
        ? `chose exhaustive scoring: the space holds ${size} sequences, no more than ${limit}`
        : `chose the discrete search: the space holds ${size} sequences, more than ${limit}`;
      return { ...found, notes: [why, ...(found.notes ?? [])] };
    },
  };
}
