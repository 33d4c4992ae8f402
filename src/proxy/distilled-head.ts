import { z } from 'zod';
import { InputError, internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { vjp } from '../graph/autodiff.js';
import { type Graph, GraphBuilder } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import { distillationTerms } from '../lm/distill/distillation-graph.js';
import { type DistillConfig, distillSchema } from '../lm/distill/options.js';
import { feedsFor } from '../lm/training/batch.js';
import { gradientName } from '../lm/training/loss-graph.js';
import { adamW, learningRate } from '../lm/training/optimiser.js';
import { createSession, type Feeds, type Session } from '../runtime/session.js';
import { applyLinear, type LinearHead } from './head.js';
import { dot } from './linear-algebra.js';
import { momentsOf, softBins, type SoftBins, softenScore } from './soft-bins.js';

const schema = z.strictObject({
  /** K. */
  bins: z.int().min(4).max(256).default(24),
  steps: z.int().positive().default(300),
  /** Rows of a step, which the Sinkhorn term compares with one another. */
  batch: z.int().min(2).max(1024).default(64),
  learningRate: z.number().positive().default(0.3),
  /**
   * How features are scaled: `each` to the same variance, or all by one `common` factor, which keeps what weighted blocks
   * say of the features' worth.
   */
  scaling: z.enum(['each', 'common']).default('each'),
  /** Decoupled weight decay. */
  weightDecay: z.number().nonnegative().default(0.01),
  alpha: distillSchema.shape.alpha,
  beta: distillSchema.shape.beta,
  temperature: distillSchema.shape.temperature.default(1),
  epsilon: distillSchema.shape.epsilon,
  iterations: distillSchema.shape.iterations,
});

/** Options of {@link distillHeads}. */
export type DistilledHeadOptions = z.input<typeof schema>;

/** Sequences that an ensemble teaches by; more of them than were measured can be given. */
export interface DistillRows {
  /** [N x D] row-major. */
  phi: Float64Array;
  width: number;
  /** Scores of the first rows, in the unit of the heads; the rest was not measured. */
  y: ArrayLike<number>;
}

/**
 * One linear map from features to K soft bins. It follows the mean of an ensemble closely, and how far its members disagree
 * only roughly: logits linear in the features can move a distribution, not widen it freely.
 */
export interface DistilledHead {
  readonly bins: SoftBins;
  /** [K], of features phi [D]. */
  distribution(phi: ArrayLike<number>): Float64Array;
  /** Expected score, and its standard deviation without that of the bins' kernel; in the unit of the heads. */
  predict(phi: ArrayLike<number>): { mean: number; spread: number };
  /** [D] of the expected score, in phi: `factor_j sum_k W_jk p_k (c_k - mean)`. */
  gradient(phi: ArrayLike<number>): Float64Array;
}

/**
 * Distils an ensemble of heads into one (SinKD for scalar scores): a score is one output, whose Sinkhorn distance is
 * always 0, so scores become distributions over soft bins. The teacher's distribution of a row is the mean over the heads
 * of their softened predictions; the student is a linear map [D x K] with a softmax, trained by AdamW.
 * @throws InputError for options out of range, no heads or no rows
 */
export async function distillHeads(
  rows: DistillRows,
  heads: readonly LinearHead[],
  random: Random,
  options: DistilledHeadOptions = {},
): Promise<DistilledHead> {
  const settings = checkOptions(options);
  const { phi, width: D } = rows;
  const N = phi.length / D;
  if (!Number.isInteger(N)) throw internal(`${phi.length} features are no rows of ${D}`);
  if (heads.length === 0 || N < 2)
    throw new InputError({
      what: 'an ensemble cannot be distilled',
      expected: 'heads, and at least two rows to teach by',
      got: `${heads.length} heads, ${N} rows`,
    });
  const row = (i: number) => phi.subarray(i * D, (i + 1) * D);
  const taught = Array.from({ length: N }, (_, i) => heads.map((head) => applyLinear(head, row(i))));
  const bins = softBins([...taught.flat(), ...Array.from(rows.y)], settings.bins);
  const scale = scalingOf(phi, D, settings.scaling);
  const graph = headGraph(D, settings);
  const session = await createSession(serialise(graph));
  const run = (feeds: Feeds) => session.run(feedsFor(graph.inputs, feeds));
  try {
    const { W, b } = await fit({ rows, taught, bins, scale, run, random, settings });
    return headOf(bins, scale, W, b);
  } finally {
    await session.release();
  }
}

type Settings = z.output<typeof schema>;

function checkOptions(options: DistilledHeadOptions): Settings {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new InputError({ what: `option ${path.join('.')} of a distilled head is wrong: ${message}` });
}

interface Scale {
  centre: Float64Array;
  factor: Float64Array;
}

/** Centres and factors that give rows a mean squared norm of 1; 0 where a feature does not vary. */
function scalingOf(phi: Float64Array, D: number, scaling: Settings['scaling']): Scale {
  const N = phi.length / D;
  const centre = new Float64Array(D);
  phi.forEach((x, i) => (centre[i % D] += x / N));
  const squares = new Float64Array(D);
  phi.forEach((x, i) => (squares[i % D] += (x - centre[i % D]) ** 2));
  const whole = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / N);
  const factor = squares.map((sum, j) => {
    const deviation = Math.sqrt(sum / N);
    if (!(deviation > 1e-6 * Math.abs(centre[j]) + 1e-12)) return 0;
    return scaling === 'each' ? 1 / (deviation * Math.sqrt(D)) : 1 / whole;
  });
  return { centre, factor };
}

