/**
 * Writes the embedded models with random weights in place of the trained ones, as a training would begin with them, to
 * `runs/models/NAME-random`: what a model's architecture adds by itself.
 * Usage: npx tsx experiments/sweeps/random-weights.ts
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../src/core/random.js';
import { writeChecksums } from '../../src/lm/io/checksums.js';
import { openCheckpoint } from '../../src/lm/io/checkpoint.js';
import { writeSafetensors } from '../../src/lm/io/safetensors-writer.js';
import { embeddedModels } from '../../src/lm/registry.js';
import { initialWeights } from '../../src/lm/training/initialise.js';

/** What says how the weights are read; a model has either kind of vocabulary. */
const KEPT = ['config.json', 'tokenizer_config.json', 'tokenizer.json', 'vocab.txt'];
const SEED = 0;

for (const { name, folder } of embeddedModels()) {
  const target = path.join('runs/models', `${name}-random`);
  mkdirSync(target, { recursive: true });
  const checkpoint = await openCheckpoint(folder);
  const shapes = checkpoint
    .names()
    .map((tensor) => ({ name: tensor, shape: checkpoint.tensor(tensor).shape }));
  const weights = initialWeights(shapes, createRandom(`${SEED}/${name}`));
  writeSafetensors(
    path.join(target, 'model.safetensors'),
    shapes.map((shape) => ({ ...shape, data: weights.get(shape.name) as Float32Array })),
  );
  const kept = KEPT.filter((file) => existsSync(path.join(folder, file)));
  for (const file of kept) copyFileSync(path.join(folder, file), path.join(target, file));
  await writeChecksums(target, [...kept, 'model.safetensors']);
  console.log(target);
}
