import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import type { Alphabet } from '../core/alphabet.js';
import { type Fault, formatFault, InputError } from '../core/errors.js';
import { BATCH_RULES, defaultBatchRule, needsPosterior, type BatchRuleName } from '../design/batch-rules.js';
import { defaultSteps } from '../design/bib-options.js';
import { LM_BLOCKS } from '../design/lm-block-names.js';
import { BLOCK_NAMES, isLmBlock } from './block-names.js';

/** Options of `designFromTable`. Everything may be left out. Positions are in the table's own numbering. */
export interface DesignRunOptions {
  /** Number of designs; exactly so many come out. Default 96. */
  count?: number;
  /** Seed of every random draw: a whole number or any text. Default 0. */
  seed?: number | string;
  /** Whether larger (`max`, default) or smaller scores are better. */
  direction?: 'max' | 'min';
  /**
   * An embedded model's name, or a folder in Hugging Face's layout. Default: the alphabet's embedded model. With blocks, all
   * blocks of a model that is named are tried, and it has to fit the table; of the default one only `llr`, where it fits.
   */
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

  /**
   * What the scores are learned from. `blocks` (default): blocks of features (letters, pairs of letters, k-mers, the language
   * model's), chosen and weighted by the table's own rows. `paper`: the language model's mean features, as published.
   */
  features?: 'blocks' | 'paper';
  /** Names of the blocks that are tried. Default: all that suit the table (see `model`). See `BLOCK_NAMES`. */
  blocks?: readonly string[];
  /** How weak the ridge is: chosen by the table's own rows (`evidence`, default for blocks) or as published (`paper`). */
  ridge?: 'evidence' | 'paper';
  /**
   * How designs are searched. `auto` (default for blocks): every sequence where there are few, else `discrete`. `bib` (default
   * for the paper's features): the published search. `discrete`: the same objective, letter by letter. `exhaustive`: all.
   */
  search?: 'auto' | 'bib' | 'discrete' | 'exhaustive';
  /**
   * How the plate is taken together from what was found. `lcb`: the largest lower bounds. `mean`: the best predicted. `ucb`:
   * the largest upper bounds. `thompson`: the best of posterior draws. `distance`, `determinant`: good and unlike each other.
   * See `BatchRule`. Default `lcb`; `mean` with the published ridge or mode `backward`.
   */
  batch?: BatchRuleName;

  /** Which mapping drives the design. Default `both`. See `BibOptions`. */
  mode?: 'both' | 'forward' | 'backward';
  /** Weight of the forward loss in mode `both`: `adaptive` (default) or fixed, 0 to 1. */
  gamma?: 'adaptive' | number;
  /** Search `bib`: where Adaptive-gamma takes its gradient. Default `current`. */
  gammaAt?: 'current' | 'lookahead';
  /**
   * Step size: `adaptive` (default) or fixed. Search `bib`: above 0 and at most 10. Else: letters changed at once, at least 1.
   */
  eta?: 'adaptive' | number;
  /** Search `bib`: whether an adaptive step size goes on (`accumulate`, default) or starts again each step (`restart`). */
  etaOver?: 'accumulate' | 'restart';
  /** Optimisation steps. Default 25; search `bib` on DNA: 100. */
  steps?: number;
  /** Candidates, each started at one of the best measured variants. Default 128. */
  starts?: number;
  /** Designs are the best of all sequences `visited` (default), or the candidates' `final` ones first, as in the paper. */
  take?: 'visited' | 'final';

  /**
   * How the finished designs are verified. `fobar`: forward-backward verification against the table (see `verifyCandidates`),
   * told beside them. Does not change the designs or their order. Default: not at all.
   */
  verify?: 'fobar';

  /** Worker threads. Default: the cores of the machine, at most 8. Does not change the designs. */
  workers?: number;
  /** Memory for remembered passes of the model, in bytes; 0 turns it off. Default 256 MiB. Does not change the designs. */
  memoBytes?: number;
  /** Bytes that the model may take; a model that needs more is refused before it is loaded. Default: half of the free memory. */
  memoryBytes?: number;
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
  features: oneOf('blocks', 'paper').default('blocks'),
  blocks: z
    .array(oneOf(...BLOCK_NAMES), { error: 'a list of names of blocks' })
    .min(1, { error: 'at least one name of a block' })
    .readonly()
    .optional(),
  ridge: oneOf('evidence', 'paper').optional(),
  search: oneOf('auto', 'bib', 'discrete', 'exhaustive').optional(),
  batch: oneOf(...BATCH_RULES).optional(),
  mode: oneOf('both', 'forward', 'backward').default('both'),
  gamma: adaptiveOr(0, 1, 'from 0 to 1').default('adaptive'),
  gammaAt: oneOf('current', 'lookahead').optional(),
  eta: adaptiveOr(Number.MIN_VALUE, 1000, 'above 0').default('adaptive'),
  etaOver: oneOf('accumulate', 'restart').optional(),
  steps: whole(1, 100_000).optional(),
  starts: whole(1, 100_000).default(128),
  take: oneOf('visited', 'final').default('visited'),
  verify: oneOf('fobar').optional(),
  workers: whole(1, 64).optional(),
  memoBytes: whole(0).default(256 * 2 ** 20),
  memoryBytes: whole(1).optional(),
});

