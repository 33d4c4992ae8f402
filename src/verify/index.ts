export { type Combined, combineVotes, type CombineOptions, type Evidence } from './fobar/combine.js';
export {
  type FobarOptions,
  type FobarRequest,
  type FobarResult,
  type VerifiedCandidate,
  verifyByFobar,
} from './fobar/fobar.js';
export { hideResidues, type HiddenResidues, type HiddenResiduesRequest } from './fobar/hidden-residues.js';
export {
  hideScores,
  type HiddenScore,
  type HiddenScores,
  type HiddenScoresRequest,
  type MeasuredScores,
} from './fobar/hidden-scores.js';
export { type Bearing, createRefit, type Refit, type RefitData } from './fobar/refit.js';
export { type CountSpread, spreadOfCounts } from './fobar/spread.js';
export { type TableVerification, verifyByTable } from './fobar/verify-table.js';
export { forwardShares } from './fobar/votes.js';
export * from './trlm/index.js';
