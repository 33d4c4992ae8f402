import { type Alphabet, decode, DNA, PROTEIN } from '../../core/alphabet.js';
import { InputError, ModelError, throwIfAborted } from '../../core/errors.js';
import { TOKENS_PER_RUN } from '../../lm/batching.js';
import { sha256File } from '../../lm/io/checksums.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { checkModelMemory } from '../../lm/model-memory.js';
import { openNamedModel } from '../../lm/open-named.js';
import { type NamedSequence, tokenise } from '../../lm/token-text.js';
import { defaultWorkers } from '../../runtime/pool.js';
import { openBytes } from '../../table/bytes.js';
import { streamFasta } from '../../table/fasta.js';
import { guessAlphabet } from '../../table/letters.js';
import type { TableOptions } from '../../table/options.js';
import { readTable } from '../../table/read.js';
import { countSetAside } from '../../table/table.js';
import { parseWildType } from '../../table/wild-type.js';
import { plainLetters } from './corpus.js';
import { plainSequences } from './plain-table.js';

/** How sequences are read. */
export interface SourceOptions extends Omit<TableOptions, 'alphabet'> {
  /** Default: told by the first character, FASTA begins with `>`; standard input is FASTA. */
  format?: 'fasta' | 'table';
  /** Default: told by the letters. */
  alphabet?: 'auto' | 'protein' | 'dna';
  /** An embedded model's name, or a folder. Default: the alphabet's embedded model. */
  model?: string;
  /** Memory that the run may take, in bytes. Default: half of the free memory. */
  memory?: number;
  /** Sequences that the model cannot take: an error (default), or left out, with a note. */
  tooLong?: 'error' | 'skip';
}

/** Sequences to run a model on, and the model. */
export interface SequenceSource {
  readonly model: LanguageModel;
  /** Number of sequences; null for standard input, which can be read only once. */
  readonly count: number | null;
  /** Tokens of the longest sequence; null for standard input. */
  readonly longest: number | null;
  /** sha256 of the file; null for standard input. */
  readonly sha256: string | null;
  /** The number that the user gives to the first letter. */
  readonly firstPosition: number;
  /** What was noticed in reading, a line each. */
  readonly notes: readonly string[];
  /** The sequences, from the beginning or from a later one, one at a time. */
  sequences(from?: number): AsyncIterable<NamedSequence>;
}

/** A reader that can be run again. */
interface Reader {
  firstPosition: number;
  notes: string[];
  read(): AsyncIterable<NamedSequence> | Iterable<NamedSequence>;
}

/**
 * Opens FASTA or a table and the model for it. A file is read once beforehand, so that every sequence that the model
 * cannot read is known before any work is done. Tables of full sequences give a sequence a row; with a wild type,
 * mutation lists and letters at sites are read as by `readTable`, a sequence for each distinct variant.
 * @throws InputError for a file that cannot be read and for a sequence that the model cannot read, with the line
 * @throws ModelError for a model that cannot be used, or that reads another alphabet
 */
export async function openSequences(file: string, options: SourceOptions = {}): Promise<SequenceSource> {
  const { signal } = options;
  const format = options.format ?? (await formatOf(file));
  const plain = format === 'fasta' || (await isPlain(file, options));
  const alphabet = await alphabetOf(file, format, plain, options);
  const model = await openNamedModel(options.model, alphabet, { signal });
  checkAlphabet(model, alphabet, file, options);
  const reader = await readerOf(file, format, plain, alphabet, options);
  const { firstPosition, notes } = reader;
  let skipped = 0;
  async function* sequences(from = 0): AsyncGenerator<NamedSequence, void> {
    let index = 0;
    skipped = 0;
    for await (const { id, text: written, file: source, line } of reader.read()) {
      throwIfAborted(signal);
      const text = plainLetters(written, model.alphabet);
      if (options.tooLong === 'skip' && isTooLong(model, text)) skipped++;
      else if (index++ >= from) yield { id, text, file: source, line };
    }
  }
  if (file === '-')
    return { model, count: null, longest: null, sha256: null, firstPosition, notes, sequences };
  let [count, longest] = [0, 0];
  for await (const sequence of sequences()) {
    longest = Math.max(longest, tokenise(model, sequence).length);
    count++;
  }
  if (skipped > 0) notes.push(`left out ${skipped} sequences that are too long for ${model.name}`);
  if (count === 0)
    throw new InputError({
      what: 'holds no sequences',
      file,
      expected: 'at least one that is short enough',
      got: skipped > 0 ? `${skipped} that are too long for ${model.name}` : 'none',
    });
  const sha256 = await sha256File(file, signal);
  return { model, count, longest, sha256, firstPosition, notes, sequences };
}

/** Assumed of what has not been seen yet: the padded tokens of one run, which most sequences stay below. */
const USUAL_TOKENS = TOKENS_PER_RUN;

/**
 * Refuses, before weights are loaded, a model that does not fit into memory with these sequences.
 * @throws InputError with the numbers
 */
