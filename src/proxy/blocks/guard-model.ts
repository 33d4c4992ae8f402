import type { AvoidedPairs } from './avoided-pairs.js';
import { withAvoidedPairs } from './avoided-pairs.js';
import type { ChosenModel } from './choose-model.js';
import type { Learned } from './learn.js';

/** A model one of whose blocks counts the pairs of neighbouring letters that the table avoids. */
export interface GuardedModel {
  model: ChosenModel;
  /**
   * Puts into the learned weights what no row can teach: an avoided pair costs as much as lies between the best and the
   * worst measured score on the working scale. In place.
   * @param range of the working scores, standardised
   * @returns whether it could: the block has to have a weight
   */
  believe(learned: Learned, range: number): boolean;
}

/** Counts the avoided pairs beside the block that most members use, the first of several. */
export function guardModel(model: ChosenModel, avoided: AvoidedPairs): GuardedModel {
  const { used, members } = model;
  const uses = used.map((_, b) => members.filter(({ blocks }) => blocks.includes(b)).length);
  const guard = uses.indexOf(uses.reduce((most, count) => Math.max(most, count), 0));
  const column = used.slice(0, guard + 1).reduce((sum, { map }) => sum + map.width, 0);
  return {
    model: {
      ...model,
      used: used.map((block, b) =>
        b === guard ? { ...block, map: withAvoidedPairs(block.map, avoided) } : block,
      ),
    },
    believe({ weights, blockWeights, moments }, range) {
      const factor = Math.sqrt(blockWeights[guard]) * moments.scales[guard];
      if (!(factor > 0)) return false;
      weights[column] = -range / factor;
      return true;
    },
  };
}
