import { LM_BLOCKS } from '../design/lm-block-names.js';
import type { LmBlock } from '../design/lm-block-names.js';

/**
 * Blocks that a table can be learned by. Letters at the designed positions (`onehot`), what they are like (`physchem`,
 * `similarity`; proteins), pairs of them (`pairs`, `similarity-pairs`), in how many letters
 * sequences differ (`neighbours`; proteins, up to 1,024 rows), how a variant
 * differs from its parent (`substitutions`), which letters stand a distance apart anywhere (`motif-pairs`; protein libraries
 * of 10 positions and more that have no parent), how often short words occur (`kmers-K`), how often
 * letters stand a distance apart (`spaced-pairs`; DNA), and a language model's `lm-mean`, `lm-sites` and `llr`.
 */
export const BLOCK_NAMES = [
  ...['onehot', 'physchem', 'similarity', 'pairs', 'similarity-pairs', 'neighbours'],
  ...['substitutions', 'motif-pairs'],
  ...['kmers-1', 'kmers-2', 'kmers-3', 'kmers-4', 'spaced-pairs'],
  ...LM_BLOCKS,
] as const;

export function isLmBlock(name: string): name is LmBlock {
  return LM_BLOCKS.some((known) => known === name);
}
