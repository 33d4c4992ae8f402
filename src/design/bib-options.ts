import type { Alphabet } from '../core/alphabet.js';
import { requireBetween, requireOneOf, requireWhole } from './check.js';

/** Options of the method BIB. Every default is the paper's, or marked. */
export interface BibOptions {
  /**
   * Which mapping drives the design. `both` (default) mixes the losses by gamma; `forward` is gamma = 1 (exploit the
   * proxy), `backward` is gamma = 0 (stay where the measured set can be predicted back).
   */
  mode?: 'forward' | 'backward' | 'both';
  /** Weight of the forward loss in mode `both`: `adaptive` (default, by the weak supervision) or fixed, in [0, 1]. */
  gamma?: 'adaptive' | number;
  /** Where an adaptive gamma starts. Default 0.5. */
  gamma0?: number;
  /**
   * Where Adaptive-gamma takes the gradient of the weak supervision: `current` (default; at theta, the authors' code) or
   * `lookahead` (at the stepped theta', exact, for one more pass a step).
   */
  gammaAt?: 'current' | 'lookahead';
  /** Step size: `adaptive` (default, by the weak supervision) or fixed, in (0, 10]. */
  eta?: 'adaptive' | number;
  /** Where an adaptive eta starts. Default 0.1. */
  eta0?: number;
  /** Whether an adaptive eta goes on from step to step (`accumulate`, default) or from eta0 each step (`restart`). */
  etaMode?: 'accumulate' | 'restart';
  /** T. Default 25 for proteins, 100 for DNA. */
  steps?: number;
  /** The optimiser of theta. Default `adam`. */
  inner?: 'adam' | 'sgd';
}

/** {@link BibOptions}, checked, with mode and step sizes spelled out. */
export interface CheckedBibOptions {
  mode: 'forward' | 'backward' | 'both';
  gamma: { start: number; adapt: 'current' | 'lookahead' | null };
  eta: { start: number; adapt: 'accumulate' | 'restart' | null };
  /** null: the alphabet's default. */
  steps: number | null;
  inner: 'adam' | 'sgd';
}

/** T where none is given: 25 for proteins, 100 for DNA. */
export function defaultSteps(alphabet: Alphabet): number {
  return alphabet.name === 'dna' ? 100 : 25;
}

/**
 * Fills in the defaults.
 * @throws InputError naming the option that is wrong
 */
export function checkBibOptions(options: BibOptions): CheckedBibOptions {
  const mode = requireOneOf('mode', options.mode ?? 'both', ['forward', 'backward', 'both']);
  const steps = options.steps === undefined ? null : requireWhole('steps', options.steps, 1);
  const inner = requireOneOf('inner', options.inner ?? 'adam', ['adam', 'sgd']);
  return { mode, gamma: checkGamma(options, mode), eta: checkEta(options), steps, inner };
}

function checkGamma(options: BibOptions, mode: CheckedBibOptions['mode']): CheckedBibOptions['gamma'] {
  const { gamma = 'adaptive', gamma0 = 0.5, gammaAt = 'current' } = options;
  requireBetween('gamma0', gamma0, 0, 1);
  requireOneOf('gammaAt', gammaAt, ['current', 'lookahead']);
  if (gamma !== 'adaptive') requireBetween('gamma', gamma, 0, 1);
  if (mode !== 'both') return { start: mode === 'forward' ? 1 : 0, adapt: null };
  return gamma === 'adaptive' ? { start: gamma0, adapt: gammaAt } : { start: gamma, adapt: null };
}

function checkEta(options: BibOptions): CheckedBibOptions['eta'] {
  const { eta = 'adaptive', eta0 = 0.1, etaMode = 'accumulate' } = options;
  requireBetween('eta0', eta0, 1e-4, 0.5);
  requireOneOf('etaMode', etaMode, ['accumulate', 'restart']);
  if (eta === 'adaptive') return { start: eta0, adapt: etaMode };
  return { start: requireBetween('eta', eta, Number.MIN_VALUE, 10), adapt: null };
}
