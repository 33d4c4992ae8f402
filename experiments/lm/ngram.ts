/**
 * Perplexity of counting models on the test fold of a recipe's corpus, beside which a language model has to be seen:
 * interpolated n-grams with Witten-Bell smoothing, next letter from those before it, counts from the training fold.
 *   npx tsx experiments/lm/ngram.ts experiments/lm/protein.json --corpora ../shared/data/corpora
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readCorpus } from '../../scripts/corpus.js';
import { parseRecipe } from '../../src/lm/training/recipe.js';

const LETTERS = { protein: 'ACDEFGHIKLMNPQRSTVWY', dna: 'ACGT' };
const LARGEST_ORDER = 5;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { corpora: { type: 'string', default: '../shared/data/corpora' } },
});
const recipe = parseRecipe(JSON.parse(readFileSync(positionals[0], 'utf8')));
const corpus = await readCorpus(recipe, values.corpora);
const letters = [...LETTERS[recipe.alphabet]].map((letter) => recipe.vocabulary.indexOf(letter));
const A = letters.length;
const code = new Int8Array(recipe.vocabulary.length).fill(-1);
letters.forEach((id, a) => (code[id] = a));

/** counts[n][context * A + letter], the context being the n letters before, most recent least significant. */
const counts = Array.from({ length: LARGEST_ORDER }, (_, n) => new Uint32Array(A ** (n + 1)));

/** Visits every letter with the codes of the letters before it; unknown letters break the context. */
function visit(sequences: readonly Uint8Array[], see: (letter: number, contexts: number[]) => void): void {
  for (const sequence of sequences) {
    let known = 0;
    let recent = 0;
    for (const id of sequence) {
      const letter = code[id];
      if (letter < 0) {
        known = 0;
        continue;
      }
      const contexts: number[] = [];
      for (let n = 0; n < LARGEST_ORDER && n <= known; n++) contexts.push(recent % A ** n);
      see(letter, contexts);
      recent = (recent * A + letter) % A ** (LARGEST_ORDER - 1);
      known = Math.min(known + 1, LARGEST_ORDER - 1);
    }
  }
}

visit(corpus.train, (letter, contexts) =>
  contexts.forEach((context, n) => counts[n][context * A + letter]++),
);

const totals = counts.map((table) =>
  Float64Array.from({ length: table.length / A }, (_, c) =>
    table.subarray(c * A, (c + 1) * A).reduce((a, b) => a + b, 0),
  ),
);
const kinds = counts.map((table) =>
  Uint8Array.from(
    { length: table.length / A },
    (_, c) => table.subarray(c * A, (c + 1) * A).filter((x) => x > 0).length,
  ),
);

const logs = new Float64Array(LARGEST_ORDER);
let scored = 0;
visit(corpus.test, (letter, contexts) => {
  let p = 1 / A;
  scored++;
  for (let n = 0; n < LARGEST_ORDER; n++) {
    const context = contexts[n];
    const total = context === undefined ? 0 : totals[n][context];
    if (total > 0)
      p = (counts[n][context * A + letter] + kinds[n][context] * p) / (total + kinds[n][context]);
    logs[n] += Math.log(p);
  }
});
console.log(`test fold, ${scored} letters`);
logs.forEach((sum, n) => console.log(`${n + 1}-gram perplexity ${Math.exp(-sum / scored).toFixed(2)}`));
