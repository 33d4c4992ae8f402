import { createHash } from 'node:crypto';
import { decode } from '../core/alphabet.js';
import { createRandom } from '../core/random.js';
import { type MeasuredData, type ScorePredictor, trainEditModel } from '../diffusion/edit-model.js';
import {
  loadCheckpoint,
  loadDenoiser,
  removeCheckpoint,
  saveCheckpoint,
  saveDenoiser,
} from '../diffusion/model-file.js';
import type { TrainedDenoiser } from '../diffusion/training.js';
import type { CheckedEditOptions } from './edit-options.js';
import { writeFault } from './lm/write-fault.js';

/**
 * Loads the diffusion model that the options name, or trains it; a training with a file is kept on disk on the way.
 * @throws ModelError for a model file of another table or other options
 */
export async function editModel(
  data: MeasuredData,
  predictor: ScorePredictor,
  options: CheckedEditOptions,
  signal: AbortSignal | undefined,
  onProgress: (step: number, steps: number) => void,
): Promise<{ trained: TrainedDenoiser; loaded: boolean }> {
  const { modelFile: file, pool, trainingSteps: steps, hidden, run } = options;
  const train = (hooks: Parameters<typeof trainEditModel>[0]['hooks']) =>
    trainEditModel({
      ...{ ...data, predictor, pool, training: { steps, hidden } },
      random: createRandom(run.seed).fork('model'),
      hooks: { ...hooks, signal, onProgress },
    });
  if (file === undefined) return { trained: await train({}), loaded: false };
  const key = keyOf(data, options);
  const known = loadDenoiser(file, key);
  if (known) return { trained: known, loaded: true };
  const trained = await train({
    resume: loadCheckpoint(file, key),
    onCheckpoint: (state) => writeFault(file, () => saveCheckpoint(file, state, key)),
  });
  writeFault(file, () => saveDenoiser(file, trained, key));
  removeCheckpoint(file);
  return { trained, loaded: false };
}

/** Equal for trainings that give the same model. */
function keyOf({ problem, sequences, scores }: MeasuredData, options: CheckedEditOptions): string {
  const { pool, trainingSteps, hidden, run } = options;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ pool, trainingSteps, hidden, seed: run.seed, letters: problem.letters }));
  hash.update(JSON.stringify(problem.designable));
  for (const sequence of sequences) hash.update(`${decode(problem.alphabet, sequence)}\n`);
  hash.update(new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength));
  return hash.digest('hex');
}
