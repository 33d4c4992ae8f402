export type { Values } from './check.js';
export { kendallTauB, pearson, spearman } from './correlation.js';
export {
  lowerMedian,
  mean,
  median,
  populationStandardDeviation,
  quantile,
  standardDeviation,
  standardError,
  upperMedian,
} from './descriptive.js';
export {
  bootstrapInterval,
  type BootstrapOptions,
  CONFIDENCE,
  type Estimate,
  type Interval,
  meanInterval,
  pairedBootstrap,
  pairedDifference,
  wilsonInterval,
} from './intervals.js';
export { averagePrecision, ndcg, rocAuc, topRecall } from './ranking.js';
export { averageRanks } from './ranks.js';
export { meanAbsoluteError, meanSquaredError, rSquared } from './regression.js';
export { normalQuantile } from './normal.js';
export { studentTCdf, studentTQuantile } from './student-t.js';
