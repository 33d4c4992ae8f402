import { InputError, internal } from '../core/errors.js';

/** The network whose infinite-width limit is taken. */
export interface NtkOptions {
  /** Number of hidden ReLU layers; a linear read-out follows. Default 5 (six dense layers), as in BDI. */
  hiddenLayers?: number;
  /** Standard deviation of the weights, in units of 1/sqrt(fan-in). Default 1. */
  weightStd?: number;
  /** Standard deviation of the biases. Default 0: none. */
  biasStd?: number;
}

/** Kernels between two sets of inputs, [rows of X x rows of Y] row-major. */
export interface KernelPair {
  /** Covariance of the network's outputs at initialisation (neural network Gaussian process). */
  nngp: Float64Array;
  /** Neural tangent kernel: what gradient descent on the network does in function space. */
  ntk: Float64Array;
}

/** See {@link NtkKernel}. */
export interface KernelPoint {
  /** [m] The same numbers as those of `matrix`. */
  ntk: Float64Array;
  /**
   * Gradient in x, [width], of `sum_j c_j ntk(x, Y_j)`. The kernel has a ridge where x and Y_j are parallel (its slope
   * jumps); there the mean of the two sides is given.
   * @param cotangents c, [m]
   */
  vjp(cotangents: ArrayLike<number>): Float64Array;
}

/** The kernels of one architecture, and the tangent kernel's gradients in the inputs. All float64. */
export interface NtkKernel {
  /**
   * Kernels between all rows of X and all rows of Y.
   * @param X [n x width] row-major
   * @param Y [m x width] row-major
   */
  matrix(X: Float64Array, Y: Float64Array, width: number): KernelPair;
  /** The tangent kernel of an input with itself. */
  diagonal(x: Float64Array): number;
  /**
   * The tangent kernel of one input with all rows of Y, and the way back to the input.
   * @param Y [m x width] row-major
   */
  point(x: Float64Array, Y: Float64Array): KernelPoint;
  /** Gradient in x, [width], of `diagonal(x)`. */
  diagonalGradient(x: Float64Array): Float64Array;
}

interface Network {
  layers: number;
  /** Square of the weights' standard deviation. */
  w2: number;
  /** Square of the biases' standard deviation. */
  b2: number;
}

/**
 * The tangent kernel of a fully connected ReLU network of infinite width, in closed form by the arc-cosine recursion
 * (Cho and Saul, NeurIPS 2009; Jacot et al., NeurIPS 2018), in the parameterisation of `neural_tangents`:
 *
 * - first dense layer: `k = W^2 x.y / d + b^2`, `ntk = k`, and `q` alike for x with itself
 * - ReLU: `K = (sqrt(q q' - k^2) + (pi - t) k) / 2 pi`, `K' = (pi - t) / 2 pi`, t the angle with `cos t = k / sqrt(q q')`
 * - next dense layer: `ntk <- W^2 K' ntk + W^2 K + b^2`, `k <- W^2 K + b^2`, `q <- W^2 q / 2 + b^2`
 *
 * @throws InputError for a number of layers or a deviation that makes no sense
 */
export function createNtk(options: NtkOptions = {}): NtkKernel {
  const network = checkNetwork(options);
  return {
    matrix: (X, Y, width) => kernelMatrix(network, X, Y, width),
    diagonal: (x) => selfKernel(network, scaledDot(network, x, 0, x, 0, x.length)).ntk,
    point: (x, Y) => kernelPoint(network, x, Y),
    diagonalGradient(x) {
      const { slope } = selfKernel(network, 0);
      return x.map((value) => (slope * 2 * network.w2 * value) / x.length);
    },
  };
}

function checkNetwork({ hiddenLayers = 5, weightStd = 1, biasStd = 0 }: NtkOptions): Network {
  const fault = (name: string, expected: string, got: number) =>
    new InputError({ what: `option ${name} is wrong`, expected, got: String(got) });
  if (!Number.isInteger(hiddenLayers) || hiddenLayers < 0 || hiddenLayers > 1000) {
    throw fault('hiddenLayers', 'a whole number from 0 to 1000', hiddenLayers);
  }
  if (!(weightStd > 0 && weightStd < Infinity)) throw fault('weightStd', 'a number above 0', weightStd);
  if (!(biasStd >= 0 && biasStd < Infinity)) throw fault('biasStd', 'a number of at least 0', biasStd);
  return { layers: hiddenLayers, w2: weightStd ** 2, b2: biasStd ** 2 };
}

/** What the first dense layer makes of two inputs: `W^2 x.y / d + b^2`. */
function scaledDot(
  { w2, b2 }: Network,
  X: Float64Array,
  x: number,
  Y: Float64Array,
  y: number,
  width: number,
): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += X[x + j] * Y[y + j];
  return (w2 * sum) / width + b2;
}

/** The recursion for an input with itself; `slope` is d ntk / d q, which does not depend on q. */
function selfKernel({ layers, w2, b2 }: Network, q: number): { ntk: number; slope: number } {
  let [ntk, slope, qSlope] = [q, 1, 1];
  for (let layer = 0; layer < layers; layer++) {
    q = (w2 * q) / 2 + b2;
    qSlope = (w2 * qSlope) / 2;
    ntk = (w2 * ntk) / 2 + q;
    slope = (w2 * slope) / 2 + qSlope;
  }
  return { ntk, slope };
}

