import { PROTEIN } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { type TrainingOptions, trainingSchema } from '../../../src/lm/training/config.js';
import { newModel } from '../../../src/lm/training/new-model.js';
import type { TrainingTask } from '../../../src/lm/training/trainer.js';

/** A language that can be learned in a few steps: each letter is mostly followed by the next of the alphabet. */
export function toyTexts(count: number, seed: string): string[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const length = 3 + random.integer(40);
    let code = random.integer(PROTEIN.size);
    let text = '';
    for (let i = 0; i < length; i++) {
      text += PROTEIN.letters[code];
      code = random.uniform() < 0.9 ? (code + 1) % 6 : random.integer(6);
    }
    return text;
  });
}

/** A model of a few hundred weights, and something for it to learn. */
export function toyTask(
  options: Partial<TrainingOptions> = {},
): TrainingTask & { model: ReturnType<typeof newModel> } {
  const config = trainingSchema.parse({
    seed: 1,
    steps: 12,
    window: 20,
    tokensPerStep: 256,
    tokensPerRun: 64,
    lengthMultiple: 8,
    evaluateEvery: 4,
    warmupSteps: 2,
    learningRate: 0.01,
    ...options,
  });
  const { objective, order, window } = config;
  const model = newModel({
    alphabet: PROTEIN,
    objective,
    order,
    window,
    layers: 1,
    width: 16,
    heads: 2,
    feedForward: 24,
  });
  const { architecture, special, padId, encode } = model;
  return {
    model,
    architecture,
    special,
    padId,
    config,
    train: toyTexts(60, 'train').map(encode),
    heldOut: toyTexts(10, 'held-out').map(encode),
  };
}
