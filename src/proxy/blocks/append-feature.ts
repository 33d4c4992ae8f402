/** Features [B x m] and one more of each sequence, the last: [B x (m + 1)]. */
export function appendFeature(
  phi: Float32Array | Float64Array,
  m: number,
  last: (sequence: number) => number,
): Float64Array {
  const B = phi.length / m;
  const out = new Float64Array(B * (m + 1));
  for (let b = 0; b < B; b++) {
    out.set(phi.subarray(b * m, (b + 1) * m), b * (m + 1));
    out[b * (m + 1) + m] = last(b);
  }
  return out;
}
