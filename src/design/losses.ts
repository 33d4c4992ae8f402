/** The mixed loss `gamma L_f + (1 - gamma) L_b`. */
export function mixedLoss(gamma: number, forward: number, backward: number): number {
  return gamma * forward + (1 - gamma) * backward;
}

/** Its gradient, from the gradients of the two losses. */
export function mixedGradient(gamma: number, forward: Float64Array, backward: Float64Array): Float64Array {
  return forward.map((value, i) => gamma * value + (1 - gamma) * backward[i]);
}
