/**
 * Trains an embedded language model from a committed recipe:
 *   npx tsx scripts/train-lm.ts experiments/lm/protein.json --corpora ../shared/data/corpora --work FOLDER [--workers 2]
 * Checkpoints into FOLDER every two minutes and goes on from there when it is started again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { esm, parseEsmConfig } from '../src/lm/architecture/esm.js';
import { heldOutFeeds } from '../src/lm/training/data.js';
import { parseRecipe, type Recipe } from '../src/lm/training/recipe.js';
import { loadState, saveState, writeModelFolder } from '../src/lm/training/store.js';
import { train, type TrainingState, type TrainingTask } from '../src/lm/training/trainer.js';
import { createEvaluator } from '../src/lm/training/evaluator.js';
import { lossGraph } from '../src/lm/training/loss-graph.js';
import { createPool } from '../src/runtime/pool.js';
import { type Fold, readCorpus } from './corpus.js';

const SECONDS_BETWEEN_CHECKPOINTS = 120;
const LETTERS = { protein: 'ACDEFGHIKLMNPQRSTVWY', dna: 'ACGT' };

function describe(
  recipe: Recipe,
  corpus: Record<Fold, Uint8Array[]>,
): Omit<TrainingTask, 'train' | 'heldOut'> {
  const id = (token: string) => recipe.vocabulary.indexOf(token);
  for (const [fold, sequences] of Object.entries(corpus)) {
    const residues = sequences.reduce((sum, sequence) => sum + sequence.length, 0);
    console.log(`${fold}: ${sequences.length} sequences, ${residues} letters`);
  }
  return {
    architecture: esm(parseEsmConfig(recipe.model)),
    special: {
      cls: id('<cls>'),
      eos: id('<eos>'),
      mask: id('<mask>'),
      letters: [...LETTERS[recipe.alphabet]].map(id),
    },
    padId: id('<pad>'),
    config: recipe.training,
  };
}

const perplexity = (loss: number) => Math.exp(loss).toFixed(3);

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
  mkdirSync(work, { recursive: true });
  const corpus = await readCorpus(recipe, values.corpora);
  const parts = describe(recipe, corpus);
  const key = createHash('sha256').update(text).digest('hex');
  const resume = loadState(work, key) ?? undefined;
  if (resume) console.log(`going on from step ${resume.step}`);
  const pool = createPool(Number(values.workers));
  const shapes = lossGraph(parts.architecture).parameters;
  const files = {
    config: recipe.model,
    vocabulary: recipe.vocabulary,
    tokenizerConfig: {
      tokenizer_class: 'EsmTokenizer',
      cls_token: '<cls>',
      pad_token: '<pad>',
      eos_token: '<eos>',
      unk_token: '<unk>',
      mask_token: '<mask>',
    },
  };
  let saved = performance.now();
  const save = (state: TrainingState) => {
    saveState(work, state, key);
    writeModelFolder(path.join(work, 'model'), files, shapes, state.weights);
    saved = performance.now();
  };
  const task: TrainingTask = { ...parts, train: corpus.train, heldOut: corpus.valid, resume };
  const state = await train(pool, task, {
    onStep(point, current) {
      if (point.step % 20 === 0) {
        const rate = (point.tokens / point.seconds).toFixed(0);
        console.log(
          `step ${point.step}/${recipe.training.steps}, epoch ${point.epoch}, ${rate} tokens/s, training perplexity ${perplexity(point.trainLoss)}`,
        );
      }
      if ((performance.now() - saved) / 1000 > SECONDS_BETWEEN_CHECKPOINTS) save(current);
    },
    onEvaluation: (point) =>
      console.log(`held-out perplexity ${perplexity(point.heldOutLoss!)} at step ${point.step}`),
  });
  save(state);
  const evaluator = await createEvaluator(pool, parts.architecture);
  const test = heldOutFeeds(corpus.test, { ...parts });
  const loss = await evaluator.loss(state.weights, test.feeds);
  console.log(
    `test perplexity ${perplexity(loss)} over ${test.scored} hidden letters; ${state.seconds.toFixed(0)} s of training`,
  );
  await pool.close();
}

await main();
