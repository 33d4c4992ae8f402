import { existsSync, rmSync } from 'node:fs';
import { ModelError } from '../core/errors.js';
import { openSafetensors, type SafetensorsFile } from '../lm/io/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../lm/io/safetensors-writer.js';
import type { Arrays } from '../lm/training/optimiser.js';
import type { DenoisingState, TrainedDenoiser } from './training.js';

const FORMAT = 'biseq-diffusion-1';

/**
 * Writes a trained denoiser as one safetensors file, whole or not at all.
 * @param key identifies what it was trained on and how
 */
export function saveDenoiser(file: string, trained: TrainedDenoiser, key: string): void {
  const { weights, ...rest } = trained;
  writeSafetensors(file, tensors('', weights), {
    metadata: { format: FORMAT, key, model: JSON.stringify(rest) },
  });
}

/**
 * Reads what {@link saveDenoiser} wrote; null where there is no such file.
 * @throws ModelError for another file, or a model of another key
 */
export function loadDenoiser(file: string, key: string): TrainedDenoiser | null {
  if (!existsSync(file)) return null;
  const stored = openSafetensors(file);
  requireKey(stored, file, key);
  return {
    ...(JSON.parse(stored.metadata.model) as Omit<TrainedDenoiser, 'weights'>),
    weights: arrays(stored, ''),
  };
}

/** Where an unfinished training of a model is kept. */
export const checkpointOf = (file: string): string => `${file}.partial`;

/** Writes a training as it stands beside the model's file to be. */
export function saveCheckpoint(
  file: string,
  { step, weights, moments, best }: DenoisingState,
  key: string,
): void {
  const progress = { step, best: best && { step: best.step, loss: best.loss } };
  writeSafetensors(
    checkpointOf(file),
    [
      ...tensors('weight:', weights),
      ...tensors('moment:', moments),
      ...(best ? tensors('best:', best.weights) : []),
    ],
    { metadata: { format: FORMAT, key, progress: JSON.stringify(progress) } },
  );
}

/**
 * The training to go on from, or null where there is none.
 * @throws ModelError as {@link loadDenoiser}
 */
export function loadCheckpoint(file: string, key: string): DenoisingState | null {
  const name = checkpointOf(file);
  if (!existsSync(name)) return null;
  const stored = openSafetensors(name);
  requireKey(stored, name, key);
  const { step, best } = JSON.parse(stored.metadata.progress) as {
    step: number;
    best: { step: number; loss: number } | null;
  };
  return {
    step,
    weights: arrays(stored, 'weight:'),
    moments: arrays(stored, 'moment:'),
    best: best && { ...best, weights: arrays(stored, 'best:') },
  };
}

/** Removes the checkpoint of a training that has ended. */
export function removeCheckpoint(file: string): void {
  rmSync(checkpointOf(file), { force: true });
}

function requireKey({ metadata }: SafetensorsFile, file: string, key: string): void {
  if (metadata.format === FORMAT && metadata.key === key) return;
  throw new ModelError({
    what:
      metadata.format === FORMAT
        ? 'the diffusion model was trained on another table, with other constraints or with other options'
        : 'the file holds no diffusion model',
    file,
    fix: 'Name another file, or delete this one to train again.',
  });
}

function tensors(prefix: string, named: Arrays): TensorToWrite[] {
  return [...named].map(([name, data]) => ({ name: `${prefix}${name}`, shape: [data.length], data }));
}

function arrays(stored: SafetensorsFile, prefix: string): Map<string, Float32Array> {
  return new Map(
    [...stored.tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), Float32Array.from(stored.readTensor(name).data)]),
  );
}
