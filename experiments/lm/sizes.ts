/**
 * Which size an embedded model should have: models of several sizes trained with the same number of operations, and the
 * full training of the embedded one beside them.
 *   npx tsx experiments/lm/sizes.ts [--budgets 3.5e12,1.4e13] [--sizes 2x96,4x96,...]
 *     [--recipe experiments/lm/dna.json] [--work FOLDER] [--out experiments/lm/sizes.md]
 * A size is LAYERSxWIDTH, or LAYERSxWIDTHfM where an epoch shows at most M members of a family.
 * Operations of training: 6 a weight of the layers and token, and 12 x layers x width x window for attention. A training
 * that was stopped goes on where it was. One worker; seconds are comparable only when nothing else runs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DNA, encode, PROTEIN } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { parseRecipe, type Recipe, recipeModel } from '../../src/lm/training/recipe.js';
import { runTraining } from '../../src/lm/training/run.js';
import { createPool, type Pool } from '../../src/runtime/pool.js';
import { readCorpus, type TrainingCorpus } from '../../scripts/corpus.js';

const { values: args } = parseArgs({
  options: {
    budgets: { type: 'string', default: '3.5e12,1.4e13' },
    sizes: { type: 'string', default: '2x96,2x96f3,2x128f3,4x96,4x128,4x192,6x256' },
    recipe: { type: 'string', default: 'experiments/lm/protein.json' },
    work: { type: 'string', default: '.cache/sizes' },
    corpora: { type: 'string', default: '../shared/data/corpora' },
    out: { type: 'string', default: 'experiments/lm/sizes.md' },
  },
});
const HEAD = 32;
const REMARK =
  " Training seconds are those of one worker on a machine that did other work too for some rows: compare operations; the embedding rate was measured at the end, with at most one other busy core. The embedded model's own training, at a larger budget, is on its card.";
const base: Recipe = parseRecipe(JSON.parse(readFileSync(args.recipe, 'utf8')));
const alphabet = base.alphabet === 'dna' ? DNA : PROTEIN;

interface Size {
  layers: number;
  width: number;
  /** Members of a family that an epoch shows; 0: all. */
  perFamily: number;
}

function operationsPerToken({ layers, width }: Size): number {
  return 6 * 12 * layers * width ** 2 + 12 * layers * width * base.training.window;
}

function recipeOf(size: Size, budget: number): Recipe {
  const { layers, width, perFamily } = size;
  const tokens = budget / operationsPerToken(size);
  const steps = Math.round(tokens / base.training.tokensPerStep);
  return {
    ...base,
    name: `sizes-${base.alphabet === 'dna' ? 'dna-' : ''}${layers}x${width}${perFamily > 0 ? `f${perFamily}` : ''}`,
    model: {
      ...base.model,
      hidden_size: width,
      num_hidden_layers: layers,
      num_attention_heads: width / HEAD,
      intermediate_size: 4 * width,
    },
    training: { ...base.training, perFamily, steps, evaluateEvery: Math.max(1, Math.floor(steps / 5)) },
  };
}

/** Sequences of 100 residues embedded in a second, best of five. */
async function embeddingRate(folder: string, pool: Pool): Promise<number> {
  const model = await openLanguageModel(folder);
  const features = languageModelFeatures(model, alphabet, pool);
  const random = createRandom(0);
  const letters = [...alphabet.letters];
  const sequences = Array.from({ length: 64 }, () =>
    encode(alphabet, Array.from({ length: 100 }, () => letters[random.integer(letters.length)]).join('')),
  );
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await features.features(sequences);
    best = Math.min(best, performance.now() - began);
  }
  return (1e3 * sequences.length) / best;
}

const perplexity = (loss: number) => Math.exp(loss).toFixed(2);

async function row(size: Size, budget: number, corpus: TrainingCorpus, pool: Pool): Promise<string> {
  const recipe = recipeOf(size, budget);
  const { training: config } = recipe;
  const folder = path.join(args.work, `${recipe.name}-${budget}`);
  mkdirSync(folder, { recursive: true });
  const { architecture, special, padId, files } = recipeModel(recipe);
  const { state, test } = await runTraining(pool, {
    task: {
      architecture,
      special,
      padId,
      config,
      train: corpus.train,
      families: corpus.families,
      heldOut: corpus.valid,
    },
    key: JSON.stringify([recipe.model, config]),
    folder,
    modelFolder: path.join(folder, 'model'),
    files,
    keep: 'last',
    test: corpus.test,
  });
  const weights = [...state.weights.values()].reduce((sum, { length }) => sum + length, 0);
  const rate = await embeddingRate(path.join(folder, 'model'), pool);
  const last = state.curve.at(-1)!;
  const cells = [
    budget.toExponential(1),
    `${size.layers} x ${size.width}`,
    size.perFamily === 0 ? 'all' : `${size.perFamily}`,
    weights.toLocaleString('en'),
    ((2 * weights) / 1e6).toFixed(1),
    config.steps.toLocaleString('en'),
    (last.tokens / 1e6).toFixed(2),
    last.seconds.toFixed(0),
    perplexity(last.heldOutLoss!),
    test ? perplexity(test.loss) : '',
    rate.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

const corpus = await readCorpus(base, args.corpora);
const pool = createPool(1);
const lines = [
  '| operations | layers x width | of a family | weights | MB stored | steps | million tokens | training, s | valid perplexity (300 windows) | test perplexity | sequences of 100 embedded a second |',
  '|---|---|---|---|---|---|---|---|---|---|---|',
];
for (const budget of args.budgets.split(',').map(Number)) {
  for (const text of args.sizes.split(',')) {
    const [layers, width, perFamily = 0] = text.split(/[xf]/).map(Number);
    lines.push(await row({ layers, width, perFamily }, budget, corpus, pool));
    console.log(lines.at(-1));
  }
}
await pool.close();
writeFileSync(
  args.out,
  [
    `# Size of the embedded ${base.alphabet === 'dna' ? 'DNA' : 'protein'} model`,
    '',
    `\`npx tsx experiments/lm/sizes.ts --recipe ${args.recipe} --budgets ${args.budgets} --sizes ${args.sizes}\`: sizes at equal operations of training, one worker.${REMARK}`,
    '',
    ...lines,
    '',
  ].join('\n'),
);
