import type { Random } from '../core/random.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/types.js';
import type { Parameters } from '../lm/architecture/parameters.js';
import { SCORE_FEATURES } from './score-condition.js';

/** Sizes of the denoising network. */
export interface NetworkShape {
  /** Positions that it sees. */
  positions: number;
  /** A, letters at each. */
  letters: number;
  /** Width of the hidden layer. */
  hidden: number;
  /** Residual blocks. */
  blocks: number;
}

/** Numbers that say how noisy a state is: see {@link noiseFeatures}. */
export const NOISE_FEATURES = 8;

/** Inputs of the network as values of a graph, all of one element type. */
export interface NetworkInputs {
  /** [B x positions*letters] `2 alpha z / sigma^2`, the log-likelihood of each letter given its own position alone. */
  evidence: Value;
  /** [B x NOISE_FEATURES] */
  noise: Value;
  /** [B x SCORE_FEATURES] */
  score: Value;
}

/** `cos` and `sin` of 1, 2, 4 and 8 times the angle `t = atan2(sigma, alpha)`. */
export function noiseFeatures(angle: number): number[] {
  return [1, 2, 4, 8].flatMap((k) => [Math.cos(k * angle), Math.sin(k * angle)]);
}

/**
 * The denoiser: log probabilities of the clean letters, [B x positions x letters].
 *
 * With independent uniform letters the posterior of a letter given `z = alpha x + sigma eps`, x being -1 and 1, is
 * `softmax(2 alpha z / sigma^2)` exactly. The network sees that posterior, which says all that z says of the letters, and
 * adds to its logarithm what letters say of one another and the score says of letters.
 */
export function letterLogProbabilities(
  g: GraphBuilder,
  p: Parameters,
  { evidence, noise, score }: NetworkInputs,
  { positions, letters, hidden, blocks }: NetworkShape,
): Value {
  const width = positions * letters;
  const rows = g.reshape(evidence, ['B', positions, letters]);
  const own = g.reshape(g.softmax(rows), ['B', width]);
  const situation = silu(
    g,
    g.add(
      dense(g, p, noise, 'noise', NOISE_FEATURES, hidden),
      dense(g, p, score, 'score', SCORE_FEATURES, hidden),
    ),
  );
  let h = dense(g, p, own, 'letters', width, hidden);
  for (let block = 0; block < blocks; block++) {
    const inner = g.add(
      dense(g, p, norm(g, p, h, `block${block}.norm`, hidden), `block${block}.in`, hidden, hidden),
      dense(g, p, situation, `block${block}.situation`, hidden, hidden),
    );
    h = g.add(h, dense(g, p, silu(g, inner), `block${block}.out`, hidden, hidden));
  }
  const last = silu(
    g,
    g.add(norm(g, p, h, 'norm', hidden), dense(g, p, situation, 'situation', hidden, hidden)),
  );
  const learned = g.reshape(dense(g, p, last, 'out', hidden, width), ['B', positions, letters]);
  return g.logSoftmax(g.add(rows, learned));
}

/** `x sigmoid(x)`, written by tanh: the runtime fuses the usual form into an op that float64 does not have. */
function silu(g: GraphBuilder, x: Value): Value {
  const gate = g.unary('Tanh', g.scale(x, 0.5));
  return g.scale(g.add(x, g.mul(x, gate)), 0.5);
}

function norm(g: GraphBuilder, p: Parameters, x: Value, name: string, width: number): Value {
  return g.layerNorm(x, p.tensor(`${name}.scale`, [width]), p.tensor(`${name}.bias`, [width]), 1e-5);
}

function dense(g: GraphBuilder, p: Parameters, x: Value, name: string, from: number, to: number): Value {
  return g.add(g.matMul(x, p.tensor(`${name}.weight`, [from, to])), p.tensor(`${name}.bias`, [to]));
}

/**
 * Weights to start from: Glorot's uniform draws, scales 1, biases 0, and an output of 0, so that the untrained network
 * is the exact denoiser of independent uniform letters.
 */
export function initialWeights(
  shapes: ReadonlyMap<string, readonly number[]>,
  random: Random,
): Map<string, Float32Array> {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const weight = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name.endsWith('.scale')) return [name, weight.fill(1)];
      if (name.endsWith('.bias') || name === 'out.weight') return [name, weight];
      const range = Math.sqrt(6 / (shape[0] + shape[1]));
      return [name, weight.map(() => range * (2 * random.uniform() - 1))];
    }),
  );
}
