import { existsSync, statSync } from 'node:fs';
import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { openBytes, type ReadLimits } from './bytes.js';
import { flag, show } from './faults.js';
import { parseFasta } from './fasta.js';
import { encodeLetters } from './letters.js';
import { StrictText } from './text.js';

/**
 * The letters of a wild type given as a sequence or as FASTA with one record; white space and a stop at the end are
 * dropped.
 * @param name what messages call it
 * @throws InputError for several records, nothing, or characters that are no letters
 */
export function parseWildType(content: string, name = 'the wild type'): string {
  const isFasta = content.trimStart().startsWith('>');
  const text = isFasta ? onlyRecord(content, name) : content;
  const letters = text.replace(/\s+/g, '').replace(/\*$/, '');
  const odd = /[^A-Za-z]/u.exec(letters);
  if (letters !== '' && !odd) return letters.toUpperCase();
  throw new InputError({
    what: odd
      ? `${show(odd[0])} at place ${odd.index + 1} of the wild type is no letter`
      : 'the wild type is empty',
    file: name,
    expected: 'the letters of a sequence, or FASTA with one record',
    got: show(content.trim()),
    fix: `Correct ${flag('wildType')}.`,
  });
}

function onlyRecord(content: string, name: string): string {
  const records = parseFasta(content, name);
  if (records.length === 1) return records[0].text;
  throw new InputError({
    what: 'several sequences for one wild type',
    file: name,
    line: records[1].line,
    expected: 'one record',
    got: `${records.length}: ${records
      .slice(0, 3)
      .map(({ id }) => show(id))
      .join(', ')}${records.length > 3 ? ', ...' : ''}`,
    fix: 'Keep the record of the wild type only.',
  });
}

/** The wild type in codes. @throws InputError for a letter outside the alphabet */
export function encodeWildType(alphabet: Alphabet, letters: string): Sequence {
  try {
    return encodeLetters(alphabet, letters, ' of the wild type');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError({ ...error.fault, fix: `Correct ${flag('wildType')}.` }, { cause: error });
  }
}

/** Only letters: a sequence on the command line, if there is no file of that name. */
const sequenceLike = /^[A-Za-z\s]+\*?$/;

/**
 * The wild type from a command line: a sequence, or the path of a file (FASTA with one record, or the bare letters;
 * plain or gzip).
 * @throws InputError as `parseWildType`, and for a file that cannot be read
 */
export async function readWildType(value: string, limits: ReadLimits = {}): Promise<string> {
  const isFile =
    value.length < 4096 && !value.includes('\0') && existsSync(value) && statSync(value).isFile();
  if (!isFile && sequenceLike.test(value)) return parseWildType(value);
  const source = await openBytes(value, limits);
  const text = new StrictText(source.name);
  let content = '';
  for await (const chunk of source.chunks) content += text.push(chunk);
  return parseWildType(content + text.end(), source.name);
}
