import type { CurvePoint } from '../lm/training/trainer.js';

/** Size of a drawing, in characters, axes not counted. */
export interface DrawingSize {
  /** Default 60. */
  width?: number;
  /** Default 12. */
  height?: number;
}

/** Marks of the two curves; where both fall on one place, held out is drawn. */
const [TRAINING, HELD_OUT] = ['·', 'o'];

/** Mean of the values that fall into each of `width` columns; NaN where there are none. */
function columnMeans(
  points: readonly (readonly [step: number, value: number])[],
  last: number,
  width: number,
): number[] {
  const sums = new Array<number>(width).fill(0);
  const counts = new Array<number>(width).fill(0);
  for (const [step, value] of points) {
    const column = Math.min(width - 1, Math.floor((step / Math.max(1, last)) * width));
    sums[column] += value;
    counts[column]++;
  }
  return sums.map((sum, column) => sum / counts[column]);
}

/**
 * A loss curve as text: perplexity (logarithmic) over steps, training as dots, held out as o. Columns hold means; the
 * ends of the axes are labelled.
 */
export function drawCurve(
  curve: readonly CurvePoint[],
  { width = 60, height = 12 }: DrawingSize = {},
): string {
  const of = (value: (point: CurvePoint) => number | undefined) =>
    curve.flatMap((point) => {
      const loss = value(point);
      return loss === undefined ? [] : [[point.step, loss] as const];
    });
  const last = curve.at(-1)?.step ?? 0;
  const training = columnMeans(
    of(({ trainLoss }) => trainLoss),
    last,
    width,
  );
  const heldOut = columnMeans(
    of(({ heldOutLoss }) => heldOutLoss),
    last,
    width,
  );
  const values = [...training, ...heldOut].filter(Number.isFinite);
  if (values.length === 0) return 'no step was taken';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const grid = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  const put = (losses: readonly number[], mark: string) =>
    losses.forEach((loss, column) => {
      if (!Number.isFinite(loss)) return;
      const share = high > low ? (loss - low) / (high - low) : 0;
      grid[Math.round((1 - share) * (height - 1))][column] = mark;
    });
  put(training, TRAINING);
  put(heldOut, HELD_OUT);
  const label = (loss: number) => Math.exp(loss).toFixed(2);
  const margin = Math.max(label(low).length, label(high).length);
  const rows = grid.map((cells, row) => {
    const text = row === 0 ? label(high) : row === height - 1 ? label(low) : '';
    return `${text.padStart(margin)} │${cells.join('').trimEnd()}`;
  });
  const axis = `${' '.repeat(margin)} └${'─'.repeat(width)}`;
  const steps = `${' '.repeat(margin)}  0${String(last).padStart(width - 1)}`;
  return [`perplexity: ${TRAINING} training, ${HELD_OUT} held out`, ...rows, axis, steps].join('\n');
}
