/** What BERT's normaliser does beyond cleaning. */
export interface WordPieceOptions {
  /** Lower-case the text and drop accents (false for ProtBERT and DNABERT). */
  lowerCase: boolean;
}

const LONGEST_WORD = 100;

/**
 * BERT's tokenizer without the special tokens (Hugging Face BertNormalizer, BertPreTokenizer and WordPiece): control
 * characters are dropped, words end at white space, every punctuation mark is a word of its own, and each word is cut
 * into the longest pieces from the left (`##` marks a piece that continues); a word that cannot be cut whole is one
 * unknown.
 * @param ids token -> id
 */
export function wordPiece(
  text: string,
  ids: ReadonlyMap<string, number>,
  unknown: number,
  { lowerCase }: WordPieceOptions,
): number[] {
  return words(normaliseText(text, lowerCase)).flatMap((word) => cut(word, ids) ?? [unknown]);
}

function normaliseText(text: string, lowerCase: boolean): string {
  const clean = text
    .replace(/[\0\uFFFD]|(?![\t\n\r])\p{C}/gu, '')
    .replace(/\s/gu, ' ')
    .replace(CHINESE, ' $& ');
  return lowerCase
    ? clean
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
        .toLowerCase()
    : clean;
}

/** Each of these is a word of its own. */
const CHINESE =
  /[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF]|[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B820}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** ASCII's symbols count as punctuation, whatever Unicode calls them. */
const PUNCTUATION = /([!-/:-@[-`{-~]|\p{P})/u;

function words(text: string): string[] {
  return text
    .split(/\s+/u)
    .flatMap((word) => word.split(PUNCTUATION))
    .filter((word) => word !== '');
}

function cut(word: string, ids: ReadonlyMap<string, number>): number[] | undefined {
  const characters = [...word];
  if (characters.length > LONGEST_WORD) return undefined;
  const pieces: number[] = [];
  for (let start = 0; start < characters.length;) {
    let end = characters.length;
    let id: number | undefined;
    for (; end > start; end--) {
      const piece = characters.slice(start, end).join('');
      id = ids.get(start === 0 ? piece : `##${piece}`);
      if (id !== undefined) break;
    }
    if (id === undefined) return undefined;
    pieces.push(id);
    start = end;
  }
  return pieces;
}
