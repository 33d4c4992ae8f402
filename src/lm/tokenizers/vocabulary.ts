import { ModelError } from '../../core/errors.js';
import { readTextFile } from '../io/json-file.js';

/** Tokens by id, and ids by token. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  /** Where it was read from, for messages. */
  readonly file: string;
}

/**
 * A vocabulary from its tokens.
 * @throws ModelError when it is empty or holds a token twice
 */
export function vocabulary(tokens: readonly string[], file: string): Vocabulary {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const other = ids.get(token);
    if (other !== undefined) {
      throw new ModelError({
        what: `token '${token}' stands twice in the vocabulary`,
        file,
        line: id + 1,
        expected: 'each token once',
        got: `lines ${other + 1} and ${id + 1}`,
      });
    }
    ids.set(token, id);
  }
  if (ids.size === 0)
    throw new ModelError({ what: 'vocabulary is empty', file, expected: 'one token a line' });
  return { tokens, ids, file };
}

/** No vocabulary of letters or words comes near; bounds the memory that a wrong id could ask for. */
const LARGEST_ID = 10_000_000;

/**
 * A vocabulary from token and id pairs; ids that nothing has stand for an empty token.
 * @throws ModelError when it is empty, an id is too large, or two tokens share an id
 */
export function vocabularyFromIds(pairs: Iterable<readonly [string, number]>, file: string): Vocabulary {
  const ids = new Map<string, number>();
  const tokens: string[] = [];
  for (const [token, id] of pairs) {
    const other = tokens[id];
    if (id > LARGEST_ID || (other !== undefined && other !== token) || (ids.get(token) ?? id) !== id) {
      const got = other === undefined ? `${id}` : `${id} for ${other} too`;
      throw new ModelError({
        what: `id of token '${token}' is wrong`,
        file,
        expected: 'one id for each token',
        got,
      });
    }
    tokens[id] = token;
    ids.set(token, id);
  }
  if (ids.size === 0)
    throw new ModelError({ what: 'vocabulary is empty', file, expected: 'tokens and their ids' });
  return { tokens: Array.from(tokens, (token) => token ?? ''), ids, file };
}

/**
 * `vocab.txt`: one token a line, the first line is id 0.
 * @throws ModelError when the file is missing, empty or repeats a token
 */
export function readVocabulary(file: string): Vocabulary {
  const lines = readTextFile(file).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return vocabulary(
    lines.map((line) => line.trim()),
    file,
  );
}

/**
 * The k of a DNA vocabulary of k-mers (all four letters' k-mers, k > 1), 1 for any other vocabulary. The longest k
 * counts where there are several.
 */
export function kmerSize({ ids }: Vocabulary): number {
  const lengths = new Set<number>();
  for (const token of ids.keys()) if (/^[ACGT]{2,}$/.test(token)) lengths.add(token.length);
  const complete = [...lengths].filter((k) => countKmers(ids, k) === 4 ** k);
  return Math.max(1, ...complete);
}

function countKmers(ids: ReadonlyMap<string, number>, k: number): number {
  return [...ids.keys()].filter((token) => token.length === k && /^[ACGT]+$/.test(token)).length;
}
