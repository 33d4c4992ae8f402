import { type Alphabet, DNA, PROTEIN, type Sequence } from '../../core/alphabet.js';
import { InputError, internal, ModelError } from '../../core/errors.js';

/** A token that stands for `length` letters of a design, from letter `start`. */
export interface LetterWindow {
  /** Index of the token in the row, special tokens counted. */
  readonly token: number;
  readonly start: number;
  readonly length: number;
}

/**
 * How a design's letters become tokens: one token a letter, one a window of k (overlapping or not), or a mixture. The
 * layout depends on the length alone, never on the letters.
 */
export interface LetterMap {
  /** Letters that the longest token holds (1 for character models). */
  readonly k: number;
  /** Tokens of a sequence of L letters, special tokens included. */
  tokenCount(length: number): number;
  /**
   * The tokens that hold letters, in order.
   * @throws InputError when L is too short for the model
   */
  windows(length: number): LetterWindow[];
  /**
   * Vocabulary id of every window text of k letters: `ids[c]` with `c = sum_j code_j A^(k-1-j)`, the first letter most
   * significant, codes of the alphabet.
   * @throws ModelError when the vocabulary lacks one
   */
  columns(alphabet: Alphabet, k: number): Int32Array;
  /** Whether the vocabulary holds every letter (and window) of the alphabet. */
  supports(alphabet: Alphabet): boolean;
}

/** Ids of the first and last token; null where there is none. */
export interface Ends {
  readonly cls: number | null;
  readonly eos: number | null;
}

/** What a letter map is made from. */
export interface LetterMapParts {
  ids: ReadonlyMap<string, number>;
  /** Window lengths that occur, e.g. [1], [6] or [6, 1]. */
  sizes: readonly number[];
  /** The windows of L letters, without special tokens. */
  layout(length: number): { start: number; length: number }[];
  /** The tokens put at the ends. */
  special: Ends;
  /** Names the vocabulary in messages. */
  file: string;
}

/** A letter map over a vocabulary. */
export function letterMap({ ids, sizes, layout, special, file }: LetterMapParts): LetterMap {
  const before = special.cls === null ? 0 : 1;
  const after = special.eos === null ? 0 : 1;
  const cache = new Map<string, Int32Array>();
  const columns = (alphabet: Alphabet, k: number): Int32Array => {
    const key = `${alphabet.letters} ${k}`;
    const known = cache.get(key) ?? columnsOf(ids, alphabet, k, file);
    cache.set(key, known);
    return known;
  };
  return {
    k: Math.max(...sizes),
    tokenCount: (length) => layout(length).length + before + after,
    windows: (length) => layout(length).map((window, i) => ({ token: before + i, ...window })),
    columns,
    supports: (alphabet) => sizes.every((k) => missingWindow(ids, alphabet, k) === undefined),
  };
}

/** One token a letter. */
export function characterLayout(length: number): { start: number; length: number }[] {
  return Array.from({ length }, (_, start) => ({ start, length: 1 }));
}

/**
 * All windows of k letters, one letter apart (DNABERT).
 * @throws InputError when the sequence is shorter than k
 */
export function overlappingLayout(k: number): (length: number) => { start: number; length: number }[] {
  return (length) => {
    if (length < k) throw tooShort(length, k);
    return Array.from({ length: length - k + 1 }, (_, start) => ({ start, length: k }));
  };
}

/** Windows of k letters end to end, what is left over letter by letter (Nucleotide Transformer v1). */
export function adjacentLayout(k: number): (length: number) => { start: number; length: number }[] {
  return (length) => {
    const whole = Math.floor(length / k);
    const windows = Array.from({ length: whole }, (_, i) => ({ start: i * k, length: k }));
    for (let start = whole * k; start < length; start++) windows.push({ start, length: 1 });
    return windows;
  };
}

/** The error of a sequence that holds no k-mer. */
export function tooShort(length: number, k: number): InputError {
  return new InputError({
    what: 'sequence is too short for the model',
    expected: `at least ${k} letters, one ${k}-mer`,
    got: `${length}`,
  });
}

/** The code of a window: `sum_j code_j A^(k-1-j)`. */
export function windowCode(
  sequence: Sequence,
  window: { start: number; length: number },
  size: number,
): number {
  let code = 0;
  for (let j = 0; j < window.length; j++) code = code * size + sequence[window.start + j];
  return code;
}

function windowText(alphabet: Alphabet, code: number, k: number): string {
  let text = '';
  for (let j = 0; j < k; j++) {
    text = alphabet.letters[code % alphabet.size] + text;
    code = Math.floor(code / alphabet.size);
  }
  return text;
}

function missingWindow(ids: ReadonlyMap<string, number>, alphabet: Alphabet, k: number): string | undefined {
  // A missing letter is named before any window, and 20^k windows are never listed.
  const letter = [...alphabet.letters].find(
    (one) => ![...ids.keys()].some((token) => token.length === k && token.includes(one)),
  );
  if (letter !== undefined) return letter;
  for (let code = 0; code < alphabet.size ** k; code++) {
    const text = windowText(alphabet, code, k);
    if (!ids.has(text)) return text;
  }
  return undefined;
}

function columnsOf(
  ids: ReadonlyMap<string, number>,
  alphabet: Alphabet,
  k: number,
  file: string,
): Int32Array {
  const missing = missingWindow(ids, alphabet, k);
  if (missing !== undefined) {
    const other = [PROTEIN, DNA].find(
      (one) => one.name !== alphabet.name && missingWindow(ids, one, k) === undefined,
    );
    throw new ModelError({
      what: `vocabulary lacks '${missing}' of the ${alphabet.name} alphabet`,
      file,
      expected: `tokens for ${alphabet.letters}${k > 1 ? ` in windows of ${k}` : ''}`,
      got: other ? `a vocabulary of ${other.name}` : undefined,
      fix: `Choose a model of ${alphabet.name}.`,
    });
  }
  const columns = new Int32Array(alphabet.size ** k);
  for (let code = 0; code < columns.length; code++) {
    const id = ids.get(windowText(alphabet, code, k));
    if (id === undefined) throw internal('a window was found and then lost');
    columns[code] = id;
  }
  return columns;
}

/** Token ids of a sequence of codes, special tokens put at the ends. */
export function encodeLetters(
  map: LetterMap,
  alphabet: Alphabet,
  sequence: Sequence,
  ends: Ends,
): Int32Array {
  const ids = new Int32Array(map.tokenCount(sequence.length));
  if (ends.cls !== null) ids[0] = ends.cls;
  if (ends.eos !== null) ids[ids.length - 1] = ends.eos;
  for (const window of map.windows(sequence.length)) {
    ids[window.token] = map.columns(alphabet, window.length)[windowCode(sequence, window, alphabet.size)];
  }
  return ids;
}
