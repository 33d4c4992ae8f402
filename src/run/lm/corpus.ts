import { createHash } from 'node:crypto';
import { type Alphabet, DNA } from '../../core/alphabet.js';
import { InputError, throwIfAborted } from '../../core/errors.js';
import { streamFasta } from '../../table/fasta.js';
import { guessAlphabet } from '../../table/letters.js';
import type { Fold, FoldOf } from './folds.js';

/** Token ids of the sequences of each fold. */
export type Corpora = Record<Fold, (Int32Array | Uint8Array)[]>;

/** A corpus as it was read. */
export interface ReadCorpus {
  corpora: Corpora;
  counts: Record<Fold, { sequences: number; tokens: number }>;
  /** Records left out, by reason. */
  leftOut: Record<string, number>;
  /** sha256 over folds and tokens: identifies what is trained on. */
  sha256: string;
}

/** How to read a corpus. */
export interface CorpusOptions {
  /** FASTA, plain or gzip. */
  fasta: string;
  alphabet: Alphabet;
  foldOf: FoldOf;
  encode(text: string): Int32Array | Uint8Array;
  /** Train on both strands (DNA); default false. */
  bothStrands?: boolean;
  signal?: AbortSignal;
}

/** Letters of a record as models read them: capitals, no gaps of an alignment, no closing stop, T for U in DNA. */
export function plainLetters(text: string, alphabet: Alphabet): string {
  const letters = text.toUpperCase().replace(/[-.]/g, '').replace(/\*$/, '');
  return alphabet === DNA ? letters.replaceAll('U', 'T') : letters;
}

const COMPLEMENT: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };

/** The other strand in letters; what is no nucleotide stays. */
function otherStrand(text: string): string {
  return Array.from(text, (letter) => COMPLEMENT[letter] ?? letter)
    .reverse()
    .join('');
}

/**
 * Reads a FASTA file into folds. Sequences that come twice are taken once; those with a stop inside are left out.
 * @throws InputError as `streamFasta`, and where nothing is left
 */
export async function readCorpus(options: CorpusOptions): Promise<ReadCorpus> {
  const { fasta, alphabet, foldOf, encode, bothStrands = false, signal } = options;
  const corpora: Corpora = { train: [], valid: [], test: [] };
  const leftOut: Record<string, number> = {};
  const leave = (reason: string) => (leftOut[reason] = (leftOut[reason] ?? 0) + 1);
  const seen = new Set<string>();
  const hash = createHash('sha256');
  for await (const record of streamFasta(fasta, { signal })) {
    throwIfAborted(signal);
    const fold = foldOf(record.id);
    const text = plainLetters(record.text, alphabet);
    const digest = createHash('sha256').update(text).digest('base64');
    if (fold === null) leave('in no fold');
    else if (text === '') leave('no letters');
    else if (text.includes('*')) leave('a stop inside');
    else if (seen.has(digest)) leave('the same sequence again');
    else {
      seen.add(digest);
      const strands = bothStrands && fold === 'train' ? [text, otherStrand(text)] : [text];
      for (const strand of strands) {
        const tokens = encode(strand);
        corpora[fold].push(tokens);
        hash.update(`${fold} ${tokens.length}\n`).update(bytesOf(tokens));
      }
    }
  }
  if (seen.size === 0) {
    const got = Object.entries(leftOut).map(([reason, count]) => `${count} left out: ${reason}`);
    const fix = 'Check that ids of the folds are those of the FASTA file.';
    throw new InputError({
      ...{ what: 'no sequence to train on', file: fasta, expected: 'FASTA records', fix },
      got: got.join(', ') || 'none',
    });
  }
  return { corpora, counts: countsOf(corpora), leftOut, sha256: hash.digest('hex') };
}

/** Token ids as 32-bit integers, whatever array they are in. */
const bytesOf = (tokens: Int32Array | Uint8Array) => new Uint8Array(Int32Array.from(tokens).buffer);

function countsOf(corpora: Corpora): ReadCorpus['counts'] {
  const count = (sequences: Corpora[Fold]) => ({
    sequences: sequences.length,
    tokens: sequences.reduce((sum, { length }) => sum + length, 0),
  });
  return { train: count(corpora.train), valid: count(corpora.valid), test: count(corpora.test) };
}

/** Letters that are looked at to tell DNA from proteins. */
const SAMPLE_LETTERS = 100_000;

/** The alphabet of a FASTA file, from its first letters. @throws InputError as `streamFasta` */
export async function fastaAlphabet(file: string): Promise<Alphabet> {
  let letters = '';
  for await (const { text } of streamFasta(file)) {
    letters += text.slice(0, SAMPLE_LETTERS);
    if (letters.length >= SAMPLE_LETTERS) break;
  }
  return guessAlphabet(letters.replace(/[^A-Za-z]/g, ''));
}
