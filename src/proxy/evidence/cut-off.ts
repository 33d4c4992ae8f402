import { quantile } from '../../stats/index.js';

/** A table's top tenth of the scores that spans less than this many times what the tenth below it spans was cut off. */
const THINNING = 1.5;

/**
 * Whether the scores end where they are still dense, as those of a table that was cut off at a score: what is to be found
 * then lies above everything measured. Of a random draw the upper tail thins out instead. The top tenth is compared with the
 * tenth below it: scores spread evenly give 1, a density that falls in a straight line to its end 2.4, an exponential
 * tail of 384 scores about 5.
 */
export function isCutOff(scores: ArrayLike<number>): boolean {
  const [below, above, top] = [0.8, 0.9, 1].map((share) => quantile(scores, share));
  return top - above < THINNING * (above - below);
}
