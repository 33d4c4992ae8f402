/**
 * Trains an embedded language model from a committed recipe:
 *   npx tsx scripts/train-lm.ts experiments/lm/protein.json --corpora ../shared/data/corpora --work FOLDER [--workers 2]
 * Checkpoints into FOLDER every two minutes and goes on from there when it is started again.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseRecipe, recipeModel } from '../src/lm/training/recipe.js';
import { runTraining, type RunHooks } from '../src/lm/training/run.js';
import { createPool } from '../src/runtime/pool.js';
import { readCorpus } from './corpus.js';

/** Steps between lines of progress. */
const REPORT_EVERY = 20;

const perplexity = (loss: number) => Math.exp(loss).toFixed(3);

function progress(steps: number): RunHooks {
  return {
    onStart: (step) => step > 0 && console.log(`going on from step ${step}`),
    onStep({ step, epoch, tokens, seconds, trainLoss }) {
      if (step % REPORT_EVERY !== 0) return;
      const rate = (tokens / seconds).toFixed(0);
      const loss = perplexity(trainLoss ?? NaN);
      console.log(`step ${step}/${steps}, epoch ${epoch}, ${rate} tokens/s, training perplexity ${loss}`);
    },
    onEvaluation: ({ step, heldOutLoss }) =>
      console.log(`held-out perplexity ${perplexity(heldOutLoss ?? NaN)} at step ${step}`),
  };
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      corpora: { type: 'string', default: '../shared/data/corpora' },
      work: { type: 'string' },
      workers: { type: 'string', default: '2' },
    },
  });
  const text = readFileSync(positionals[0], 'utf8');
  const recipe = parseRecipe(JSON.parse(text), positionals[0]);
  const work = values.work ?? path.join('.cache', 'training', recipe.name);
  const corpus = await readCorpus(recipe, values.corpora);
  for (const fold of ['train', 'valid', 'test'] as const) {
    const sequences = corpus[fold];
    const letters = sequences.reduce((sum, { length }) => sum + length, 0);
    console.log(`${fold}: ${sequences.length} sequences, ${letters} letters`);
  }
  const pool = createPool(Number(values.workers));
  const { architecture, special, padId, files } = recipeModel(recipe);
  const { training: config } = recipe;
  const { state, test } = await runTraining(
    pool,
    {
      task: {
        ...{ architecture, special, padId, config },
        ...{ train: corpus.train, families: corpus.families, heldOut: corpus.valid },
      },
      key: createHash('sha256').update(text).digest('hex'),
      folder: work,
      modelFolder: path.join(work, 'model'),
      files,
      keep: 'last',
      test: corpus.test,
    },
    progress(recipe.training.steps),
  );
  if (test) {
    const seconds = state.seconds.toFixed(0);
    console.log(
      `test perplexity ${perplexity(test.loss)} over ${test.scored} scored tokens; ${seconds} s of training`,
    );
  }
  await pool.close();
}

await main();
