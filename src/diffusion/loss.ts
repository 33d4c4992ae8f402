import { vjp } from '../graph/autodiff.js';
import { GraphBuilder } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import { inputParameters } from '../lm/architecture/parameters.js';
import { gradientName } from '../lm/training/loss-graph.js';
import { createSession, type Feeds, type Session } from '../runtime/session.js';
import { letterLogProbabilities, NOISE_FEATURES, noiseFeatures, type NetworkShape } from './network.js';
import { noiseAngles } from './schedule.js';
import { SCORE_FEATURES } from './score-condition.js';
import type { Random } from '../core/random.js';

/** A compiled loss: `loss`, the mean cross-entropy of the clean letters in nats a position, and its gradients. */
export interface DenoisingLoss {
  readonly session: Session;
  /** Weights by name, in the order in which the network asks for them. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Compiles the loss. Since the mean of a one-hot letter is its probability, the network that minimises this cross-entropy
 * is also the denoiser of least squared error (Dieleman et al., arXiv 2211.15089).
 */
export async function compileLoss(shape: NetworkShape): Promise<DenoisingLoss> {
  const g = new GraphBuilder();
  const parameters = inputParameters(g);
  const { positions, letters } = shape;
  const evidence = g.input('evidence', 'float32', ['B', positions * letters]);
  const noise = g.input('noise', 'float32', ['B', NOISE_FEATURES]);
  const score = g.input('score', 'float32', ['B', SCORE_FEATURES]);
  const clean = g.input('clean', 'float32', ['B', positions, letters]);
  const logP = letterLogProbabilities(g, parameters, { evidence, noise, score }, shape);
  const perRow = g.scale(g.reduceSum(g.mul(clean, logP), [1, 2]), -1 / positions);
  const loss = g.reduceMean(perRow, [0]);
  const declared = [...parameters.declared];
  const gradients = vjp(
    g,
    [{ output: loss, cotangent: g.scalar(1, loss) }],
    declared.map(([, value]) => value),
  );
  const named = declared.map(([name], i) => [gradientName(name), gradients[i]] as const);
  return {
    session: await createSession(serialise(g.build({ loss, ...Object.fromEntries(named) }))),
    shapes: new Map(declared.map(([name, value]) => [name, value.shape as number[]])),
  };
}

/** Rows of one batch: relaxed sequences [B x D] and the features of their scores. */
export interface CleanBatch {
  x: Float64Array;
  scores: readonly (readonly number[])[];
}

/**
 * Noises a batch, each row to an angle of its own.
 * @param shares [B] places in [0, 1) between the least and the most noise; evenly spread ones make the loss less noisy
 */
export function noisedFeeds(
  { x, scores }: CleanBatch,
  { positions, letters }: NetworkShape,
  shares: ArrayLike<number>,
  random: Random,
): Feeds {
  const [B, D] = [scores.length, positions * letters];
  const [low, high] = noiseAngles();
  const evidence = new Float32Array(B * D);
  const clean = new Float32Array(B * D);
  const noise = new Float32Array(B * NOISE_FEATURES);
  for (let b = 0; b < B; b++) {
    const angle = low + (high - low) * shares[b];
    const [alpha, sigma] = [Math.cos(angle), Math.sin(angle)];
    noise.set(noiseFeatures(angle), b * NOISE_FEATURES);
    for (let k = b * D; k < (b + 1) * D; k++) {
      evidence[k] = (2 * alpha * (alpha * x[k] + sigma * random.normal())) / sigma ** 2;
      clean[k] = (x[k] + 1) / 2;
    }
  }
  return {
    evidence: { data: evidence, shape: [B, D] },
    noise: { data: noise, shape: [B, NOISE_FEATURES] },
    score: { data: Float32Array.from(scores.flat()), shape: [B, SCORE_FEATURES] },
    clean: { data: clean, shape: [B, positions, letters] },
  };
}
