import { InputError, internal } from '../core/errors.js';

/** The measured set as the proxy needs it: sums whose size does not depend on N. All float64. */
export interface Gram {
  /** D, number of features. */
  readonly width: number;
  /** N, number of measured rows summed. */
  readonly rows: number;
  /** G = Phi^T Phi, [D x D] row-major, symmetric. */
  readonly G: Float64Array;
  /** b = Phi^T y, [D]. */
  readonly b: Float64Array;
  /** y^T y. */
  readonly yy: number;
  /** tr(G) = tr(Phi Phi^T). */
  readonly trace: number;
}

/** Sums G, b and y^T y in one pass over batches of rows. */
export interface GramAccumulator {
  /**
   * Adds rows.
   * @param phi [B x D] row-major features
   * @param y [B] standardised scores
   * @throws InputError when a feature is not finite
   */
  add(phi: Float32Array | Float64Array, y: ArrayLike<number>): void;
  /** The sums so far; more rows may follow. The result does not depend on how the rows were cut into batches. */
  finish(): Gram;
}

/** Rows summed at a time: four rows share one pass over G, which is bound by memory, not by arithmetic. */
const BLOCK = 4;

/** An empty {@link GramAccumulator} for features of width D. */
export function createGramAccumulator(width: number): GramAccumulator {
  const upper = new Float64Array(width * width);
  const b = new Float64Array(width);
  const block = new Float64Array(BLOCK * width);
  let filled = 0;
  let rows = 0;
  let yy = 0;
  return {
    add(phi, y) {
      if (phi.length !== y.length * width) {
        throw internal(`gram: ${phi.length} features for ${y.length} rows of width ${width}`);
      }
      for (let row = 0; row < y.length; row++) {
        copyFinite(phi, row * width, block, filled * width, width, rows + 1);
        for (let j = 0; j < width; j++) b[j] += y[row] * block[filled * width + j];
        yy += y[row] * y[row];
        rows++;
        if (++filled === BLOCK) {
          addBlock(upper, block, width);
          filled = 0;
        }
      }
    },
    finish() {
      const G = upper.slice();
      // zero rows pad the open block, so the sums are those of the rows alone
      addBlock(G, block.slice().fill(0, filled * width), width);
      return { width, rows, G: mirror(G, width), b: b.slice(), yy, trace: traceOf(G, width) };
    },
  };
}

function copyFinite(
  from: Float32Array | Float64Array,
  fromOffset: number,
  to: Float64Array,
  toOffset: number,
  width: number,
  row: number,
): void {
  for (let j = 0; j < width; j++) {
    const value = from[fromOffset + j];
    if (!Number.isFinite(value)) {
      throw new InputError({
        what: `feature ${j + 1} of measured row ${row} is not finite`,
        expected: 'finite features',
        got: `${value}`,
        fix: 'The model gives no usable features for this sequence; check the model and the row.',
      });
    }
    to[toOffset + j] = value;
  }
}

/** upper(G) += X^T X for four rows X. */
function addBlock(G: Float64Array, x: Float64Array, width: number): void {
  const [r1, r2, r3] = [width, 2 * width, 3 * width];
  for (let i = 0; i < width; i++) {
    const [a0, a1, a2, a3] = [x[i], x[r1 + i], x[r2 + i], x[r3 + i]];
    const row = i * width;
    for (let j = i; j < width; j++) {
      G[row + j] += a0 * x[j] + a1 * x[r1 + j] + a2 * x[r2 + j] + a3 * x[r3 + j];
    }
  }
}

function mirror(G: Float64Array, width: number): Float64Array {
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) G[i * width + j] = G[j * width + i];
  return G;
}

function traceOf(G: Float64Array, width: number): number {
  let trace = 0;
  for (let i = 0; i < width; i++) trace += G[i * width + i];
  return trace;
}
