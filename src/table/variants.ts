import type { Alphabet, Sequence } from '../core/alphabet.js';
import { RowFault, count, show } from './faults.js';
import { encodeLetters, STOP } from './letters.js';
import { applyMutations, encodeMutation, type Mutation, WILD_TYPE_NAME } from './mutations.js';
import { isWildTypeWord, readMutationList } from './notation.js';
import type { Numbering } from './numbering.js';
import type { VariantKind } from './table.js';

/** A variant as read: letter codes, or triples of a mutation list. */
export type CodedVariant = Uint8Array | Int32Array;

/**
 * Reads the variants of one kind in two steps: `read` takes a cell as it comes, `sequence` makes the sequence when
 * every cell has been seen and the numbering is known. Between them a variant is a small array of integers.
 */
export interface VariantReader {
  readonly kind: VariantKind;
  /** @throws RowFault */
  read(cell: string): CodedVariant;
  /**
   * @returns the sequence, or null where the variant has a stop
   * @throws RowFault
   */
  sequence(variant: CodedVariant, numbering: Numbering): Sequence | null;
  /** The mutations of a variant, with the user's numbers; none but for mutation lists. */
  mutations(variant: CodedVariant): Iterable<Mutation>;
  /** A name for a variant without an id, from its cell; null where the cell is too long to be one. */
  name(cell: string): string | null;
  /** How the mutation lists are written, as far as seen. */
  readonly style: { separator?: string; prefix?: string };
}

/** A letter code that stands for the stop in variants that have been read. */
const STOP_LETTER = 255;

/** Letters to codes, the stop to STOP_LETTER. */
function readLetters(alphabet: Alphabet, cell: string): Uint8Array {
  const text = cell.trim();
  if (!text.includes(STOP)) return encodeLetters(alphabet, text);
  const codes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    codes[i] = text[i] === STOP ? STOP_LETTER : encodeLetters(alphabet, text[i])[0];
  }
  return codes;
}

/** Full sequences. `WT` and the like stand for the wild type, where there is one. */
export function sequenceReader(alphabet: Alphabet, wildType: Sequence | null): VariantReader {
  return {
    kind: 'sequences',
    read(cell) {
      if (cell.trim() !== '' && !(wildType && isWildTypeWord(cell.trim())))
        return readLetters(alphabet, cell);
      if (wildType && cell.trim() !== '') return wildType;
      throw new RowFault('no sequence', {
        what: 'the sequence is missing',
        expected: 'a sequence',
        got: 'an empty cell',
        fix: 'Correct or remove the row.',
      });
    },
    sequence(variant) {
      if (variant.includes(STOP_LETTER)) return null;
      return variant instanceof Uint8Array ? variant : Uint8Array.from(variant);
    },
    mutations: () => [],
    name: () => null,
    style: {},
  };
}

/** The letters at named sites of a wild type, e.g. `VDGV` at 39, 40, 41, 54. */
export function siteReader(alphabet: Alphabet, wildType: Sequence, sites: readonly number[]): VariantReader {
  return {
    kind: 'sites',
    read(cell) {
      const text = cell.trim();
      if (text.length === sites.length) return readLetters(alphabet, text);
      if (isWildTypeWord(text)) return Uint8Array.from(sites, (site) => wildType[site]);
      throw new RowFault('another number of site letters', {
        what: `${show(text)} has ${count(text.length)} letters for ${count(sites.length)} sites`,
        expected: `${sites.length} letters, one a site`,
        got: show(text),
        fix: 'Correct the row or the list of sites.',
      });
    },
    sequence(letters) {
      if (letters.includes(STOP_LETTER)) return null;
      const variant = wildType.slice();
      sites.forEach((site, i) => (variant[site] = letters[i]));
      return variant;
    },
    mutations: () => [],
    name: (cell) => (isWildTypeWord(cell.trim()) ? WILD_TYPE_NAME : shortName(cell)),
    style: {},
  };
}

/** Mutation lists against a wild type; each variant becomes triples from, number, to. */
export function mutationReader(alphabet: Alphabet, wildType: Sequence): VariantReader {
  const style: { separator?: string; prefix?: string } = {};
  return {
    kind: 'mutations',
    read(cell) {
      const written = readMutationList(cell);
      if (written.separator !== null) style.separator ??= written.separator;
      if (written.mutations.length > 0) style.prefix ??= written.prefixed ? 'S' : '';
      const triples = new Int32Array(3 * written.mutations.length);
      written.mutations.forEach((mutation, i) => {
        const { from, number, to } = encodeMutation(alphabet, mutation);
        triples.set([from, number, to], 3 * i);
      });
      return triples;
    },
    sequence: (triples, numbering) => applyMutations(wildType, eachMutation(triples), numbering),
    mutations: eachMutation,
    name: (cell) => (isWildTypeWord(cell.trim()) ? WILD_TYPE_NAME : shortName(cell)),
    style,
  };
}

function* eachMutation(triples: CodedVariant): Generator<Mutation> {
  for (let i = 0; i < triples.length; i += 3)
    yield { from: triples[i], number: triples[i + 1], to: triples[i + 2] };
}

/** Longer cells are no names. */
const LONGEST_NAME = 200;

function shortName(cell: string): string | null {
  const text = cell.trim();
  return text.length <= LONGEST_NAME ? text : null;
}
