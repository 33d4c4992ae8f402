import { internal } from '../core/errors.js';

/** Lanczos coefficients for g = 7, n = 9 (Godfrey's), good to 1e-15 relative. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** log Gamma(x) for x > 0. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Keeps the continued fraction's terms away from 0 (modified Lentz). */
const TINY = 1e-300;
const guard = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

/** The continued fraction of the incomplete beta function (DLMF 8.17.22) by modified Lentz. */
function betaFraction(x: number, a: number, b: number): number {
  let [c, d] = [1, 1 / guard(1 - ((a + b) * x) / (a + 1))];
  let value = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let step = 1;
    for (const term of [even, odd]) {
      d = 1 / guard(1 + term * d);
      c = guard(1 + term / c);
      step = c * d;
      value *= step;
    }
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return value;
}

/** From here on two terms of Stirling's series give all digits, where the difference of two logGamma would lose them. */
const LARGE = 1e4;

/** log B(a, 1/2). */
function logBetaHalf(a: number): number {
  const ratio =
    a > LARGE ? Math.log(a) / 2 - 1 / (8 * a) + 1 / (192 * a ** 3) : logGamma(a + 0.5) - logGamma(a);
  return Math.log(Math.PI) / 2 - ratio;
}

/** Regularised incomplete beta function I_x(a, 1/2) with y = 1 - x given beside x, so that neither loses digits. */
function incompleteBetaHalf(x: number, y: number, a: number): number {
  if (y <= 0) return 1;
  const logX = y < 0.5 ? Math.log1p(-y) : Math.log(x);
  const front = Math.exp(a * logX + Math.log(y) / 2 - logBetaHalf(a));
  if (x < (a + 1) / (a + 2.5)) return (front * betaFraction(x, a, 0.5)) / a;
  return 1 - (front * betaFraction(y, 0.5, a)) / 0.5;
}

/** P(T > t) for t >= 0: half of I_x(df/2, 1/2) at x = df / (df + t^2). */
function upperTail(t: number, df: number): number {
  const square = t * t;
  return 0.5 * incompleteBetaHalf(df / (df + square), square / (df + square), df / 2);
}

/**
 * Distribution function of Student's t, P(T <= t), to about 1e-13.
 * @param df degrees of freedom, above 0
 */
export function studentTCdf(t: number, df: number): number {
  const tail = upperTail(Math.abs(t), df);
  return t > 0 ? 1 - tail : tail;
}

/**
 * Quantile of Student's t: the t with P(T <= t) = p, by bisection of the distribution function to the last digits.
 * @param p above 0 and below 1
 * @param df degrees of freedom, above 0
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1) || !(df > 0)) throw internal(`studentTQuantile: p = ${p}, df = ${df}`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -positiveQuantile(p, df);
  return positiveQuantile(1 - p, df);
}

/** The t above 0 with P(T > t) = tail. */
function positiveQuantile(tail: number, df: number): number {
  let [low, high] = [0, 1];
  while (upperTail(high, df) > tail) [low, high] = [high, 2 * high];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (upperTail(middle, df) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
