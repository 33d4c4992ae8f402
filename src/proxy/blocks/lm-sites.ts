import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Sequence } from '../../core/alphabet.js';
import { InputError, throwIfAborted } from '../../core/errors.js';
import type { FeatureMap, OneHotGradients } from '../../core/feature-map.js';
import type { Random } from '../../core/random.js';
import { dot } from '../linear-algebra.js';

/** A language model's last hidden state at given positions, with gradients to letters. */
export interface ResidueFeatureMap {
  /** H, numbers a position. */
  readonly width: number;
  readonly key: string;
  /** @returns [B x P x H] row-major, P the number of positions */
  residues(
    sequences: readonly Sequence[],
    positions: readonly number[],
    signal?: AbortSignal,
  ): Promise<Float32Array | Float64Array>;
  /**
   * d<v, residues>/d onehot for K cotangents a sequence.
   * @param cotangents [B x K x P x H]
   * @returns [B x K x L x A]
   */
  vjp(
    sequences: readonly Sequence[],
    positions: readonly number[],
    cotangents: Float64Array,
    K: number,
    signal?: AbortSignal,
  ): Promise<OneHotGradients>;
}

/** Options of {@link lmSites}. */
export interface LmSitesOptions {
  /** Largest number of components. Default 256. */
  components?: number;
  /** Share of the variance that may be left out. Default 1e-6. */
  leftOut?: number;
  /** Rows that the components are fitted to, drawn by the seed. Default 400; the cost is their number cubed. */
  rows?: number;
  signal?: AbortSignal;
}

/** Features and how much they leave out. */
export interface LmSites {
  map: FeatureMap;
  /** Share of the variance over the rows that the components leave out. */
  error: number;
}

/** Sequences per call of the model. */
const BATCH = 64;

/**
 * The last hidden state at the designed positions, side by side [P H], reduced by an exact PCA: the principal components of
 * the measured rows' states, from the eigenvectors of their centred inner products (as many as there are rows at most, so
 * that nothing the rows span is lost but what `leftOut` allows).
 * @throws InputError when the states of all rows are the same
 */
export async function lmSites(
  residues: ResidueFeatureMap,
  positions: readonly number[],
  sequences: readonly Sequence[],
  random: Random,
  options: LmSitesOptions = {},
): Promise<LmSites> {
  const { components = 256, leftOut = 1e-6, rows = 400, signal } = options;
  const use = random.shuffle([...sequences]).slice(0, rows);
  const W = positions.length * residues.width;
  const states = new Float64Array(use.length * W);
  for (let from = 0; from < use.length; from += BATCH) {
    throwIfAborted(signal);
    states.set(await residues.residues(use.slice(from, from + BATCH), positions, signal), from * W);
  }
  const { mean, axes, error } = principalAxes(states, use.length, W, components, leftOut);
  const D = axes.length;
  const map: FeatureMap = {
    width: D,
    key: `lm-sites/${residues.key}/${positions.join(',')}/${fingerprint(axes)}`,
    async features(asked, stop) {
      const raw = await residues.residues(asked, positions, stop);
      const phi = new Float64Array(asked.length * D);
      for (let b = 0; b < asked.length; b++) {
        const centred = Float64Array.from(mean, (value, j) => raw[b * W + j] - value);
        axes.forEach((axis, d) => (phi[b * D + d] = dot(axis, centred)));
      }
      return phi;
    },
    async vjp(asked, cotangents, K, stop) {
      const copies = asked.length * K;
      const pulled = new Float64Array(copies * W);
      for (let c = 0; c < copies; c++) {
        axes.forEach((axis, d) => {
          const v = cotangents[c * D + d];
          for (let j = 0; j < W; j++) pulled[c * W + j] += v * axis[j];
        });
      }
      return residues.vjp(asked, positions, pulled, K, stop);
    },
  };
  return { map, error };
}

/** Mean and principal axes [components][W] of rows [n x W]. */
function principalAxes(states: Float64Array, n: number, W: number, components: number, leftOut: number) {
  const mean = new Float64Array(W);
  for (let i = 0; i < n; i++) for (let j = 0; j < W; j++) mean[j] += states[i * W + j] / n;
  for (let i = 0; i < n; i++) for (let j = 0; j < W; j++) states[i * W + j] -= mean[j];
  const row = (i: number) => states.subarray(i * W, (i + 1) * W);
  const gram = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const value = dot(row(i), row(j));
      gram.set(i, j, value);
      gram.set(j, i, value);
    }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const total = realEigenvalues.reduce((sum, value) => sum + Math.max(0, value), 0);
  if (!(total > 0)) {
    throw new InputError({
      what: "the model's states at the designed positions are the same for all measured rows",
      expected: 'states that differ',
      fix: 'Leave the block lm-sites out.',
    });
  }
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const axes: Float64Array[] = [];
  let left = total;
  for (const index of order) {
    const value = realEigenvalues[index];
    if (axes.length === components || left <= leftOut * total || value <= 1e-12 * total) break;
    const axis = new Float64Array(W);
    for (let i = 0; i < n; i++) {
      const share = eigenvectorMatrix.get(i, index) / Math.sqrt(value);
      for (let j = 0; j < W; j++) axis[j] += share * states[i * W + j];
    }
    axes.push(axis);
    left -= value;
  }
  return { mean, axes, error: Math.max(0, left) / total };
}

/** Tells different axes apart in keys. */
function fingerprint(axes: readonly Float64Array[]): string {
  return axes.map((axis) => axis[0].toPrecision(12)).join(';');
}
