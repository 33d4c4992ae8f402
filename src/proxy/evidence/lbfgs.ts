import { dot } from '../linear-algebra.js';

/** A function and its gradient at a point. */
export interface Evaluated {
  value: number;
  gradient: Float64Array;
}

/** Options of {@link minimise}. */
export interface MinimiseOptions {
  /** Bounds of every coordinate. Default none. */
  lower?: number;
  upper?: number;
  /** Default 100. */
  maxIterations?: number;
  /** Stops when no free coordinate's slope exceeds it. Default 1e-6. */
  tolerance?: number;
  /** Pairs of steps and gradient changes kept. Default 8. */
  memory?: number;
}

/** Where a minimisation ended. */
export interface Minimum extends Evaluated {
  x: Float64Array;
  iterations: number;
}

/**
 * Minimises a smooth function by L-BFGS (Nocedal & Wright, Numerical Optimization, algorithm 7.4) with a backtracking
 * line search (Armijo), projected on a box: coordinates at a bound that the slope pushes outwards are held.
 */
export function minimise(
  evaluate: (x: Float64Array) => Evaluated,
  start: ArrayLike<number>,
  options: MinimiseOptions = {},
): Minimum {
  const { lower = -Infinity, upper = Infinity, maxIterations = 100, tolerance = 1e-6, memory = 8 } = options;
  const clip = (x: Float64Array) => x.map((value) => Math.min(Math.max(value, lower), upper));
  let x: Float64Array = clip(Float64Array.from(start));
  let { value, gradient } = evaluate(x);
  const history: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let iterations = 0;
  while (iterations < maxIterations) {
    const free = freeGradient(x, gradient, lower, upper);
    if (free.every((slope) => Math.abs(slope) <= tolerance)) break;
    const direction = descent(free, history);
    const step = search(evaluate, x, value, free, direction, clip, history.length === 0);
    if (step === null) {
      if (history.length === 0) break;
      history.length = 0;
      continue;
    }
    iterations++;
    const s = step.x.map((next, i) => next - x[i]);
    const y = step.gradient.map((next, i) => next - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) history.push({ s, y, rho: 1 / curvature });
    if (history.length > memory) history.shift();
    ({ x, value, gradient } = step);
  }
  return { x, value, gradient, iterations };
}

/** The gradient without the coordinates that are held at their bound. */
function freeGradient(x: Float64Array, gradient: Float64Array, lower: number, upper: number): Float64Array {
  return gradient.map((slope, i) =>
    (x[i] <= lower && slope > 0) || (x[i] >= upper && slope < 0) ? 0 : slope,
  );
}

/** Minus the inverse Hessian's estimate times the gradient (two-loop recursion). */
function descent(
  gradient: Float64Array,
  history: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.slice();
  const alphas: number[] = [];
  for (let h = history.length - 1; h >= 0; h--) {
    const { s, y, rho } = history[h];
    alphas[h] = rho * dot(s, q);
    for (let i = 0; i < q.length; i++) q[i] -= alphas[h] * y[i];
  }
  const last = history.at(-1);
  const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1;
  for (let i = 0; i < q.length; i++) q[i] *= scale;
  history.forEach(({ s, y, rho }, h) => {
    const beta = rho * dot(y, q);
    for (let i = 0; i < q.length; i++) q[i] += (alphas[h] - beta) * s[i];
  });
  // a held coordinate stays; a direction that does not descend gives way to the gradient
  const direction = q.map((value, i) => (gradient[i] === 0 ? 0 : -value));
  return dot(direction, gradient) < 0 ? direction : gradient.map((slope) => -slope);
}

/** Halves the step until the function has fallen enough; null when it does not. */
function search(
  evaluate: (x: Float64Array) => Evaluated,
  x: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  clip: (x: Float64Array) => Float64Array,
  first: boolean,
): (Evaluated & { x: Float64Array }) | null {
  const length = Math.sqrt(dot(direction, direction));
  let t = first ? Math.min(1, 1 / length) : 1;
  for (let tries = 0; tries < 30; tries++, t /= 2) {
    const to = clip(x.map((from, i) => from + t * direction[i]));
    const moved = to.map((next, i) => next - x[i]);
    const next = evaluate(to);
    if (
      Number.isFinite(next.value) &&
      next.value <= value + 1e-4 * dot(gradient, moved) &&
      next.value < value
    )
      return { ...next, x: to };
  }
  return null;
}
