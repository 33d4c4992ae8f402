export { type DirectedModel, directedModel } from './directed-model.js';
export { type Region, variedRegion } from './flanks.js';
export { openPair, type PairNames } from './open-pair.js';
export { bestOfN, type BestOfNOptions, type DrawnRegion } from './sample.js';
export { type ModelPair, rankByTrlm, type Strand, type TrlmRankOptions } from './rank.js';
export {
  type Candidate,
  type DirectedPair,
  policyOver,
  rankingOf,
  type Recall,
  scoreTrlm,
  type TrlmOptions,
  type TrlmScore,
} from './score.js';