/** Loss and gradients of a batch of M rows. */
function headGraph(D: number, settings: Settings): Graph {
  const K = settings.bins;
  const config: DistillConfig = { ...settings, samples: settings.batch };
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', ['M', D]);
  const W = g.input('W', 'float32', [D, K]);
  const b = g.input('b', 'float32', [K]);
  const [teacher, labels] = ['teacher', 'labels'].map((name) => g.input(name, 'float32', ['M', K]));
  const weights = g.input('weights', 'float32', ['M', 1]);
  const samples = g.input('samples', 'int64', ['M']);
  const student = g.add(g.matMul(x, W), b);
  const { total } = distillationTerms(g, { student, teacher, labels, weights, samples }, config);
  const [dW, db] = vjp(g, [{ output: total, cotangent: g.scalar(1, total) }], [W, b]);
  return g.build({ [gradientName('W')]: dW, [gradientName('b')]: db });
}

interface Fit {
  rows: DistillRows;
  /** [N][heads] */
  taught: number[][];
  bins: SoftBins;
  scale: Scale;
  run: Session['run'];
  random: Random;
  settings: Settings;
}

/** Share of the steps in which the learning rate rises. */
const WARM_UP = 0.05;

async function fit({ rows, taught, bins, scale, run, random, settings }: Fit) {
  const { steps, weightDecay } = settings;
  const D = rows.width;
  const K = bins.centres.length;
  const x = Float32Array.from(rows.phi, (value, i) => (value - scale.centre[i % D]) * scale.factor[i % D]);
  const logits = taught.map((scores) => logMean(scores.map((score) => softenScore(bins, score))));
  const labels = Array.from(rows.y, (score) => softenScore(bins, score));
  const [W, b] = [new Float32Array(D * K), new Float32Array(K)];
  const weights = new Map([
    ['W', W],
    ['b', b],
  ]);
  const optimiser = adamW(weights, { weightDecay });
  const order = Array.from(taught, (_, i) => i);
  const M = Math.min(settings.batch, order.length);
  let next = order.length;
  for (let step = 1; step <= steps; step++) {
    if (next + M > order.length) {
      random.shuffle(order);
      next = 0;
    }
    const batch = order.slice(next, (next += M));
    const feeds = batchFeeds(batch, { x, D, K, logits, labels });
    const out = await run({
      ...feeds,
      W: { data: W, shape: [D, K] },
      b: { data: b, shape: [K] },
    });
    const gradients = new Map(['W', 'b'].map((name) => [name, out[gradientName(name)].data as Float32Array]));
    const rate = learningRate(step, steps, settings.learningRate, Math.ceil(WARM_UP * steps));
    await optimiser.step(weights, gradients, step, rate);
  }
  return { W, b };
}

