import type { Sequence } from '../core/alphabet.js';

/** A set of sequences: per position the allowed letters, and at most `max` positions that differ from `base`. */
export interface Space {
  /** [L x A], 1 where the letter is allowed. */
  mask: Uint8Array;
  length: number;
  alphabetSize: number;
  /** Where mutations are counted from; null: they are not counted. */
  base: Sequence | null;
  /** Largest number of mutations from `base`. */
  max: number;
}

/**
 * The number of sequences in a space, exactly.
 * Without a base: the product of the numbers of allowed letters. With one: the sum of the coefficients up to `max` of
 * `prod_i (r_i + m_i z)`, where r_i is 1 if the base's letter is allowed at i, and m_i counts the other allowed letters.
 */
export function spaceSize(space: Space): bigint {
  const { mask, length, alphabetSize: A, base } = space;
  if (base === null) {
    let product = 1n;
    for (let i = 0; i < length; i++) product *= BigInt(allowedAt(mask, i, A));
    return product;
  }
  let coefficients = [1n];
  for (let i = 0; i < length; i++) {
    const kept = mask[i * A + base[i]];
    coefficients = timesLinear(coefficients, BigInt(kept), BigInt(allowedAt(mask, i, A) - kept), space.max);
  }
  return coefficients.reduce((sum, value) => sum + value, 0n);
}

/** The polynomial `p(z) (r + m z)`, without the powers above `degree`. */
function timesLinear(p: bigint[], r: bigint, m: bigint, degree: number): bigint[] {
  if (m === 0n) return r === 1n ? p : p.map(() => 0n);
  const size = Math.min(p.length + 1, degree + 1);
  return Array.from({ length: size }, (_, k) => (k < p.length ? r * p[k] : 0n) + (k > 0 ? m * p[k - 1] : 0n));
}

function allowedAt(mask: Uint8Array, position: number, A: number): number {
  let count = 0;
  for (let a = 0; a < A; a++) count += mask[position * A + a];
  return count;
}

/** Whether a sequence lies in the space. */
export function inSpace(space: Space, sequence: Sequence): boolean {
  if (sequence.length !== space.length) return false;
  let changed = 0;
  for (let i = 0; i < space.length; i++) {
    if (space.mask[i * space.alphabetSize + sequence[i]] !== 1) return false;
    if (space.base !== null && sequence[i] !== space.base[i]) changed++;
  }
  return space.base === null || changed <= space.max;
}

/**
 * Visits the sequences of a space in the order of their codes until `visit` returns false.
 * @param visit is given one buffer that changes between calls: copy what is to be kept
 */
export function forEachInSpace(space: Space, visit: (sequence: Sequence) => boolean): void {
  const { mask, length, alphabetSize: A, base } = space;
  const sequence = new Uint8Array(length);
  const forcedAfter = forcedFrom(space);
  const descend = (i: number, left: number): boolean => {
    if (forcedAfter[i] > left) return true;
    if (i === length) return visit(sequence);
    for (let a = 0; a < A; a++) {
      if (mask[i * A + a] !== 1) continue;
      sequence[i] = a;
      const cost = base !== null && a !== base[i] ? 1 : 0;
      if (cost <= left && !descend(i + 1, left - cost)) return false;
    }
    return true;
  };
  descend(0, base === null ? length : space.max);
}

/** [L + 1] how many positions from i on cannot keep the base's letter. */
export function forcedFrom(space: Space): Uint32Array {
  const forced = new Uint32Array(space.length + 1);
  if (space.base === null) return forced;
  for (let i = space.length - 1; i >= 0; i--) {
    forced[i] = forced[i + 1] + 1 - space.mask[i * space.alphabetSize + space.base[i]];
  }
  return forced;
}

/** How many positions the mask forces to differ from the base. */
export function forcedMutations(mask: Uint8Array, alphabetSize: number, base: Sequence): number {
  let forced = 0;
  for (let i = 0; i < base.length; i++) forced += 1 - mask[i * alphabetSize + base[i]];
  return forced;
}
