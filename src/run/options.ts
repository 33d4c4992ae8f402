import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import type { Alphabet } from '../core/alphabet.js';
import { type Fault, formatFault, InputError } from '../core/errors.js';
import { defaultSteps } from '../design/bib-options.js';

/** Options of `designFromTable`. Everything may be left out. Positions are in the table's own numbering. */
export interface DesignRunOptions {
  /** Number of designs; exactly so many come out. Default 96. */
  count?: number;
  /** Seed of every random draw: a whole number or any text. Default 0. */
  seed?: number | string;
  /** Whether larger (`max`, default) or smaller scores are better. */
  direction?: 'max' | 'min';
  /** An embedded model's name, or a folder in Hugging Face's layout. Default: the alphabet's embedded model. */
  model?: string;

  /** Positions that may change. Default: the named sites, else those at which the table (and the wild type) varies. */
  designable?: readonly number[];
  /** Positions that must not change. Default none. */
  fixed?: readonly number[];
  /** Letters allowed at every designable position. Default: the whole alphabet. */
  letters?: string;
  /** Letters allowed at single positions, instead of `letters`. Default none. */
  lettersAt?: Readonly<Record<number, string>>;
  /**
   * Largest number of mutations, or `any`. Default: with a wild type, as many as the measured variant with the most has, at
   * least 5, because the model has seen nothing further out; without one, any.
   */
  maxMutations?: number | 'any';
  /** Where mutations are counted from. Default `wild-type` if there is one, else `start`. */
  mutationsFrom?: 'wild-type' | 'start';

  /** Which mapping drives the design. Default `both`. See `BibOptions`. */
  mode?: 'both' | 'forward' | 'backward';
  /** Weight of the forward loss in mode `both`: `adaptive` (default) or fixed, 0 to 1. */
  gamma?: 'adaptive' | number;
  /** Where Adaptive-gamma takes its gradient. Default `current`. */
  gammaAt?: 'current' | 'lookahead';
  /** Step size: `adaptive` (default) or fixed, above 0 and at most 10. */
  eta?: 'adaptive' | number;
  /** Whether an adaptive step size goes on from step to step (`accumulate`, default) or starts again (`restart`). */
  etaOver?: 'accumulate' | 'restart';
  /** Optimisation steps. Default 25 for proteins, 100 for DNA. */
  steps?: number;
  /** Candidates, each started at one of the best measured variants. Default 128. */
  starts?: number;
  /** Designs are the best of all sequences `visited` (default), or the candidates' `final` ones first, as in the paper. */
  take?: 'visited' | 'final';

  /** Worker threads. Default: the cores of the machine, at most 8. Does not change the designs. */
  workers?: number;
  /** Memory for remembered passes of the model, in bytes; 0 turns it off. Default 256 MiB. Does not change the designs. */
  memoBytes?: number;
}

const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const error =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const wholeOrAny = z.custom<number | 'any'>(
  (value) => value === 'any' || (Number.isSafeInteger(value) && (value as number) >= 1),
  { error: 'any, or a whole number of at least 1' },
);
const oneOf = <const T extends readonly string[]>(...choices: T) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` });
const adaptiveOr = (min: number, max: number, text: string) =>
  z.custom<'adaptive' | number>(
    (value) => value === 'adaptive' || (typeof value === 'number' && value >= min && value <= max),
    { error: `adaptive, or a number ${text}` },
  );
const seed = z.custom<number | string>(
  (value) => Number.isSafeInteger(value) || (typeof value === 'string' && value !== ''),
  { error: 'a whole number or a text' },
);
const positions = z.array(z.int(), { error: 'a list of whole numbers' }).readonly();
const letters = z.string({ error: 'letters' });

/** More than enough for any plate. */
const MOST_DESIGNS = 100_000;

const schema = z.strictObject({
  count: whole(1, MOST_DESIGNS).default(96),
  seed: seed.default(0),
  direction: oneOf('max', 'min').default('max'),
  model: z.string({ error: 'a name or a folder' }).min(1, { error: 'a name or a folder' }).optional(),
  designable: positions.optional(),
  fixed: positions.default([]),
  letters: letters.optional(),
  lettersAt: z.record(z.string(), letters, { error: 'letters by position' }).default({}),
  maxMutations: wholeOrAny.optional(),
  mutationsFrom: oneOf('wild-type', 'start').optional(),
  mode: oneOf('both', 'forward', 'backward').default('both'),
  gamma: adaptiveOr(0, 1, 'from 0 to 1').default('adaptive'),
  gammaAt: oneOf('current', 'lookahead').default('current'),
  eta: adaptiveOr(Number.MIN_VALUE, 10, 'above 0 and at most 10').default('adaptive'),
  etaOver: oneOf('accumulate', 'restart').default('accumulate'),
  steps: whole(1, 100_000).optional(),
  starts: whole(1, 100_000).default(128),
  take: oneOf('visited', 'final').default('visited'),
  workers: whole(1, 64).optional(),
  memoBytes: whole(0).default(256 * 2 ** 20),
});

/** Options with their defaults filled in; what depends on the table or the machine may still be open. */
export type CheckedRunOptions = Omit<z.output<typeof schema>, 'steps'> & { steps: number };

/**
 * Checks the options once, where they enter, and fills in the defaults.
 * @param alphabet the table's; the number of steps depends on it
 * @throws InputError naming every option that is wrong
 */
export function checkRunOptions(options: DesignRunOptions, alphabet: Alphabet): CheckedRunOptions {
  const result = schema.safeParse(options);
  if (result.success) return { ...result.data, steps: result.data.steps ?? defaultSteps(alphabet) };
  const faults = result.error.issues.map((issue) => faultOf(issue, options));
  if (faults.length === 1) throw new InputError(faults[0]);
  throw new InputError({
    what: `${faults.length} options are wrong (${faults.map((fault) => formatFault(fault).replace(/\.$/, '')).join('; ')})`,
    fix: 'Correct them.',
  });
}

function faultOf(issue: z.core.$ZodIssue, options: DesignRunOptions): Fault {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return {
      what: `there is no option '${key}'`,
      fix: `Did you mean '${closest(key, Object.keys(schema.shape))}'?`,
    };
  }
  const [name] = issue.path;
  const value = options[name as keyof DesignRunOptions];
  return {
    what: `option ${String(name)} is wrong`,
    expected: issue.message,
    got: String(JSON.stringify(value) ?? value),
  };
}
