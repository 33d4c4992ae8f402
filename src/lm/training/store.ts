import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { atomicWrite } from '../io/atomic.js';
import { openSafetensors } from '../io/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../io/safetensors-writer.js';
import type { LossGraph } from './loss-graph.js';
import type { Arrays } from './optimiser.js';
import type { CurvePoint, TrainingState } from './trainer.js';

const STATE = 'state.safetensors';
const CURVE = 'curve.csv';

type Shapes = LossGraph['parameters'];

function tensors(prefix: string, arrays: Arrays): TensorToWrite[] {
  return [...arrays].map(([name, data]) => ({ name: `${prefix}${name}`, shape: [data.length], data }));
}

/** The loss curve as CSV; losses in nats a scored token. */
export function formatCurve(curve: readonly CurvePoint[]): string {
  const rows = curve.map((p) =>
    [
      p.step,
      p.epoch,
      p.tokens,
      p.seconds.toFixed(1),
      p.trainLoss?.toFixed(5) ?? '',
      p.heldOutLoss?.toFixed(5) ?? '',
    ].join(','),
  );
  return ['step,epoch,tokens,seconds,train_loss,held_out_loss', ...rows, ''].join('\n');
}

/**
 * Writes a training's state, atomically, with the loss curve beside it. A training that is killed at any point goes on
 * from the last state to the same weights.
 * @param key identifies config and data; a state of another key is refused on loading
 */
export function saveState(folder: string, state: TrainingState, key: string): void {
  mkdirSync(folder, { recursive: true });
  const { step, place, tokens, seconds, best, curve } = state;
  const progress = JSON.stringify({ step, place, tokens, seconds, best, curve });
  writeSafetensors(
    path.join(folder, STATE),
    [...tensors('weight:', state.weights), ...tensors('moment:', state.moments)],
    { metadata: { key, progress } },
  );
  atomicWrite(path.join(folder, CURVE), [formatCurve(curve)]);
}

/**
 * The state to go on from, or null where there is none.
 * @throws ModelError when the folder holds the state of another config or other data
 */
export function loadState(folder: string, key: string): TrainingState | null {
  const file = path.join(folder, STATE);
  if (!existsSync(file)) return null;
  const stored = openSafetensors(file);
  if (stored.metadata.key !== key) {
    throw new ModelError({
      what: 'the folder holds a training of another config or other data',
      file,
      fix: 'Choose another folder, or delete this one to start again.',
    });
  }
  const arrays = (prefix: string) =>
    new Map(
      [...stored.tensors.keys()]
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), Float32Array.from(stored.readTensor(name).data)]),
    );
  const progress = JSON.parse(stored.metadata.progress) as Omit<TrainingState, 'weights' | 'moments'>;
  return { ...progress, weights: arrays('weight:'), moments: arrays('moment:') };
}

/** What makes a folder a model beside its weights. */
export interface ModelFiles {
  config: object;
  /** Text files by name: the tokenizer's. */
  texts: Readonly<Record<string, string>>;
  /** Tensors that training leaves alone (stored rotary frequencies, a pooler). */
  fixed?: readonly TensorToWrite[];
  /** How trained weights are stored; default F16, half the size. */
  dtype?: 'F16' | 'F32';
}

/** Writes a Hugging Face folder: config.json, the tokenizer's files, model.safetensors. */
export function writeModelFolder(folder: string, files: ModelFiles, shapes: Shapes, weights: Arrays): void {
  mkdirSync(folder, { recursive: true });
  atomicWrite(path.join(folder, 'config.json'), [jsonText(files.config)]);
  for (const [name, text] of Object.entries(files.texts)) atomicWrite(path.join(folder, name), [text]);
  const dtype = files.dtype ?? 'F16';
  const trained = shapes.map(({ name, shape }) => ({ name, shape, data: weights.get(name)!, dtype }));
  writeSafetensors(path.join(folder, 'model.safetensors'), [...trained, ...(files.fixed ?? [])]);
}

/** JSON as the files of a model folder have it. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
