import { internal } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { vjp } from '../../graph/autodiff.js';
import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Value } from '../../graph/types.js';
import { inputParameters } from '../../lm/architecture/parameters.js';
import type { Parameters, WeightSource } from '../../lm/architecture/parameters.js';
import { gradientName } from '../../lm/training/loss-graph.js';
import { adamW } from '../../lm/training/optimiser.js';
import { createSession } from '../../runtime/session.js';
import type { Feeds, TensorValue } from '../../runtime/session.js';

/** Weights of a network by name. */
export type Weights = Map<string, Float32Array>;

/** A loss over graph inputs and parameters, with what else shall come out of each step. */
export interface LossDefinition {
  /** Scalar. */
  loss: Value;
  outputs?: Readonly<Record<string, Value>>;
}

/** Options of {@link createTrainer}. */
export interface TrainerOptions {
  /** Adam's step size. */
  learningRate: number;
  /** Decoupled weight decay. Default 0. */
  weightDecay?: number;
  /** Weights to start from. Default: Glorot's, drawn from the seed. */
  weights?: Weights;
}

/** A network in training. */
export interface Trainer {
  /** The weights as they stand. */
  readonly weights: Weights;
  /** One Adam step (betas 0.9, 0.999) on a batch; gives `loss` and the other outputs. */
  step(feeds: Feeds): Promise<Record<string, TensorValue>>;
  release(): Promise<void>;
}

/**
 * Compiles a loss with its gradients in all parameters, weights being inputs, and trains it.
 * @param define writes the loss; it declares its own inputs
 */
export async function createTrainer(
  define: (g: GraphBuilder, parameters: Parameters) => LossDefinition,
  random: Random,
  { learningRate, weightDecay = 0, weights: given }: TrainerOptions,
): Promise<Trainer> {
  const g = new GraphBuilder();
  const parameters = inputParameters(g);
  const { loss, outputs = {} } = define(g, parameters);
  const declared = [...parameters.declared];
  const gradients = vjp(
    g,
    [{ output: loss, cotangent: g.scalar(1, loss) }],
    declared.map(([, value]) => value),
  );
  const named = declared.map(([name], i) => [gradientName(name), gradients[i]] as const);
  const session = await createSession(serialise(g.build({ loss, ...outputs, ...Object.fromEntries(named) })));
  const shapes = new Map(declared.map(([name, { shape }]) => [name, shape as number[]]));
  const weights = given ?? glorotWeights(shapes, random);
  const optimiser = adamW(weights, { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay });
  let steps = 0;
  return {
    weights,
    async step(feeds) {
      const held = [...weights].map(([name, data]) => [name, { data, shape: shapes.get(name) ?? [] }]);
      const results = await session.run({ ...feeds, ...(Object.fromEntries(held) as Feeds) });
      const slopes = declared.map(
        ([name]) => [name, results[gradientName(name)].data as Float32Array] as const,
      );
      await optimiser.step(weights, new Map(slopes), ++steps, learningRate);
      return results;
    },
    release: () => session.release(),
  };
}

/**
 * Matrices drawn from Glorot's uniform distribution, `U(-r, r)` with `r = sqrt(6 / (in + out))`, biases 0 (Keras' default).
 * @param shapes [... x in x out] by name; names of biases end in `.bias`
 */
export function glorotWeights(shapes: ReadonlyMap<string, readonly number[]>, random: Random): Weights {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const weight = new Float32Array(shape.reduce((a, b) => a * b, 1));
      const [from, to] = shape.slice(-2);
      const range = Math.sqrt(6 / (from + to));
      if (!name.endsWith('.bias'))
        for (let i = 0; i < weight.length; i++) weight[i] = range * (2 * random.uniform() - 1);
      return [name, weight];
    }),
  );
}

/** Trained weights as what a graph's constants are read from. */
export function weightSource(weights: Weights): WeightSource {
  return {
    read(name) {
      const weight = weights.get(name);
      if (weight === undefined) throw internal(`the trained network has no weight ${name}`);
      return weight;
    },
  };
}
