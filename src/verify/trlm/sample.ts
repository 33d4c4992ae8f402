import { z } from 'zod';
import { InputError } from '../../core/errors.js';
import { createRandom, type Random } from '../../core/random.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { compileGraph, poolFeeds } from '../../lm/runner.js';
import { markedProbabilityGraph } from '../../lm/score/graphs.js';
import { tokenise } from '../../lm/token-text.js';
import type { Pool } from '../../runtime/pool.js';
import { checkPair, fitting, type ModelPair, withPair } from './rank.js';
import { scoreTrlm, type TrlmScore } from './score.js';

const schema = z.object({
  length: z.int().positive(),
  count: z.int().positive(),
  keep: z.int().positive().optional(),
  temperature: z.number().positive().default(1),
  alpha: z.number().nonnegative().default(1),
  seed: z.union([z.int(), z.string()]).default(0),
});

/** Options of {@link bestOfN}. */
export interface BestOfNOptions extends ModelPair {
  /** Letters before the region, at least one: what the reverse model is asked for. */
  readonly leftFlank: string;
  /** Letters after it; default none. The draws do not see them, the scores do. */
  readonly rightFlank?: string;
  /** Letters of the region. */
  readonly length: number;
  /** N, regions drawn. */
  readonly count: number;
  /** Distinct regions kept, the best ones; default all. */
  readonly keep?: number;
  /** Divides the log-probabilities that are drawn from; default 1. */
  readonly temperature?: number;
  /** Weight of the reverse model in `score`, which does not change what is kept; default 1. */
  readonly alpha?: number;
  /** Default 0; the same seed gives the same regions. */
  readonly seed?: number | string;
  /** Default: a pool of its own, closed afterwards. */
  readonly pool?: Pool;
  readonly signal?: AbortSignal;
}

/** A region that was drawn. */
export interface DrawnRegion extends TrlmScore {
  readonly region: string;
  /** How often it was drawn. */
  readonly draws: number;
}

/**
 * Best of N: draws regions letter by letter from the forward model, given the left flank, and orders them by what the
 * reverse model says of the flank given the region, best first (equal ones in the order of their first draw).
 * @throws as `rankByTrlm`, and InputError without a left flank
 * @see TRLM, arXiv 2412.02626
 */
export async function bestOfN(options: BestOfNOptions): Promise<DrawnRegion[]> {
  const { length, count, keep = Infinity, temperature, alpha, seed } = checkOptions(options);
  const { leftFlank, rightFlank = '', signal } = options;
  const [{ leftFlank: left, rightFlank: right }] = fitting(options, [
    { leftFlank, region: 'X'.repeat(length), rightFlank },
  ]);
  return withPair(options, options.pool, async (pair, pool) => {
    const random = createRandom(seed);
    const streams = Array.from({ length: count }, (_, i) => random.fork(i));
    const drawn = await draw(options.forward, pool, { left, length, temperature, streams, signal });
    const counts = new Map<string, number>();
    for (const region of drawn) counts.set(region, (counts.get(region) ?? 0) + 1);
    const regions = [...counts.keys()];
    const candidates = regions.map((region) => ({ leftFlank: left, region, rightFlank: right }));
    const scores = await scoreTrlm(pair, candidates, { alpha, signal });
    return regions
      .map((region, i) => ({ region, draws: counts.get(region)!, ...scores[i] }))
      .sort((a, b) => b.reverse - a.reverse)
      .slice(0, keep);
  });
}

function checkOptions(options: BestOfNOptions): z.output<typeof schema> {
  checkPair(options);
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new InputError({ what: `options of best-of-N do not fit: ${faults.join('; ')}` });
  }
  if (options.leftFlank !== '') return parsed.data;
  throw new InputError({
    what: 'there is no left flank',
    expected: 'at least one letter, which the reverse model is asked for',
    got: 'none',
  });
}

interface DrawSettings {
  left: string;
  length: number;
  temperature: number;
  /** One generator a region, so that a draw does not depend on how many others there are. */
  streams: readonly Random[];
  signal?: AbortSignal;
}

/** Regions drawn from P_fw(letter | left flank and the letters before it)^(1/temperature), the letters of the alphabet alone. */
async function draw(
  model: LanguageModel,
  pool: Pool,
  { left, length, temperature, streams, signal }: DrawSettings,
): Promise<string[]> {
  const { alphabet, tokenizer } = model;
  const columns = tokenizer.letters.columns(alphabet, 1);
  const compiled = compileGraph(pool, model, () => markedProbabilityGraph(model), 'log_probability');
  const regions = streams.map(() => '');
  try {
    for (let i = 0; i < length; i++) {
      // Regions that are the same so far are read once.
      const texts = [...new Set(regions)];
      const rows = texts.map((region, r) => opening(model, `draw ${r + 1}`, left + region));
      const logs = new Map<string, Float64Array>();
      const mark = (row: number, weights: Float32Array) => (weights[rows[row].length - 1] = 1);
      await compiled.run(
        rows,
        ({ data, shape }, plan) =>
          plan.rows.forEach((row, b) => {
            const values = Float64Array.from(columns, (column) => Number(data[b * shape[2] + column]));
            logs.set(texts[row], values);
          }),
        { extra: poolFeeds({ means: 1, write: mark }), signal },
      );
      regions.forEach((region, r) => {
        const letter = drawLetter(logs.get(region)!, temperature, streams[r].uniform());
        regions[r] = region + alphabet.letters[letter];
      });
    }
  } finally {
    await compiled.release();
  }
  return regions;
}

/** Tokens of a text that goes on: no closing token. */
function opening(model: LanguageModel, id: string, text: string): Int32Array {
  const ids = tokenise(model, { id, text });
  return model.tokenizer.special.eos === null ? ids : ids.slice(0, -1);
}

/** Index drawn from exp(logs / temperature), normalised, by a uniform number. */
export function drawLetter(logs: Float64Array, temperature: number, uniform: number): number {
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((log) => Math.exp((log - largest) / temperature));
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}
