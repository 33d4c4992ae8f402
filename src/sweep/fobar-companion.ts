import { z } from 'zod';
import { verifyByTable } from '../verify/index.js';
import { BATCH_POOL } from '../design/batch-rules.js';
import { defineCompanion } from './companion.js';
import { between, whole } from './settings-schema.js';

/**
 * Forward-backward verification as a rule: the best that the search found are verified against the measured rows, as
 * `biseq verify --fobar` does, and the designs are the best by the combination. Its proxy is a fit of its own.
 */
export const fobarCompanion = defineCompanion({
  name: 'fobar',
  module: import.meta.url,
  own: z.strictObject({
    /** Weight of the forward share: 1 is votes alone, 0 recoveries alone; ties go to the higher predicted score. */
    alpha: between(0, 1).default(0.5),
    /** Forward chains, bootstraps of the proxy. */
    chains: whole(1, 1000).default(10),
    /** Designs that each chain votes for; null: as many as are asked for. */
    best: whole(1).nullable().default(null),
    /** Measured scores hidden for each design. */
    hidden: whole(1, 1000).default(8),
    /** How many of the best are verified. */
    shortlist: whole(1, 100_000).default(BATCH_POOL),
  }),
  fixed: { batchRule: 'mean' },
  memoryBytes: 200 * 2 ** 20,
  dependencies: async () => ({}),
  prepare: async ({ alpha, chains, best, hidden, shortlist }) => ({
    chooser: {
      shortlist,
      async choose({ run: { task, count, random, signal }, sequences }) {
        const { alphabet, measured, designable } = task;
        const { order, spread, notes } = await verifyByTable({
          measured: { alphabet, ...measured },
          candidates: sequences,
          positions: designable ?? undefined,
          chains,
          options: { alpha, best: best ?? count, hidden },
          random: random.fork('fobar'),
          signal,
        });
        const counts = `${spread.min} to ${spread.max} of ${hidden} hidden scores recovered, mean ${spread.mean.toFixed(2)}`;
        return {
          chosen: order.slice(0, count),
          notes: [`verified the best ${sequences.length}: ${counts}`, ...notes],
        };
      },
    },
  }),
});