/** log of the mean of distributions: logits whose softmax it is. */
function logMean(distributions: readonly Float64Array[]): Float64Array {
  return distributions[0].map((_, k) =>
    Math.log(distributions.reduce((sum, one) => sum + one[k], 0) / distributions.length + 1e-12),
  );
}

interface Data {
  x: Float32Array;
  D: number;
  K: number;
  logits: readonly Float64Array[];
  labels: readonly Float64Array[];
}

function batchFeeds(batch: readonly number[], { x, D, K, logits, labels }: Data) {
  const M = batch.length;
  const data = {
    x: new Float32Array(M * D),
    teacher: new Float32Array(M * K),
    labels: new Float32Array(M * K),
  };
  batch.forEach((i, m) => {
    data.x.set(x.subarray(i * D, (i + 1) * D), m * D);
    data.teacher.set(logits[i], m * K);
    if (i < labels.length)
      data.labels.set(
        labels[i].map((share) => share / M),
        m * K,
      );
  });
  return {
    x: { data: data.x, shape: [M, D] },
    teacher: { data: data.teacher, shape: [M, K] },
    labels: { data: data.labels, shape: [M, K] },
    weights: { data: new Float32Array(M).fill(1 / M), shape: [M, 1] },
    samples: { data: BigInt64Array.from(batch, (_, m) => BigInt(m)), shape: [M] },
  };
}

/** The head on the features as they come. */
function headOf(bins: SoftBins, { centre, factor }: Scale, W: Float32Array, b: Float32Array): DistilledHead {
  const [D, K] = [centre.length, bins.centres.length];
  // [K x D]: a bin's weights lie together
  const weights = Float64Array.from(
    { length: K * D },
    (_, i) => factor[i % D] * W[(i % D) * K + Math.floor(i / D)],
  );
  const biases = Float64Array.from(b, (bias, k) => bias - dot(weights.subarray(k * D, (k + 1) * D), centre));
  const distribution = (phi: ArrayLike<number>) => {
    const logits = affine(weights, biases, phi instanceof Float64Array ? phi : Float64Array.from(phi));
    const largest = logits.reduce((most, x) => Math.max(most, x), -Infinity);
    const shares = logits.map((logit) => Math.exp(logit - largest));
    const sum = shares.reduce((a, c) => a + c, 0);
    return shares.map((share) => share / sum);
  };
  return {
    ...{ bins, distribution, predict: (phi) => momentsOf(bins, distribution(phi)) },
    gradient(phi) {
      const p = distribution(phi);
      const { mean } = momentsOf(bins, p);
      const gradient = new Float64Array(D);
      for (let k = 0; k < K; k++) {
        const pull = p[k] * (bins.centres[k] - mean);
        for (let j = 0; j < D; j++) gradient[j] += pull * weights[k * D + j];
      }
      return gradient;
    },
  };
}

/** `weights x + biases`, weights [K x D]; two sums at a time, since a processor adds faster than one sum waits for itself. */
function affine(weights: Float64Array, biases: Float64Array, x: Float64Array): Float64Array {
  const D = x.length;
  const out = biases.slice();
  for (let k = 0; k < out.length; k += 2) {
    const one = k * D;
    // the last bin of an odd number is summed twice
    const other = Math.min(k + 1, out.length - 1) * D;
    let [a, b] = [0, 0];
    for (let j = 0; j < D; j++) {
      a += weights[one + j] * x[j];
      b += weights[other + j] * x[j];
    }
    out[k] += a;
    if (k + 1 < out.length) out[k + 1] += b;
  }
  return out;
}
