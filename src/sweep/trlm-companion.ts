import { z } from 'zod';
import { decode } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { createPool } from '../runtime/pool.js';
import type { Task } from '../tasks/index.js';
import { openPair, rankByTrlm, rankingOf, variedRegion } from '../verify/index.js';
import { BATCH_POOL } from '../design/batch-rules.js';
import { defineCompanion } from './companion.js';
import { between, oneOf, text, whole } from './settings-schema.js';

const own = z.strictObject({
  /** Weight of the reverse model; 0 is the forward ranking, exactly. */
  alpha: between(0, 1_000_000).default(1),
  /** What the reverse model is asked for: the published left flank, or the whole sequence. */
  recall: oneOf('left-flank', 'whole').default('left-flank'),
  /** Strand of a DNA that is read. */
  strand: oneOf('given', 'reverse-complement', 'both').default('given'),
  /** Causal models by name or folder; null: the alphabet's embedded pair. */
  forwardModel: text.nullable().default(null),
  reverseModel: text.nullable().default(null),
  /** How many of the best are ranked anew. */
  shortlist: whole(1, 100_000).default(BATCH_POOL),
});

type Own = z.output<typeof own>;

const pairOf = ({ forwardModel, reverseModel }: Own) => ({
  forward: forwardModel ?? undefined,
  reverse: reverseModel ?? undefined,
});

/**
 * Re-ranking by a time-reversed pair as a rule: of the best that the search found the designs are those whose region the
 * pair of language models holds best, whatever the proxy says.
 */
export const trlmCompanion = defineCompanion({
  name: 'trlm',
  module: import.meta.url,
  own,
  fixed: { batchRule: 'mean' },
  memoryBytes: 300 * 2 ** 20,
  async dependencies(settings, alphabet): Promise<Record<string, string>> {
    const { forward, reverse } = await openPair(alphabet, pairOf(settings));
    return { forwardModel: forward.sha256, reverseModel: reverse.sha256 };
  },
  async prepare(settings, { task, signal }) {
    requireFlank(task, settings);
    const { alpha, recall, strand, shortlist } = settings;
    const pair = await openPair(task.alphabet, pairOf(settings), signal);
    return {
      chooser: {
        shortlist,
        async choose({ run: { count }, sequences }) {
          const texts = sequences.map((sequence) => decode(task.alphabet, sequence));
          const region = regionOf(task, texts);
          const pool = createPool(1);
          try {
            const request = { ...pair, sequences: texts, region, alpha, recall, strand, pool, signal };
            const order = rankingOf(await rankByTrlm(request));
            return {
              chosen: order.slice(0, count),
              notes: [
                `ranked the best ${texts.length} by ${pair.forward.name} and ${pair.reverse.name}, region ` +
                  `${region.from + 1}-${region.to} of ${task.length}`,
              ],
            };
          } finally {
            await pool.close();
          }
        },
      },
    };
  },
});

/** All that varies between the sequences of the task that are known. */
function regionOf({ alphabet, measured, wildType }: Task, texts: readonly string[]) {
  const known = [...measured.sequences, ...(wildType === null ? [] : [wildType])];
  return variedRegion([...texts, ...known.map((sequence) => decode(alphabet, sequence))]);
}

/** @throws InputError where the reverse model would be asked for a flank that is not there */
function requireFlank({ name, designable }: Task, { alpha, recall }: Own): void {
  const before = designable === null ? 0 : Math.min(...designable);
  if (before > 0 || recall === 'whole' || alpha === 0) return;
  throw new InputError({
    what: `the sequences of the task ${name} begin with what is designed, so there is no left flank for the reverse model to recall`,
    expected: 'a task whose designed region stands in a parent',
    got: 'recall left-flank',
    fix: 'Set recall to whole, alpha to 0 (the forward model alone), or name the tasks of this method.',
  });
}
