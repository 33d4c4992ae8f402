import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { PROTEIN } from '../../core/alphabet.js';
import { dot } from '../linear-algebra.js';
import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';
import { physicoChemicalLetters } from './letters.js';

/**
 * What a sequence's substitutions are made of, wherever they stand: their number, the letters that went, the letters that
 * came and, for proteins, how far each physico-chemical scale moved. A library of close variants measures each single
 * substitution once or twice; its kind is measured often.
 * @param reference the letters that count as not substituted, as long as every sequence asked for
 * @param positions 0-based, distinct
 */
export function substitutionFeatures(
  alphabet: Alphabet,
  reference: Sequence,
  positions: readonly number[],
): StrandedFeatureMap {
  const A = alphabet.size;
  const kinds = substitutionKinds(alphabet);
  const width = kinds.length / (A * A);
  const kindOf = (from: number, to: number) =>
    kinds.subarray((from * A + to) * width, (from * A + to + 1) * width);
  return letterFeatures({
    width,
    key: `substitutions/${alphabet.name}/${Buffer.from(reference).toString('hex')}/${positions.join(',')}`,
    alphabetSize: A,
    tables: (v) => ({
      pairs: [],
      sites: positions.map((position) => ({
        position,
        values: Float64Array.from({ length: A }, (_, a) => dot(kindOf(reference[position], a), v)),
      })),
    }),
    write(sequence, out, offset) {
      for (const position of positions) {
        const kind = kindOf(reference[position], sequence[position]);
        for (let j = 0; j < width; j++) out[offset + j] += kind[j];
      }
    },
    pullBack(_sequence, v, offset, gradient, at) {
      for (const position of positions) {
        for (let a = 0; a < A; a++) {
          const kind = kindOf(reference[position], a);
          for (let j = 0; j < width; j++) gradient[at + position * A + a] += v[offset + j] * kind[j];
        }
      }
    },
  });
}

/** [A x A x width]: for each pair of letters the count, both letters and the shifts; zero for a letter that stays. */
function substitutionKinds(alphabet: Alphabet): Float64Array {
  const A = alphabet.size;
  const scales = alphabet === PROTEIN ? physicoChemicalLetters() : null;
  const S = scales?.width ?? 0;
  const width = 1 + 2 * A + S;
  const kinds = new Float64Array(A * A * width);
  for (let from = 0; from < A; from++) {
    for (let to = 0; to < A; to++) {
      if (from === to) continue;
      const at = (from * A + to) * width;
      kinds[at] = kinds[at + 1 + from] = kinds[at + 1 + A + to] = 1;
      for (let s = 0; s < S; s++)
        kinds[at + 1 + 2 * A + s] = Math.abs(scales!.vectors[from * S + s] - scales!.vectors[to * S + s]);
    }
  }
  return kinds;
}

/** Share of the letters at the varying positions that must be the reference's for rows to be variants of one parent. */
const CLOSE = 0.5;

/**
 * The most frequent letter at each position, where the rows are variants of one parent: at the given positions they keep
 * most of these letters. Null for libraries that have no parent, such as all letters at a few sites.
 */
export function parentOf(
  alphabet: Alphabet,
  sequences: readonly Sequence[],
  positions: readonly number[],
): Sequence | null {
  const A = alphabet.size;
  const parent = Uint8Array.from(sequences[0]);
  let kept = 0;
  for (const position of positions) {
    const counts = new Uint32Array(A);
    for (const sequence of sequences) counts[sequence[position]]++;
    const most = counts.reduce((best, count) => Math.max(best, count), 0);
    parent[position] = counts.indexOf(most);
    kept += most;
  }
  return kept >= CLOSE * sequences.length * positions.length ? parent : null;
}
