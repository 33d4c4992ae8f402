import type { CellMetrics } from './record.js';

/** What cells can be compared by; see `CellMetrics`. */
export const METRICS = ['median', 'mean', 'max', 'lowerMedian', 'meanScore', 'topHits', 'distinct'] as const;

/** Name of a metric. */
export type Metric = (typeof METRICS)[number];

/** What tables and plots call a metric. */
export const METRIC_TITLES: Record<Metric, string> = {
  median: 'median (normalised)',
  mean: 'mean (normalised)',
  max: 'max (normalised)',
  lowerMedian: 'lower median (normalised)',
  meanScore: 'mean score',
  topHits: 'in the true top 100',
  distinct: 'distinct designs',
};

/** A metric's value, or null where the cell has none. */
export function valueOf(metrics: CellMetrics, metric: Metric): number | null {
  return metrics[metric];
}
