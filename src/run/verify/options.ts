import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { InputError } from '../../core/errors.js';

/** Options of `verifyCandidates`. Everything may be left out. */
export interface VerifyOptions {
  /** Forward-backward verification; needs a table. Default: true, unless only `trlm` is asked for. */
  fobar?: boolean;
  /** Time-reversed language models. Default false. */
  trlm?: boolean;
  /** By which the candidates are ranked. Default `fobar` if it is run. */
  rankBy?: 'fobar' | 'trlm';
  /** Whether larger (default) or smaller scores of the table are better. */
  direction?: 'max' | 'min';
  /** Seed of every random draw. Default 0. */
  seed?: number | string;
  /** Worker threads for language models. Default: the cores of the machine, at most 8. */
  workers?: number;

  /** FOBAR: weight of the forward share, 0 to 1. Default 0.5. */
  alpha?: number;
  /** FOBAR: smoothing of the backward share. Default 1e-8. */
  eps?: number;
  /** FOBAR: forward chains, bootstraps of the proxy. Default 10. */
  chains?: number;
  /** FOBAR: candidates that each chain votes for. Default: a quarter of them. */
  best?: number;
  /** FOBAR: what is hidden. Default `scores`. */
  hide?: 'scores' | 'residues' | 'both';
  /** FOBAR: things hidden for each candidate, of each kind. Default 8. */
  hidden?: number;
  /** FOBAR: masked language model that recovers residues. Default: the alphabet's embedded model. */
  model?: string;

  /** TRLM: weight of the reverse model, at least 0. Default 1. */
  trlmAlpha?: number;
  /** TRLM: causal models by name or folder. Default: the alphabet's embedded pair. */
  forwardModel?: string;
  reverseModel?: string;
  /** TRLM: first and last position of the designed region, in the table's numbering. Default: all that varies. */
  region?: readonly [number, number];
  /** TRLM: what the reverse model is asked for. Default `left-flank`, as published. */
  recall?: 'left-flank' | 'whole';
  /** TRLM: the strand of a DNA that is read. Default `given`. */
  strand?: 'given' | 'reverse-complement' | 'both';
}

const whole = (min: number) => {
  const error = `a whole number of at least ${min}`;
  return z.int({ error }).min(min, { error });
};
const between = (min: number, max: number, error: string) =>
  z.number({ error }).min(min, { error }).max(max, { error });
const oneOf = <const T extends readonly string[]>(...choices: T) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` });
const model = z.string({ error: 'a name or a folder' }).min(1, { error: 'a name or a folder' }).optional();
const seed = z.custom<number | string>(
  (value) => Number.isSafeInteger(value) || (typeof value === 'string' && value !== ''),
  { error: 'a whole number or a text' },
);
const region = z.custom<readonly [number, number]>(
  (value) =>
    Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger) && value[0] <= value[1],
  { error: 'the first and the last position' },
);

const schema = z.strictObject({
  fobar: z.boolean().optional(),
  trlm: z.boolean().default(false),
  rankBy: oneOf('fobar', 'trlm').optional(),
  direction: oneOf('max', 'min').default('max'),
  seed: seed.default(0),
  workers: whole(1).max(64, { error: 'a whole number from 1 to 64' }).optional(),
  alpha: between(0, 1, 'a number from 0 to 1').default(0.5),
  eps: between(0, 1, 'a number from 0 to 1').default(1e-8),
  chains: whole(1).max(1000, { error: 'a whole number from 1 to 1000' }).default(10),
  best: whole(1).optional(),
  hide: oneOf('scores', 'residues', 'both').default('scores'),
  hidden: whole(1).default(8),
  model,
  trlmAlpha: between(0, 1e6, 'a number of at least 0').default(1),
  forwardModel: model,
  reverseModel: model,
  region: region.optional(),
  recall: oneOf('left-flank', 'whole').default('left-flank'),
  strand: oneOf('given', 'reverse-complement', 'both').default('given'),
});

/** Options with their defaults filled in. */
export type CheckedVerifyOptions = Omit<z.output<typeof schema>, 'fobar' | 'rankBy'> & {
  fobar: boolean;
  rankBy: 'fobar' | 'trlm';
};

/**
 * Checks the options once, where they enter, and fills in the defaults.
 * @throws InputError naming the first option that is wrong
 */
export function checkVerifyOptions(options: VerifyOptions): CheckedVerifyOptions {
  const result = schema.safeParse(options);
  if (!result.success) throw faultOf(result.error.issues[0], options);
  const { trlm } = result.data;
  const fobar = result.data.fobar ?? !trlm;
  if (!fobar && !trlm) throw contradiction('there is nothing to verify by', 'fobar or trlm');
  const rankBy = result.data.rankBy ?? (fobar ? 'fobar' : 'trlm');
  if (!{ fobar, trlm }[rankBy])
    throw contradiction(`option rankBy is ${rankBy}, which is not run`, fobar ? 'fobar' : 'trlm');
  return { ...result.data, fobar, rankBy };
}

function contradiction(what: string, expected: string): InputError {
  return new InputError({ what, expected });
}

function faultOf(issue: z.core.$ZodIssue, options: VerifyOptions): InputError {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const near = closest(key, Object.keys(schema.shape));
    return new InputError({ what: `there is no option '${key}'`, fix: `Did you mean '${near}'?` });
  }
  const name = String(issue.path[0]);
  const value = options[name as keyof VerifyOptions];
  return new InputError({
    what: `option ${name} is wrong`,
    expected: issue.message,
    got: String(JSON.stringify(value) ?? value),
  });
}
