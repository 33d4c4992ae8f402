import { decode, DNA, encode } from '../../core/alphabet.js';
import { reverseComplement } from '../../core/dna.js';
import { InputError } from '../../core/errors.js';
import type { Candidate } from './score.js';

/** A stretch of a sequence: 0-based, half open. */
export interface Region {
  readonly from: number;
  readonly to: number;
}

/**
 * The smallest region that holds every difference between sequences: what they begin with in common is the left flank,
 * what they end with in common the right one. Sequences that are all the same have an empty region at their end.
 * Positions are those of the first sequence.
 */
export function variedRegion(sequences: readonly string[]): Region {
  const [first = '', ...others] = sequences;
  const shortest = sequences.reduce((least, { length }) => Math.min(least, length), first.length);
  let from = 0;
  while (from < shortest && others.every((one) => one[from] === first[from])) from++;
  let right = 0;
  const same = (one: string) => one[one.length - 1 - right] === first[first.length - 1 - right];
  while (right < shortest - from && others.every(same)) right++;
  return { from, to: first.length - right };
}

/**
 * Cuts sequences into flanks and region. The region is one of the first sequence; the others must have the same flanks,
 * their regions may be longer or shorter.
 * @throws InputError for a region outside the first sequence, and for a sequence that differs outside it
 */
export function cutCandidates(sequences: readonly string[], { from, to }: Region): Candidate[] {
  const [first = ''] = sequences;
  const fits =
    Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= first.length;
  if (sequences.length > 0 && !fits) {
    throw new InputError({
      what: 'the region does not lie in the sequences',
      expected: `0 <= from <= to <= ${first.length}`,
      got: `from ${from} to ${to}`,
    });
  }
  const [leftFlank, rightFlank] = [first.slice(0, from), first.slice(to)];
  return sequences.map((text, i) => {
    const end = text.length - rightFlank.length;
    if (end < from || !text.startsWith(leftFlank) || !text.endsWith(rightFlank))
      throw otherFlanks(i, text, leftFlank, rightFlank);
    return { leftFlank, region: text.slice(from, end), rightFlank };
  });
}

function otherFlanks(i: number, text: string, left: string, right: string): InputError {
  const at = [...left].findIndex((letter, p) => text[p] !== letter);
  const where = at >= 0 ? `at position ${at + 1}` : `in the last ${right.length} letters`;
  return new InputError({
    what: `sequence ${i + 1} differs from the first outside the region, ${where}`,
    expected: 'the same flanks everywhere: they are the question that the region answers',
    fix: 'Widen the region, or leave the sequence out.',
  });
}

/**
 * Shortens flanks to what a model has room for, and to `context` letters each; the letters next to the region stay.
 * @param room letters that flanks may have together; where they have more, each gets half, and what one does not need
 *   goes to the other
 */
export function trimFlanks(
  { leftFlank, region, rightFlank }: Candidate,
  room: number,
  context: number,
): Candidate {
  const [left, right] = [Math.min(leftFlank.length, context), Math.min(rightFlank.length, context)];
  const half = Math.floor(Math.max(0, room) / 2);
  const kept = Math.min(left, Math.max(half, room - right));
  return {
    leftFlank: leftFlank.slice(leftFlank.length - Math.max(0, kept)),
    region,
    rightFlank: rightFlank.slice(0, Math.max(0, Math.min(right, room - kept))),
  };
}

/**
 * The same candidate on the other strand of a double-stranded DNA, read 5' to 3': the flanks change sides.
 * @throws InputError for letters other than A, C, G, T
 */
export function otherStrand({ leftFlank, region, rightFlank }: Candidate): Candidate {
  const other = (text: string) => decode(DNA, reverseComplement(encode(DNA, text)));
  return { leftFlank: other(rightFlank), region: other(region), rightFlank: other(leftFlank) };
}
