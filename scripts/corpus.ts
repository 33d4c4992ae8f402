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

/** Cluster and fold of a record. */
type Place = { cluster: string; fold: Fold };

function clustersTable(file: string): (id: string) => Place | undefined {
  const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1);
  const places = new Map(
    rows.map((row) => {
      const [id, cluster, fold] = row.split('\t');
      return [id, { cluster, fold: fold as Fold }];
    }),
  );
  return (id) => places.get(id);
}

/** Sequences by fold, and the number of the family of each training sequence. */
export type TrainingCorpus = Record<Fold, Uint8Array[]> & { families: number[] };

const COMPLEMENT: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };

function reverseComplement(text: string): string {
  return [...text]
    .reverse()
    .map((letter) => COMPLEMENT[letter] ?? letter)
    .join('');
}

/** Token ids of the recipe's corpus by fold; with `bothStrands` the training fold holds each sequence in both directions. */
export async function readCorpus(recipe: Recipe, corpora: string): Promise<TrainingCorpus> {
  const ids = new Map(recipe.vocabulary.map((token, id) => [token, id]));
  const unknown = ids.get('<unk>')!;
  const encode = (text: string) => Uint8Array.from(text, (letter) => ids.get(letter) ?? unknown);
  const { folds } = recipe.corpus;
  const placeOf =
    typeof folds === 'string'
      ? clustersTable(path.join(corpora, folds))
      : (id: string): Place => ({ cluster: id, fold: foldByRegion(id, folds.regionLength) });
  const corpus: TrainingCorpus = { train: [], valid: [], test: [], families: [] };
  const numbers = new Map<string, number>();
  const add = (text: string, { cluster, fold }: Place) => {
    corpus[fold].push(encode(text));
    if (fold !== 'train') return;
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    corpus.families.push(numbers.get(cluster)!);
  };
  for (const { id, text } of await readFasta(path.join(corpora, recipe.corpus.fasta))) {
    const place = placeOf(id);
    if (!place) continue;
    const upper = text.toUpperCase();
    add(upper, place);
    if (place.fold === 'train' && recipe.bothStrands) add(reverseComplement(upper), place);
  }
  return corpus;
}
