import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Recipe } from '../src/lm/training/recipe.js';
import { readFasta } from '../src/table/fasta.js';

export type Fold = 'train' | 'valid' | 'test';

/** Shares of the regions: 94 % train, 3 % valid, 3 % test, as in the protein corpus. */
const [TRAIN, VALID] = [0.94, 0.97];

/** Fold of a record by the sha256 of its region: `NAME:START-END` lies in region START / length of NAME; other ids are their own region. */
function foldByRegion(id: string, regionLength: number): Fold {
  const [, name, start] = /^(.+):(\d+)-\d+$/.exec(id) ?? [];
  const region = name === undefined ? id : `${name}/${Math.floor((Number(start) - 1) / regionLength)}`;
  const draw = createHash('sha256').update(region).digest().readUInt32BE(0) / 2 ** 32;
  return draw < TRAIN ? 'train' : draw < VALID ? 'valid' : 'test';
}

function foldsTable(file: string): (id: string) => Fold | undefined {
  const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1);
  const folds = new Map(rows.map((row) => [row.split('\t')[0], row.split('\t')[2] as Fold]));
  return (id) => folds.get(id);
}

const COMPLEMENT: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };

function reverseComplement(text: string): string {
  return [...text]
    .reverse()
    .map((letter) => COMPLEMENT[letter] ?? letter)
    .join('');
}

/** Token ids of the recipe's corpus by fold; with `bothStrands` the training fold holds each sequence in both directions. */
export async function readCorpus(recipe: Recipe, corpora: string): Promise<Record<Fold, Uint8Array[]>> {
  const ids = new Map(recipe.vocabulary.map((token, id) => [token, id]));
  const unknown = ids.get('<unk>')!;
  const encode = (text: string) => Uint8Array.from(text, (letter) => ids.get(letter) ?? unknown);
  const { folds } = recipe.corpus;
  const foldOf =
    typeof folds === 'string'
      ? foldsTable(path.join(corpora, folds))
      : (id: string) => foldByRegion(id, folds.regionLength);
  const corpus: Record<Fold, Uint8Array[]> = { train: [], valid: [], test: [] };
  for (const { id, text } of await readFasta(path.join(corpora, recipe.corpus.fasta))) {
    const fold = foldOf(id);
    const upper = text.toUpperCase();
    if (fold) corpus[fold].push(encode(upper));
    if (fold === 'train' && recipe.bothStrands) corpus.train.push(encode(reverseComplement(upper)));
  }
  return corpus;
}
