import { z } from 'zod';
import { BATCH_RULES } from '../design/batch-rules.js';
import { LM_BLOCKS } from '../design/lm-block-names.js';
import { oneOf, text, whole } from './settings-schema.js';

/** Settings of the proxy that a method searches, for every method that does not train a model of its own. */
export const proxySettings = (features: 'paper' | 'blocks') => ({
  /**
   * `paper`: mean features of a language model and the paper's ridge; `blocks`: evidence-weighted blocks; `ridge`: the
   * simple tool to beat, plain ridge regression on given blocks.
   */
  features: oneOf('paper', 'blocks', 'ridge').default(features),
  /** Names of closed-form blocks; null: with `blocks` all that suit the table, with `ridge` one-hot. */
  blocks: z.array(text, { error: 'a list of names of blocks' }).nullable().default(null),
  /** With `ridge`: the penalty chosen by leave-one-out, or the paper's weak one. */
  penalty: oneOf('loo', 'weak').default('loo'),
  /** With `blocks`: those of a language model that are tried too; null: `llr` where the task has a wild type. */
  lm: z
    .array(oneOf(...LM_BLOCKS), { error: `a list of ${LM_BLOCKS.join(', ')}` })
    .nullable()
    .default(null),
  /** With `blocks`: how many sets of blocks are averaged. */
  average: whole(1, 1000).default(10),
  /** With `blocks`: whether the scores may be transformed. */
  transforms: z.boolean({ error: 'true or false' }).default(true),
  /** The language model: an embedded one's name or a folder; null: the alphabet's embedded one. */
  model: text.nullable().default(null),
  /** Candidates, each started at one of the best measured sequences. */
  starts: whole(1, 100_000).default(128),
  /**
   * How the designs are taken together from what was found: `mean`, the best by the method's ranking; by lower bounds
   * (`lcb`), upper bounds (`ucb`) or posterior draws (`thompson`), which need `blocks`; unlike each other (`distance`,
   * `determinant`). null: `lcb` where `blocks` rank, else `mean`.
   */
  batchRule: oneOf(...BATCH_RULES)
    .nullable()
    .default(null),
  /** Where designs are taken from; null: what the method says. */
  take: oneOf('visited', 'final').nullable().default(null),
});

export type ProxySettings = z.output<z.ZodObject<ReturnType<typeof proxySettings>>>;

/**
 * Whether a language model may be read.
 * @param alphabet of the task; no task of DNA has a wild type
 */
export function needsModel(
  { features, lm }: ProxySettings,
  alphabet: 'dna' | 'protein' = 'protein',
): boolean {
  if (features !== 'blocks') return features === 'paper';
  return lm === null ? alphabet === 'protein' : lm.length > 0;
}
