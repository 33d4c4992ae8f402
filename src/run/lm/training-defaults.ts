import type { TrainingOptions } from '../../lm/training/config.js';

/** Defaults of a training from scratch. */
export const TRAIN_DEFAULTS = {
  steps: 2500,
  tokensPerStep: 8192,
  tokensPerRun: 512,
  learningRate: 4e-3,
  warmupSteps: 50,
  evaluateEvery: 100,
  patience: 10,
} as const satisfies TrainingOptions;

/** Defaults of tuning. */
export const TUNE_DEFAULTS = {
  steps: 500,
  tokensPerStep: 4096,
  tokensPerRun: 512,
  learningRate: 5e-4,
  warmupSteps: 20,
  evaluateEvery: 20,
  patience: 5,
} as const satisfies TrainingOptions;
