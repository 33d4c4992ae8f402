/**
 * Straight-through logits for tokens of k adjacent letters (DNABERT's overlapping k-mers): a token's probability is the
 * product of the softmaxes of its k positions, `P[t, c_0 ... c_{k-1}] = prod_j p[t + j, c_j]`. Token index
 * `sum_j c_j A^(k-1-j)`: the first letter is the most significant.
 */
export interface KmerShape {
  /** L, letters of the sequence; it has T = L - k + 1 tokens. */
  length: number;
  /** A, letters of the alphabet. */
  alphabetSize: number;
  k: number;
}

/** Token probabilities [T x A^k] from position probabilities p [L x A]. */
export function kmerProbabilities({ length, alphabetSize: A, k }: KmerShape, p: Float64Array): Float64Array {
  const tokens = A ** k;
  const out = new Float64Array((length - k + 1) * tokens);
  for (let t = 0; t + k <= length; t++) {
    const row = out.subarray(t * tokens, (t + 1) * tokens);
    row[0] = 1;
    // grows the product letter by letter, from the back so that no entry is overwritten before it is read
    for (let j = 0, size = 1; j < k; j++, size *= A) {
      for (let prefix = size - 1; prefix >= 0; prefix--) {
        const product = row[prefix];
        for (let a = A - 1; a >= 0; a--) row[prefix * A + a] = product * p[(t + j) * A + a];
      }
    }
  }
  return out;
}

/**
 * Pulls a cotangent on the tokens back to the position probabilities:
 * `dp[i, a] = sum over tokens t that hold position i, with letter a there, of g[t, .] prod of the other letters' p`.
 * @param p [L x A] position probabilities
 * @param cotangent [T x A^k]
 * @returns [L x A]; the softmax's own VJP takes it on to the logits
 */
export function kmerProbabilitiesVjp(
  { length, alphabetSize: A, k }: KmerShape,
  p: Float64Array,
  cotangent: ArrayLike<number>,
): Float64Array {
  const tokens = A ** k;
  const out = new Float64Array(length * A);
  for (let t = 0; t + k <= length; t++) {
    const prefixes = prefixProbabilities(t, { A, k }, p);
    // letters are summed out from the last to the first, so a token costs A^k, not k^2 A^k
    let rest = Float64Array.from({ length: tokens }, (_, token) => cotangent[t * tokens + token]);
    for (let j = k - 1; j >= 0; j--) {
      const row = (t + j) * A;
      const shorter = new Float64Array(rest.length / A);
      for (let prefix = 0; prefix < shorter.length; prefix++) {
        for (let a = 0; a < A; a++) {
          const value = rest[prefix * A + a];
          out[row + a] += prefixes[j][prefix] * value;
          shorter[prefix] += p[row + a] * value;
        }
      }
      rest = shorter;
    }
  }
  return out;
}

/** Probabilities of the first j letters of token t, j = 0 ... k - 1: [k] arrays of [A^j]. */
function prefixProbabilities(t: number, { A, k }: { A: number; k: number }, p: Float64Array): Float64Array[] {
  const prefixes = [Float64Array.of(1)];
  for (let j = 0; j < k - 1; j++) {
    const before = prefixes[j];
    prefixes.push(
      Float64Array.from(
        { length: before.length * A },
        (_, i) => before[Math.floor(i / A)] * p[(t + j) * A + (i % A)],
      ),
    );
  }
  return prefixes;
}

/** The tokens of a sequence, [T] indices. */
export function kmerTokens(
  { length, alphabetSize: A, k }: KmerShape,
  sequence: ArrayLike<number>,
): Uint32Array {
  return Uint32Array.from({ length: length - k + 1 }, (_, t) => {
    let token = 0;
    for (let j = 0; j < k; j++) token = token * A + sequence[t + j];
    return token;
  });
}
