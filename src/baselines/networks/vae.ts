import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Value } from '../../graph/types.js';
import { constantParameters } from '../../lm/architecture/parameters.js';
import type { Parameters } from '../../lm/architecture/parameters.js';
import { createSession } from '../../runtime/session.js';
import type { InputShape } from './architecture.js';
import { createTrainer, weightSource } from './trainer.js';
import type { Weights } from './trainer.js';

/** Sizes of a variational autoencoder, and how it is trained. */
export interface VaeOptions {
  /** Dimensions of the latent space. */
  latent: number;
  /** Width of the one hidden layer of encoder and decoder. */
  hidden: number;
  epochs: number;
  batch: number;
  learningRate: number;
}

/** Weighted one-hot sequences. */
export interface VaeData {
  /** [N x positions*channels] one-hot */
  x: Float32Array;
  /** [N] at least 0, not all 0. */
  weights: ArrayLike<number>;
  input: InputShape;
}

/** A decoder: latent points to the logarithms of letter probabilities. */
export interface Decoder {
  /** @param z [B x latent] @returns [B x positions*channels] log probabilities, normalised at each position */
  logProbabilities(z: Float32Array): Promise<Float64Array>;
  release(): Promise<void>;
}

function dense(g: GraphBuilder, p: Parameters, x: Value, name: string, from: number, to: number): Value {
  return g.add(g.matMul(x, p.tensor(`${name}.weight`, [from, to])), p.tensor(`${name}.bias`, [1, to]));
}

/** ELU, the activation of the published code: `relu(x) + exp(-relu(-x)) - 1`. */
function elu(g: GraphBuilder, x: Value): Value {
  const positive = g.unary('Relu', x);
  const negative = g.unary('Exp', g.neg(g.unary('Relu', g.neg(x))));
  return g.add(positive, g.sub(negative, g.scalar(1, x)));
}

/** [B x latent] to [B x positions x channels] log probabilities. */
function decode(g: GraphBuilder, p: Parameters, z: Value, input: InputShape, options: VaeOptions): Value {
  const { positions, channels } = input;
  const h = elu(g, dense(g, p, z, 'decode', options.latent, options.hidden));
  const logits = dense(g, p, h, 'letters', options.hidden, positions * channels);
  return g.logSoftmax(g.reshape(logits, ['B', positions, channels]));
}

/**
 * Trains a variational autoencoder (Kingma and Welling, ICLR 2014) of independent letters by Adam on the weighted evidence
 * lower bound, `sum_i w_i (-log p(x_i | z_i) + KL_i) / sum_i w_i` in each batch.
 * @param start weights to go on from; absent: drawn from the seed
 * @returns the trained weights
 */
export async function trainVae(
  data: VaeData,
  options: VaeOptions,
  random: Random,
  { start, signal }: { start?: Weights; signal?: AbortSignal } = {},
): Promise<Weights> {
  const width = data.input.positions * data.input.channels;
  const N = data.weights.length;
  const trainer = await createTrainer(
    (g, p) => ({ loss: evidenceLoss(g, p, data.input, options) }),
    random.fork('weights'),
    {
      learningRate: options.learningRate,
      weights: start && new Map([...start].map(([k, v]) => [k, v.slice()])),
    },
  );
  const source = random.fork('rows');
  const noise = random.fork('noise');
  const order = Array.from({ length: N }, (_, i) => i);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    throwIfAborted(signal);
    source.shuffle(order);
    for (let from = 0; from < N; from += options.batch) {
      const rows = order.slice(from, from + options.batch);
      await trainer.step(batchFeeds(data, rows, width, options.latent, noise));
    }
  }
  await trainer.release();
  return trainer.weights;
}

function evidenceLoss(g: GraphBuilder, p: Parameters, input: InputShape, options: VaeOptions): Value {
  const { positions, channels } = input;
  const x = g.input('x', 'float32', ['B', positions * channels]);
  const share = g.input('share', 'float32', ['B']);
  const epsilon = g.input('epsilon', 'float32', ['B', options.latent]);
  const h = elu(g, dense(g, p, x, 'encode', positions * channels, options.hidden));
  const mean = dense(g, p, h, 'mean', options.hidden, options.latent);
  const logVariance = dense(g, p, h, 'variance', options.hidden, options.latent);
  const z = g.add(mean, g.mul(epsilon, g.unary('Exp', g.scale(logVariance, 0.5))));
  const logP = decode(g, p, z, input, options);
  const letters = g.reshape(x, ['B', positions, channels]);
  const reconstruction = g.neg(g.reduceSum(g.mul(letters, logP), [1, 2]));
  const inner = g.sub(
    g.add(g.mul(mean, mean), g.unary('Exp', logVariance)),
    g.add(logVariance, g.scalar(1, logVariance)),
  );
  const divergence = g.scale(g.reduceSum(inner, [1]), 0.5);
  return g.reduceSum(g.mul(share, g.add(reconstruction, divergence)), [0]);
}

function batchFeeds(
  { x, weights }: VaeData,
  rows: readonly number[],
  width: number,
  latent: number,
  noise: Random,
) {
  const B = rows.length;
  const batch = new Float32Array(B * width);
  rows.forEach((row, b) => batch.set(x.subarray(row * width, (row + 1) * width), b * width));
  const total = rows.reduce((sum, row) => sum + weights[row], 0);
  const share = Float32Array.from(rows, (row) => (total > 0 ? weights[row] / total : 0));
  const epsilon = Float32Array.from({ length: B * latent }, () => noise.normal());
  return {
    x: { data: batch, shape: [B, width] },
    share: { data: share, shape: [B] },
    epsilon: { data: epsilon, shape: [B, latent] },
  };
}

/** Compiles the decoder of trained weights. */
export async function compileDecoder(
  weights: Weights,
  input: InputShape,
  options: VaeOptions,
): Promise<Decoder> {
  const g = new GraphBuilder();
  const p = constantParameters(g, weightSource(weights));
  const z = g.input('z', 'float32', ['B', options.latent]);
  const session = await createSession(serialise(g.build({ logP: decode(g, p, z, input, options) })));
  return {
    async logProbabilities(points) {
      const shape = [points.length / options.latent, options.latent];
      const { logP } = await session.run({ z: { data: points, shape } });
      return Float64Array.from(logP.data as Float32Array);
    },
    release: () => session.release(),
  };
}
