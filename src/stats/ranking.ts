import { internal } from '../core/errors.js';
import { requireFinite, requirePaired, type Values } from './check.js';
import { averageRanks, descendingOrder } from './ranks.js';

/**
 * Normalised discounted cumulative gain with linear gains and discount `1 / log2(place + 1)`, as scikit-learn's
 * `ndcg_score` (Järvelin and Kekäläinen, ACM TOIS 2002). Entries with equal predictions share their mean gain (McSherry
 * and Najork, ECIR 2008), so the result does not depend on their order. 0 where no entry has a gain.
 * @param gains [n] true relevances, not negative
 * @param predicted [n] scores that rank them
 * @param k only the first k places count; default: all
 */
export function ndcg(gains: Values, predicted: Values, k = gains.length): number {
  requirePaired(gains, predicted, 'ndcg');
  if (!(k >= 1)) throw internal(`ndcg: k = ${k}`);
  for (let i = 0; i < gains.length; i++) if (gains[i] < 0) throw internal('ndcg: a negative gain');
  const ideal = tieAveragedGain(gains, gains, k);
  return ideal === 0 ? 0 : tieAveragedGain(gains, predicted, k) / ideal;
}

const discountAt = (place: number, k: number): number => (place < k ? 1 / Math.log2(place + 2) : 0);

function tieAveragedGain(gains: Values, predicted: Values, k: number): number {
  const order = descendingOrder(predicted);
  let sum = 0;
  for (let start = 0; start < order.length;) {
    let [end, gain, discount] = [start, 0, 0];
    for (; end < order.length && predicted[order[end]] === predicted[order[start]]; end++) {
      gain += gains[order[end]];
      discount += discountAt(end, k);
    }
    sum += (gain / (end - start)) * discount;
    start = end;
  }
  return sum;
}

/** How many entries carry the label. @throws an internal error for a label that is not 0 or 1 */
function positives(labels: ArrayLike<number | boolean>, predicted: Values): number {
  if (labels.length !== predicted.length) throw internal('labels and predictions differ in number');
  requireFinite(predicted, 'labels');
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    if (Number(labels[i]) !== 0 && Number(labels[i]) !== 1) throw internal(`label ${labels[i]}`);
    count += Number(labels[i]);
  }
  return count;
}

/**
 * Area under the ROC curve: the chance that a positive entry is ranked above a negative one, ties counted half
 * (Mann-Whitney). NaN where all labels are the same.
 * @param labels [n] 1 or true for positive
 */
export function rocAuc(labels: ArrayLike<number | boolean>, predicted: Values): number {
  const P = positives(labels, predicted);
  const N = labels.length - P;
  const ranks = averageRanks(predicted);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i]) sum += ranks[i];
  return (sum - (P * (P + 1)) / 2) / (P * N);
}

/**
 * Average precision, `sum_n (R_n - R_{n-1}) P_n` over the distinct thresholds, without interpolation, as scikit-learn's
 * `average_precision_score`. 0 where no label is positive.
 * @param labels [n] 1 or true for positive
 */
export function averagePrecision(labels: ArrayLike<number | boolean>, predicted: Values): number {
  const P = positives(labels, predicted);
  if (P === 0) return 0;
  const order = descendingOrder(predicted);
  let [hits, sum] = [0, 0];
  for (let start = 0; start < order.length;) {
    let [end, here] = [start, 0];
    for (; end < order.length && predicted[order[end]] === predicted[order[start]]; end++) {
      here += Number(labels[order[end]]);
    }
    hits += here;
    sum += (here / P) * (hits / end);
    start = end;
  }
  return sum;
}

/**
 * Share of the truly best entries that are among the best predicted: of the k largest true values, how many are among
 * the k largest predictions, over k. Entries tied at the edge count by the share of them that fits (expected value over
 * orders of the ties).
 */
export function topRecall(truth: Values, predicted: Values, k: number): number {
  requirePaired(truth, predicted, 'topRecall');
  if (!Number.isInteger(k) || k < 1 || k > truth.length) throw internal(`topRecall: k = ${k}`);
  const [inTruth, inPredicted] = [topMembership(truth, k), topMembership(predicted, k)];
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += inTruth[i] * inPredicted[i];
  return sum / k;
}

/** [n] how surely each entry is among the k largest: 1, 0, or in between for ties at the edge. */
function topMembership(values: Values, k: number): Float64Array {
  const edge = values[descendingOrder(values)[k - 1]];
  let [above, tied] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] > edge) above++;
    else if (values[i] === edge) tied++;
  }
  const share = (k - above) / tied;
  return Float64Array.from(values, (value) => (value > edge ? 1 : value === edge ? share : 0));
}