/** Norm after the first dense layer of each row, [rows]. */
function norms(network: Network, X: Float64Array, width: number): Float64Array {
  if (X.length % width !== 0) throw internal(`ntk: ${X.length} numbers are no rows of ${width}`);
  return Float64Array.from({ length: X.length / width }, (_, i) =>
    scaledDot(network, X, i * width, X, i * width, width),
  );
}

function kernelMatrix(network: Network, X: Float64Array, Y: Float64Array, width: number): KernelPair {
  const [qx, qy] = [norms(network, X, width), norms(network, Y, width)];
  const nngp = new Float64Array(qx.length * qy.length);
  const ntk = new Float64Array(nngp.length);
  for (let i = 0; i < qx.length; i++) {
    for (let j = 0; j < qy.length; j++) {
      const at = i * qy.length + j;
      const k = scaledDot(network, X, i * width, Y, j * width, width);
      [nngp[at], ntk[at]] = pairKernel(network, qx[i], qy[j], k);
    }
  }
  return { nngp, ntk };
}

/** sqrt(q q' - k^2): the sine of the angle times both norms. Rounding may make the radicand negative. */
const sine = (q: number, p: number, k: number): number => Math.sqrt(Math.max(q * p - k * k, 0));

/** The recursion for two inputs: [nngp, ntk]. */
function pairKernel({ layers, w2, b2 }: Network, q: number, p: number, k: number): [number, number] {
  let ntk = k;
  for (let layer = 0; layer < layers; layer++) {
    const root = sine(q, p, k);
    const share = (Math.PI - Math.atan2(root, k)) / (2 * Math.PI);
    k = w2 * (root / (2 * Math.PI) + share * k) + b2;
    ntk = w2 * share * ntk + k;
    q = (w2 * q) / 2 + b2;
    p = (w2 * p) / 2 + b2;
  }
  return [k, ntk];
}

function kernelPoint(network: Network, x: Float64Array, Y: Float64Array): KernelPoint {
  const width = x.length;
  const qy = norms(network, Y, width);
  const m = qy.length;
  const [q] = norms(network, x, width);
  const ntk = new Float64Array(m);
  const slopes = new Float64Array(2 * m);
  for (let j = 0; j < m; j++) {
    const k = scaledDot(network, x, 0, Y, j * width, width);
    [ntk[j], slopes[2 * j], slopes[2 * j + 1]] = pairSlopes(network, q, qy[j], k);
  }
  return {
    ntk,
    vjp(cotangents) {
      if (cotangents.length !== m) throw internal('ntk: one cotangent a row');
      const gradient = new Float64Array(width);
      let byNorm = 0;
      for (let j = 0; j < m; j++) {
        // dq/dx = 2 W^2 x / d and dk/dx = W^2 y / d
        const scale = (cotangents[j] * network.w2) / width;
        byNorm += 2 * scale * slopes[2 * j];
        const byRow = scale * slopes[2 * j + 1];
        for (let i = 0; i < width; i++) gradient[i] += byRow * Y[j * width + i];
      }
      return gradient.map((value, i) => value + byNorm * x[i]);
    },
  };
}

/**
 * ntk of {@link pairKernel}, d ntk / dq and d ntk / dk, carried forward layer by layer. With `root = sqrt(q p - k^2)`:
 * `dK/dk = K'`, `dK/dq = root / 4 pi q`, `dK'/dk = 1 / 2 pi root`, `dK'/dq = -k / 4 pi q root`.
 */
function pairSlopes(
  { layers, w2, b2 }: Network,
  q: number,
  p: number,
  k: number,
): [ntk: number, byQ: number, byK: number] {
  let ntk = k;
  // derivatives in the first layer's q and k, of q itself, of k and of ntk
  let qByQ = 1;
  let [kByQ, kByK] = [0, 1];
  let [ntkByQ, ntkByK] = [0, 1];
  for (let layer = 0; layer < layers; layer++) {
    const root = sine(q, p, k);
    const share = (Math.PI - Math.atan2(root, k)) / (2 * Math.PI);
    const valueSlope = q > 0 ? root / (4 * Math.PI * q) : 0;
    // on the ridge (root 0) the angle has no slope: the two sides cancel in the mean
    const shareByK = root > 0 ? 1 / (2 * Math.PI * root) : 0;
    const shareByQ = root > 0 ? -k / (4 * Math.PI * q * root) : 0;
    const [shareQ, shareK] = [shareByK * kByQ + shareByQ * qByQ, shareByK * kByK];
    const next = w2 * (root / (2 * Math.PI) + share * k) + b2;
    kByQ = w2 * (share * kByQ + valueSlope * qByQ);
    kByK = w2 * share * kByK;
    ntkByQ = w2 * (share * ntkByQ + shareQ * ntk) + kByQ;
    ntkByK = w2 * (share * ntkByK + shareK * ntk) + kByK;
    ntk = w2 * share * ntk + next;
    k = next;
    q = (w2 * q) / 2 + b2;
    qByQ = (w2 * qByQ) / 2;
    p = (w2 * p) / 2 + b2;
  }
  return [ntk, ntkByQ, ntkByK];
}