type Parsed = z.output<typeof schema>;

/** Options with their defaults filled in; what depends on the table or the machine may still be open. */
export type CheckedRunOptions = Omit<
  Parsed,
  'steps' | 'ridge' | 'search' | 'batch' | 'gammaAt' | 'etaOver'
> & {
  steps: number;
  batch: BatchRuleName;
  ridge: 'evidence' | 'paper';
  search: 'auto' | 'bib' | 'discrete' | 'exhaustive';
  gammaAt: 'current' | 'lookahead';
  etaOver: 'accumulate' | 'restart';
};

/**
 * Checks the options once, where they enter, and fills in the defaults.
 * @param alphabet the table's; the number of steps depends on it
 * @throws InputError naming every option that is wrong
 */
export function checkRunOptions(options: DesignRunOptions, alphabet: Alphabet): CheckedRunOptions {
  const result = schema.safeParse(options);
  const faults = result.success
    ? contradictions(result.data)
    : result.error.issues.map((issue) => faultOf(issue, options));
  if (result.success && faults.length === 0) return withDefaults(result.data, alphabet);
  if (faults.length === 1) throw new InputError(faults[0]);
  throw new InputError({
    what: `${faults.length} options are wrong (${faults.map((fault) => formatFault(fault).replace(/\.$/, '')).join('; ')})`,
    fix: 'Correct them.',
  });
}

const searchOf = ({ search, features }: Parsed) => search ?? (features === 'paper' ? 'bib' : 'auto');
const ridgeOf = ({ ridge, features }: Parsed) => ridge ?? (features === 'paper' ? 'paper' : 'evidence');

function withDefaults(parsed: Parsed, alphabet: Alphabet): CheckedRunOptions {
  const search = searchOf(parsed);
  return {
    ...parsed,
    search,
    ridge: ridgeOf(parsed),
    batch:
      parsed.batch ??
      defaultBatchRule(parsed.mode === 'backward' ? 'backward' : 'prediction', ridgeOf(parsed) !== 'paper'),
    gammaAt: parsed.gammaAt ?? 'current',
    etaOver: parsed.etaOver ?? 'accumulate',
    steps: parsed.steps ?? (search === 'bib' ? defaultSteps(alphabet) : DISCRETE_STEPS),
  };
}

/** Steps of the discrete search where none are given. */
const DISCRETE_STEPS = 25;

/** Options that are right by themselves and cannot go together. */
function contradictions(parsed: Parsed): Fault[] {
  const { features, blocks, batch, eta, gammaAt, etaOver, model } = parsed;
  const search = searchOf(parsed);
  const faults: Fault[] = [];
  if (features === 'paper' && blocks !== undefined)
    faults.push({
      what: 'options features and blocks cannot go together',
      expected: "with features 'paper', the language model's mean features alone",
      got: `blocks ${blocks.join(',')}`,
      fix: 'Leave one of them out.',
    });
  if (features === 'blocks' && model !== undefined && blocks !== undefined && !blocks.some(isLmBlock))
    faults.push({
      what: 'no block reads the model that is named',
      expected: `one of ${LM_BLOCKS.join(', ')} among the blocks`,
      got: `blocks ${blocks.join(',')}`,
      fix: 'Leave the model out, or name such a block.',
    });
  if (ridgeOf(parsed) === 'paper' && batch !== undefined && needsPosterior(batch))
    faults.push({
      what: `batch ${batch} needs a proxy that knows how sure it is`,
      expected: "ridge 'evidence', or batch mean, distance or determinant",
      got: "ridge 'paper'",
    });
  if (typeof eta === 'number' && (search === 'bib' ? eta > 10 : eta < 1))
    faults.push({
      what: 'option eta is wrong',
      expected:
        search === 'bib'
          ? 'adaptive, or a number above 0 and at most 10'
          : `adaptive, or a number of letters of at least 1 (search ${search})`,
      got: `${eta}`,
    });
  for (const [name, value] of Object.entries({ gammaAt, etaOver }))
    if (value !== undefined && search !== 'bib')
      faults.push({
        what: `option ${name} is one of search bib`,
        expected: "search 'bib'",
        got: `search '${search}'`,
        fix: 'Leave it out.',
      });
  return faults;
}

function faultOf(issue: z.core.$ZodIssue, options: DesignRunOptions): Fault {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return {
      what: `there is no option '${key}'`,
      fix: `Did you mean '${closest(key, Object.keys(schema.shape))}'?`,
    };
  }
  const [name, index] = issue.path;
  const whole = options[name as keyof DesignRunOptions];
  const value: unknown =
    index === undefined ? whole : (whole as Record<string | number, unknown>)[index as number];
  return {
    what: `option ${String(name)} is wrong`,
    expected: issue.message,
    got: String(JSON.stringify(value) ?? value),
    ...suggestion(issue, value),
  };
}

/** The nearest of the choices, for a word. */
function suggestion(issue: z.core.$ZodIssue, value: unknown): Pick<Fault, 'fix'> {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return {};
  return { fix: `Did you mean '${closest(value, issue.values.map(String))}'?` };
}
