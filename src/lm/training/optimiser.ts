/** Named arrays of one model: weights, gradients or an optimiser's moments. */
export type Arrays = ReadonlyMap<string, Float32Array>;

/** An optimiser over named weights; it updates them in place. Its state is plain arrays, so that it can be stored. */
export interface Optimiser {
  readonly state: Arrays;
  /**
   * One step.
   * @param step 1-based number of the step (bias correction)
   * @param learningRate of this step
   */
  step(weights: Arrays, gradients: Arrays, step: number, learningRate: number): void | Promise<void>;
  /** Frees what it holds beside its state. */
  release?(): Promise<void>;
}

/** Options of AdamW. */
export interface AdamWOptions {
  /** Decay of the two moments; default [0.9, 0.98]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  epsilon?: number;
  /** Decoupled weight decay, on every weight; default 0.01. */
  weightDecay?: number;
}

/**
 * AdamW: w <- w (1 - lr decay) - lr mhat / (sqrt(vhat) + epsilon), moments in float32.
 * @param state moments of an interrupted training (`m:NAME`, `v:NAME`), or empty to start
 * @see Loshchilov and Hutter, ICLR 2019
 */
export function adamW(weights: Arrays, options: AdamWOptions = {}, state: Arrays = new Map()): Optimiser {
  const { betas: [beta1, beta2] = [0.9, 0.98], epsilon = 1e-8, weightDecay = 0.01 } = options;
  const moments = new Map<string, Float32Array>();
  for (const [name, weight] of weights) {
    for (const key of [`m:${name}`, `v:${name}`])
      moments.set(key, state.get(key) ?? new Float32Array(weight.length));
  }
  return {
    state: moments,
    step(weights, gradients, step, learningRate) {
      const correction1 = 1 - beta1 ** step;
      const correction2 = 1 - beta2 ** step;
      for (const [name, gradient] of gradients) {
        const [w, m, v] = [weights.get(name)!, moments.get(`m:${name}`)!, moments.get(`v:${name}`)!];
        for (let i = 0; i < w.length; i++) {
          const d = gradient[i];
          m[i] = beta1 * m[i] + (1 - beta1) * d;
          v[i] = beta2 * v[i] + (1 - beta2) * d * d;
          const direction = m[i] / correction1 / (Math.sqrt(v[i] / correction2) + epsilon);
          w[i] -= learningRate * (direction + weightDecay * w[i]);
        }
      }
    },
  };
}

/** sqrt of the sum of squares over all arrays. */
export function globalNorm(arrays: Arrays): number {
  let sum = 0;
  for (const array of arrays.values()) for (const x of array) sum += x * x;
  return Math.sqrt(sum);
}

/** Scales all gradients so that their global norm is at most `limit`; returns the norm before. */
export function clipGradients(gradients: Arrays, limit: number): number {
  const norm = globalNorm(gradients);
  if (norm > limit) {
    const factor = limit / norm;
    for (const array of gradients.values()) for (let i = 0; i < array.length; i++) array[i] *= factor;
  }
  return norm;
}

/** Linear warm-up over `warmup` steps to `peak`, then a cosine down to `floor` of it at the last step. */
export function learningRate(
  step: number,
  total: number,
  peak: number,
  warmup: number,
  floor = 0.05,
): number {
  if (step <= warmup) return (peak * step) / Math.max(1, warmup);
  const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
