import { requirePaired, type Values } from './check.js';
import { mean } from './descriptive.js';

/** Mean of the squared errors. */
export function meanSquaredError(truth: Values, predicted: Values): number {
  requirePaired(truth, predicted, 'meanSquaredError');
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (truth[i] - predicted[i]) ** 2;
  return sum / truth.length;
}

/** Mean of the absolute errors. */
export function meanAbsoluteError(truth: Values, predicted: Values): number {
  requirePaired(truth, predicted, 'meanAbsoluteError');
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += Math.abs(truth[i] - predicted[i]);
  return sum / truth.length;
}

/**
 * Coefficient of determination, `1 - sum (t - p)^2 / sum (t - mean t)^2`: 1 is perfect, 0 as good as the mean of the
 * truth, below 0 worse. Not finite where the truth is constant.
 */
export function rSquared(truth: Values, predicted: Values): number {
  requirePaired(truth, predicted, 'rSquared');
  const centre = mean(truth);
  let [residual, total] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    residual += (truth[i] - predicted[i]) ** 2;
    total += (truth[i] - centre) ** 2;
  }
  return 1 - residual / total;
}
