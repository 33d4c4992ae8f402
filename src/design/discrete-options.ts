import { requireBetween, requireOneOf, requireWhole } from './check.js';

/** Options of the discrete search. */
export interface DiscreteSearchOptions {
  /** Which mapping drives the search; as in `BibOptions`. Default `both`. */
  mode?: 'forward' | 'backward' | 'both';
  /** Weight of the forward loss in mode `both`: `adaptive` (default, by the weak supervision) or fixed, in [0, 1]. */
  gamma?: 'adaptive' | number;
  /** Where an adaptive gamma starts. Default 0.5. */
  gamma0?: number;
  /** Substitutions that a step may make at once: `adaptive` (default, by the weak supervision) or fixed, at least 1. */
  eta?: 'adaptive' | number;
  /** Where an adaptive eta starts. Default 2. */
  eta0?: number;
  /** Steps of each candidate. Default 25. */
  steps?: number;
  /** Sequences that each candidate has scored exactly in a step. Default 4. */
  proposals?: number;
}

/** {@link DiscreteSearchOptions}, checked. */
export interface CheckedDiscreteOptions {
  mode: 'forward' | 'backward' | 'both';
  gamma: { start: number; adapt: boolean };
  eta: { start: number; adapt: boolean };
  steps: number;
  proposals: number;
}

/**
 * Fills in the defaults.
 * @throws InputError naming the option that is wrong
 */
export function checkDiscreteOptions(options: DiscreteSearchOptions): CheckedDiscreteOptions {
  const { gamma = 'adaptive', gamma0 = 0.5, eta = 'adaptive', eta0 = 2 } = options;
  const mode = requireOneOf('mode', options.mode ?? 'both', ['forward', 'backward', 'both']);
  requireBetween('gamma0', gamma0, 0, 1);
  requireBetween('eta0', eta0, 1, 1000);
  if (gamma !== 'adaptive') requireBetween('gamma', gamma, 0, 1);
  if (eta !== 'adaptive') requireBetween('eta', eta, 1, 1000);
  const fixed = mode === 'both' ? gamma : mode === 'forward' ? 1 : 0;
  return {
    mode,
    gamma: fixed === 'adaptive' ? { start: gamma0, adapt: true } : { start: fixed, adapt: false },
    eta: eta === 'adaptive' ? { start: eta0, adapt: true } : { start: eta, adapt: false },
    steps: requireWhole('steps', options.steps ?? 25, 1),
    proposals: requireWhole('proposals', options.proposals ?? 4, 1),
  };
}