export function checkSourceMemory(
  { model, longest }: SequenceSource,
  { memory, workers = defaultWorkers() }: { memory?: number; workers?: number },
): void {
  const tokens = longest ?? Math.min(USUAL_TOKENS, model.architecture.maxTokens);
  checkModelMemory(model, { workers, tokens }, memory);
}

function isTooLong({ tokenizer, architecture }: LanguageModel, text: string): boolean {
  return tokenizer.letters.tokenCount(text.length) > architecture.maxTokens;
}

/** FASTA begins with `>`. */
async function formatOf(file: string): Promise<'fasta' | 'table'> {
  if (file === '-') return 'fasta';
  let head = '';
  for await (const chunk of (await openBytes(file)).chunks) {
    head = Buffer.from(chunk.subarray(0, 4096))
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trimStart();
    if (head !== '') break;
  }
  if (head === '')
    throw new InputError({ what: 'is empty', file, expected: 'FASTA or a table', got: 'nothing' });
  return head.startsWith('>') ? 'fasta' : 'table';
}

/** Letters that are looked at to tell DNA from proteins. */
const SAMPLE_LETTERS = 100_000;

async function alphabetOf(
  file: string,
  format: 'fasta' | 'table',
  plain: boolean,
  options: SourceOptions,
): Promise<Alphabet> {
  const { alphabet = 'auto' } = options;
  if (alphabet !== 'auto') return alphabet === 'dna' ? DNA : PROTEIN;
  if (file === '-') return PROTEIN;
  if (!plain) return (await readTable(file, tableOptions(options))).alphabet;
  let letters = '';
  const source = format === 'fasta' ? streamFasta(file) : plainSequences(file, options);
  for await (const { text } of source) {
    letters += text.slice(0, SAMPLE_LETTERS).replace(/[^A-Za-z]/g, '');
    if (letters.length >= SAMPLE_LETTERS) break;
  }
  return guessAlphabet(letters);
}

function checkAlphabet(model: LanguageModel, alphabet: Alphabet, file: string, options: SourceOptions): void {
  // What comes by standard input has not been seen yet.
  if (model.alphabet === alphabet || (file === '-' && (options.alphabet ?? 'auto') === 'auto')) return;
  const nameOf = ({ name }: Alphabet) => (name === 'dna' ? 'DNA' : 'proteins');
  throw new ModelError({
    what: `model ${model.name} does not read what the file holds`,
    file,
    expected: `a model of ${nameOf(alphabet)}`,
    got: `a model of ${nameOf(model.alphabet)}`,
    fix: 'Choose another by --model (model in the library); if the letters were misread, say --alphabet.',
  });
}

/**
 * Whether a table holds full sequences. Where a wild type or sites are given it may hold mutation lists or letters at
 * sites instead, which only the reader of measured tables understands.
 */
async function isPlain(file: string, options: SourceOptions): Promise<boolean> {
  const { wildType, sites } = options;
  if (wildType === undefined && sites === undefined) return true;
  if (file === '-') return false;
  try {
    for await (const { text } of plainSequences(file, options))
      return wildType === undefined || text.length === parseWildType(wildType).length;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  return false;
}

/** The options that `readTable` knows. */
function tableOptions(o: SourceOptions): TableOptions {
  return {
    ...{ wildType: o.wildType, sites: o.sites, offset: o.offset, firstPosition: o.firstPosition },
    ...{ sequenceColumn: o.sequenceColumn, scoreColumn: o.scoreColumn, idColumn: o.idColumn },
    ...{ stops: o.stops, nonFiniteScores: o.nonFiniteScores, delimiter: o.delimiter, maxBytes: o.maxBytes },
    ...{ allowUnequalLengths: o.allowUnequalLengths, signal: o.signal },
  };
}

async function readerOf(
  file: string,
  format: 'fasta' | 'table',
  plain: boolean,
  alphabet: Alphabet,
  options: SourceOptions,
): Promise<Reader> {
  const { signal, maxBytes, offset } = options;
  const firstPosition = options.firstPosition ?? 1 - (offset ?? 0);
  if (format === 'fasta') {
    const read = async function* () {
      for await (const record of streamFasta(file, { signal, maxBytes })) yield { ...record, file };
    };
    return { firstPosition, notes: [], read };
  }
  if (plain) return { firstPosition, notes: [], read: () => plainSequences(file, options) };
  const table = await readTable(file, { ...tableOptions(options), alphabet: alphabet.name });
  const sequences = table.rows.map(({ id, line, sequence }) => ({
    ...{ id, line, file: table.source },
    text: decode(table.alphabet, sequence),
  }));
  const aside = Object.entries(countSetAside(table.setAside)).map(
    ([reason, count]) => `set aside ${count} rows: ${reason}`,
  );
  return {
    firstPosition: table.numbering.firstPosition,
    notes: [...aside, ...table.notes],
    read: () => sequences,
  };
}
