import { InputError } from '../../core/errors.js';

/** What the two directions say of each candidate. */
export interface Evidence {
  /** [C] forward: votes, or shares of chains; only their ratios matter. */
  votes: ArrayLike<number>;
  /** [C] backward: Z_c, how many hidden things were recovered. */
  recovered: ArrayLike<number>;
}

/** Options of {@link combineVotes}. */
export interface CombineOptions {
  /** Weight of the forward share: 1 is forward alone, 0 backward alone. Default 0.5. */
  alpha?: number;
  /** Smoothing of the backward share, at least 0. Default 1e-8. */
  eps?: number;
}

/** The publication's probabilities, [C] each. */
export interface Combined {
  /** `P_f(c)`: the votes divided by their sum. */
  forward: Float64Array;
  /** `P_b(c) = (Z_c + eps/C) / (sum Z + eps)`. */
  backward: Float64Array;
  /** `P(c) ~ P_f(c)^alpha P_b(c)^(1 - alpha)`, normalised over the candidates. */
  combined: Float64Array;
  /** Whether the forward vote decided alone: nothing was recovered, or no candidate has both votes and recoveries. */
  fallback: boolean;
}

/**
 * Forward-backward verification's formula: `P(c) ~ P_f(c)^alpha P_b(c)^(1 - alpha)` with `0^0 = 1`; where nothing was
 * recovered at all, the forward vote.
 * @throws InputError for no candidates, lists that do not belong together, negative numbers, no votes, and options out of
 *   range
 * @see Jiang et al., arXiv 2308.07758
 */
export function combineVotes(evidence: Evidence, options: CombineOptions = {}): Combined {
  const { alpha = 0.5, eps = 1e-8 } = options;
  requireOptions(alpha, eps);
  const votes = checked('votes', evidence.votes);
  const recovered = checked('recoveries', evidence.recovered);
  const C = votes.length;
  if (recovered.length !== C) throw wrong('votes and recoveries differ in number', `${C}`, recovered.length);
  const [allVotes, allRecovered] = [sum(votes), sum(recovered)];
  if (allVotes === 0) throw wrong('no candidate has a vote', 'a vote for at least one', 0);

  const forward = votes.map((value) => value / allVotes);
  // eps = 0 with nothing recovered is the limit of small eps
  const backward =
    allRecovered + eps > 0
      ? recovered.map((z) => (z + eps / C) / (allRecovered + eps))
      : new Float64Array(C).fill(1 / C);
  const products = forward.map((f, c) => f ** alpha * backward[c] ** (1 - alpha));
  const total = sum(products);
  const fallback = allRecovered === 0 || total === 0;
  return { forward, backward, fallback, combined: fallback ? forward : products.map((p) => p / total) };
}

function requireOptions(alpha: number, eps: number): void {
  if (!(alpha >= 0 && alpha <= 1)) throw wrong('alpha is out of range', 'a number from 0 to 1', alpha);
  if (!(eps >= 0 && Number.isFinite(eps))) throw wrong('eps is out of range', 'a number of at least 0', eps);
}

function checked(name: string, values: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(values);
  if (copy.length === 0) throw wrong(`there are no ${name}`, 'one for each candidate', 'none');
  const bad = copy.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad >= 0) throw wrong(`${name} of candidate ${bad + 1} are wrong`, 'a number of at least 0', copy[bad]);
  return copy;
}

function wrong(what: string, expected: string, got: number | string): InputError {
  return new InputError({ what: `forward-backward verification: ${what}`, expected, got: String(got) });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
