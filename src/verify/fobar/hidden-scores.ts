import { type Alphabet, hammingDistance, type Sequence } from '../../core/alphabet.js';
import { reverseComplement } from '../../core/dna.js';
import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import type { BlocksFit } from '../../proxy/blocks/fit-blocks.js';
import { collapseRows } from '../../proxy/evidence/groups.js';
import { applyLinear } from '../../proxy/head.js';
import { type Bearing, createRefit, type Refit } from './refit.js';

/** A table of measured variants. */
export interface MeasuredScores {
  alphabet: Alphabet;
  sequences: readonly Sequence[];
  /** In the user's units; larger is better. */
  scores: ArrayLike<number>;
  /** Standard deviation of each row's replicates in the user's units, null where there is one measurement. Default none. */
  spreads?: readonly (number | null)[];
}

/** What {@link hideScores} works on. */
export interface HiddenScoresRequest {
  measured: MeasuredScores;
  /** Fitted to the same measured rows. */
  fit: BlocksFit;
  candidates: readonly Sequence[];
  /** Rows hidden for each candidate, the nearest. */
  neighbours: number;
  /** Most rows of the refits; of larger tables a seeded sample. */
  rows: number;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** One row hidden for one candidate. */
export interface HiddenScore {
  /** Index of the row in the given table (the first of rows that count as one). */
  row: number;
  /** Hamming distance to the candidate, of the nearer strand; infinite for another length. */
  distance: number;
  /** The measured score, in the user's units. */
  score: number;
  /** What the others and the candidate say, in the user's units. */
  predicted: number;
  /** What the others say without the candidate. */
  predictedWithout: number;
  /** Whether the prediction is near enough to the measured score. */
  recovered: boolean;
  /** Whether it would be without the candidate. */
  recoveredWithout: boolean;
}

/** The backward direction for one candidate. */
export interface HiddenScores {
  /** Predicted score, in the user's units. */
  predicted: number;
  /** Predictions by each of the fit's bootstraps, on the working scale. */
  chains: Float64Array;
  hidden: HiddenScore[];
}

/** Candidates whose features are computed at a time. */
const CHUNK = 256;

/**
 * Hides, for each candidate, the measured scores of the rows nearest to it, one at a time: the ridge regression on the
 * fit's features is made without the row and with the candidate at its predicted score ({@link createRefit}), and asked
 * for the hidden score. It is recovered within the spread of the row's replicates or, where there are none, within half of
 * the root mean square leave-one-out residual. Nearest is by Hamming distance, equally near rows by the distance of their
 * features; a row that is the candidate itself is never hidden.
 * @throws CancelledError when the signal fires
 */
export async function hideScores(request: HiddenScoresRequest): Promise<HiddenScores[]> {
  const { fit, candidates, neighbours, signal } = request;
  const known = await prepareRows(request);
  const D = fit.featureMap.width;
  const out: HiddenScores[] = [];
  for (let from = 0; from < candidates.length; from += CHUNK) {
    throwIfAborted(signal);
    const chunk = candidates.slice(from, from + CHUNK);
    const features = await fit.featureMap.features(chunk, signal);
    for (const [b, candidate] of chunk.entries()) {
      const phi = Float64Array.from(features.subarray(b * D, (b + 1) * D));
      const prediction = fit.head.predict(phi);
      const bearing = known.refit.bearing(phi);
      out.push({
        predicted: fit.scale.toUserUnits(prediction),
        chains: Float64Array.from(fit.auxiliary.heads, (head) => applyLinear(head, phi)),
        hidden: nearestRows(known, candidate, bearing, neighbours).map((near) =>
          hideOne(known, near, bearing, prediction),
        ),
      });
    }
    request.onProgress?.(out.length, candidates.length);
    // a long loop of arithmetic; let timers and signals through
    await new Promise((resolve) => setImmediate(resolve));
  }
  return out;
}

/** The rows of the refits, equivalent ones as one. */
interface KnownRows {
  sequences: readonly Sequence[];
  /** Index in the given table. */
  rows: readonly number[];
  bothStrands: boolean;
  /** User's units. */
  scores: Float64Array;
  spreads: readonly (number | null)[];
  /** Working scale. */
  y: Float64Array;
  refit: Refit;
  toUserUnits: (z: number) => number;
}

async function prepareRows({
  measured,
  fit,
  rows: most,
  random,
  signal,
}: HiddenScoresRequest): Promise<KnownRows> {
  const { sequences, scores, classOfRow, bothStrands } = collapseRows(
    measured.alphabet,
    measured.sequences,
    measured.scores,
  );
  const order = sequences.map((_, i) => i);
  const use = (most < order.length ? random.shuffle(order).slice(0, most) : order).sort((a, b) => a - b);
  const shown = use.map((i) => sequences[i]);
  const used = Float64Array.from(use, (i) => scores[i]);
  const y = used.map((score) => fit.scale.fromUserUnits(score));
  const phi = Float64Array.from(await fit.featureMap.features(shown, signal));
  const spreads = spreadsOfClasses(measured, classOfRow, sequences.length);
  const first = new Int32Array(sequences.length).fill(-1);
  classOfRow.forEach((c, row) => {
    if (first[c] < 0) first[c] = row;
  });
  return {
    sequences: shown,
    rows: use.map((i) => first[i]),
    bothStrands,
    scores: used,
    spreads: use.map((i) => spreads[i]),
    y,
    refit: createRefit({ phi, y, noise: fit.posterior.noise }),
    toUserUnits: fit.scale.toUserUnits,
  };
}

/** Root mean square of the spreads of the rows that count as one; null where none says anything. */
function spreadsOfClasses(
  { spreads }: MeasuredScores,
  classOfRow: Uint32Array,
  classes: number,
): (number | null)[] {
  const squares = new Float64Array(classes);
  const counts = new Uint32Array(classes);
  spreads?.forEach((spread, row) => {
    if (spread === null || !(spread > 0)) return;
    squares[classOfRow[row]] += spread ** 2;
    counts[classOfRow[row]]++;
  });
  return Array.from(squares, (square, c) => (counts[c] > 0 ? Math.sqrt(square / counts[c]) : null));
}

interface Near {
  /** Index among the known rows. */
  index: number;
  distance: number;
}

function nearestRows(known: KnownRows, candidate: Sequence, bearing: Bearing, count: number): Near[] {
  const other = known.bothStrands ? reverseComplement(candidate) : candidate;
  const near = known.sequences.map((sequence, index): Near => {
    if (sequence.length !== candidate.length) return { index, distance: Infinity };
    const distance = hammingDistance(sequence, candidate);
    return {
      index,
      distance: known.bothStrands ? Math.min(distance, hammingDistance(sequence, other)) : distance,
    };
  });
  return near
    .filter(({ distance }) => distance > 0)
    .sort(
      (a, b) =>
        compare(a.distance, b.distance) ||
        compare(bearing.distance[a.index], bearing.distance[b.index]) ||
        a.index - b.index,
    )
    .slice(0, count);
}

/** Not by subtraction, which two infinities do not survive. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

function hideOne(
  known: KnownRows,
  { index, distance }: Near,
  bearing: Bearing,
  prediction: number,
): HiddenScore {
  const { refit, scores, rows } = known;
  const predicted = refit.predictHidden(index, bearing, prediction);
  return {
    row: rows[index],
    distance,
    score: scores[index],
    predicted: known.toUserUnits(predicted),
    predictedWithout: known.toUserUnits(refit.leftOut[index]),
    recovered: isRecovered(known, index, predicted),
    recoveredWithout: isRecovered(known, index, refit.leftOut[index]),
  };
}

function isRecovered(
  { spreads, scores, y, refit, toUserUnits }: KnownRows,
  index: number,
  z: number,
): boolean {
  const spread = spreads[index];
  if (spread !== null) return Math.abs(toUserUnits(z) - scores[index]) <= spread;
  return Math.abs(z - y[index]) <= refit.deviation / 2;
}
