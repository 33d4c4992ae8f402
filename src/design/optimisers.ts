/** An optimiser's step: the direction u to subtract, times the step size, from the parameters, and the next state. */
export interface OptimiserStep<State> {
  direction: Float64Array;
  state: State;
}

/**
 * An optimiser as a pure value, free of a step size: `theta <- theta - eta u`. State is passed, never hidden.
 */
export interface Optimiser<State> {
  init(size: number): State;
  update(gradient: Float64Array, state: State): OptimiserStep<State>;
}

/** Adam's moments after `count` updates. */
export interface AdamState {
  m: Float64Array;
  v: Float64Array;
  count: number;
}

/** Constants of {@link adam}. */
export interface AdamOptions {
  /** Decay of the first moment. Default 0.9. */
  beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
}

/**
 * Adam (Kingma and Ba, arXiv 1412.6980): `u = m^ / (sqrt(v^) + epsilon)` with bias-corrected moments. Entries whose
 * gradient was always 0 have direction 0.
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimiser<AdamState> {
  return {
    init: (size) => ({ m: new Float64Array(size), v: new Float64Array(size), count: 0 }),
    update(gradient, state) {
      const count = state.count + 1;
      const m = state.m.map((value, i) => beta1 * value + (1 - beta1) * gradient[i]);
      const v = state.v.map((value, i) => beta2 * value + (1 - beta2) * gradient[i] * gradient[i]);
      const [correctM, correctV] = [1 - beta1 ** count, 1 - beta2 ** count];
      const direction = m.map((value, i) => value / correctM / (Math.sqrt(v[i] / correctV) + epsilon));
      return { direction, state: { m, v, count } };
    },
  };
}

/** Plain gradient descent: u is the gradient. */
export const sgd: Optimiser<null> = {
  init: () => null,
  update: (gradient) => ({ direction: gradient.slice(), state: null }),
};

/** An optimiser together with its state, so that optimisers with different states are used alike. */
export interface RunningOptimiser {
  next(gradient: Float64Array): { direction: Float64Array; next: RunningOptimiser };
}

/** Starts an optimiser on `size` parameters. */
export function start<State>(optimiser: Optimiser<State>, size: number): RunningOptimiser {
  return running(optimiser, optimiser.init(size));
}

function running<State>(optimiser: Optimiser<State>, state: State): RunningOptimiser {
  return {
    next(gradient) {
      const step = optimiser.update(gradient, state);
      return { direction: step.direction, next: running(optimiser, step.state) };
    },
  };
}
