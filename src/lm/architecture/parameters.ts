import type { GraphBuilder } from '../../graph/builder.js';
import type { ExternalLocation, Value } from '../../graph/types.js';

/** Where a model's builder gets its weights from: constants of a checkpoint, or inputs of a training graph. */
export interface Parameters {
  /**
   * The weight of that canonical name; asking twice gives the same value.
   * @throws ModelError when a checkpoint lacks it or holds another shape
   */
  tensor(name: string, shape: readonly number[]): Value;
}

/** A checkpoint's weights by canonical name. */
export interface WeightSource {
  /** @throws ModelError when a weight is missing, of another shape or not finite */
  read(name: string, shape: readonly number[]): Float32Array;
  /** Where a weight lies, if graphs shall leave it in its file; null to hold a copy. */
  locate?(name: string, shape: readonly number[]): ExternalLocation | null;
}

/** Weights as constants of the graph. */
export function constantParameters(g: GraphBuilder, weights: WeightSource): Parameters {
  return remembered((name, shape) => {
    const location = weights.locate?.(name, shape);
    return location
      ? g.externalConstant(location, shape, name)
      : g.constant(weights.read(name, shape), shape, name);
  });
}

/** Weights as graph inputs, for training. `declared` collects them in the order in which the builder asks. */
export function inputParameters(
  g: GraphBuilder,
): Parameters & { readonly declared: ReadonlyMap<string, Value> } {
  const declared = new Map<string, Value>();
  const parameters = remembered((name, shape) => {
    const value = g.input(name, 'float32', shape);
    declared.set(name, value);
    return value;
  });
  return { ...parameters, declared };
}

function remembered(make: (name: string, shape: readonly number[]) => Value): Parameters {
  const known = new Map<string, Value>();
  return {
    tensor(name, shape) {
      const value = known.get(name) ?? make(name, shape);
      known.set(name, value);
      return value;
    },
  };
}
