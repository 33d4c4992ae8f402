import { internal } from '../../core/errors.js';
import type { ObjectiveData } from '../../design/method.js';
import type { Objective } from '../../design/objective.js';
import { fitAuxiliary } from '../../proxy/auxiliary.js';
import { meanHead, minHead, modelObjective } from '../model-objective.js';
import type { ModelObjectiveOptions, ScoreModel } from '../model-objective.js';
import { cnn, mlp } from './architecture.js';
import type { Architecture } from './architecture.js';
import { logitEncoding, oneHotEncoding } from './encoding.js';
import type { Encoding } from './encoding.js';
import { trainEnsemble } from './ensemble.js';
import type { Ensemble } from './ensemble.js';
import type { NetworkOptions } from './options.js';

/** An objective whose prediction is a network ensemble's, with the ensemble at hand for methods that look inside. */
export interface NetworkObjective extends Objective {
  readonly ensemble: Ensemble;
  readonly encoding: Encoding;
}

/** Whether an objective is an ensemble's. */
export function isNetworkObjective(objective: Objective): objective is NetworkObjective {
  return 'ensemble' in objective;
}

/** The network that options ask for. */
export function architectureOf({ network, hidden, layers, filters, kernel }: NetworkOptions): Architecture {
  if (network === 'cnn') return cnn({ filters, kernel, hidden });
  return mlp(new Array<number>(layers).fill(hidden));
}

/** Predictions and gradients of an ensemble for sequences. */
export function networkModel(ensemble: Ensemble, encoding: Encoding, size: number): ScoreModel {
  const K = ensemble.members;
  return {
    key: 'networks',
    outputs: K,
    evaluate: (sequences) => ensemble.predict(encoding.encode(sequences)),
    async gradients(sequences) {
      const slopes = await ensemble.gradients(encoding.encode(sequences));
      const out = new Float64Array(sequences.length * K * size);
      for (let row = 0; row < sequences.length * K; row++)
        encoding.pull(slopes, row * encoding.width, out, row * size);
      return out;
    },
  };
}

/**
 * Trains the ensemble on the measured set and makes it an objective.
 * @param weakly whether f is BIB's weak supervision (five linear heads by SGD on bootstraps, here of one-hot letters, that
 * know nothing of the networks); false: f is the mean prediction, for methods that do not look at it
 */
export async function fitNetworkObjective(
  data: ObjectiveData,
  options: NetworkOptions,
  weakly: boolean,
): Promise<NetworkObjective> {
  const { problem, measured, random, signal, onProgress } = data;
  const encoding =
    options.input === 'logits'
      ? logitEncoding(problem, measured.sequences)
      : oneHotEncoding(problem, measured.sequences);
  const input = { positions: encoding.positions.length, channels: encoding.channels };
  const ensemble = await trainEnsemble(
    architectureOf(options),
    { x: encoding.encode(measured.sequences), y: measured.y, input },
    options,
    random.fork('networks'),
    { signal, onProgress },
  );
  const weakSupervision = weakly ? fitWeakSupervision(data) : null;
  return ensembleObjective(data, ensemble, encoding, { aggregate: options.aggregate, weakSupervision });
}

function fitWeakSupervision({
  problem,
  measured,
  random,
}: ObjectiveData): ModelObjectiveOptions['weakSupervision'] {
  const encoding = oneHotEncoding(problem, measured.sequences);
  const phi = encoding.encode(measured.sequences);
  const head = fitAuxiliary({ phi, width: encoding.width, y: measured.y }, random.fork('weak supervision'));
  return { head, encoding };
}

/** An ensemble that was trained as an objective. */
export function ensembleObjective(
  { problem }: Pick<ObjectiveData, 'problem'>,
  ensemble: Ensemble,
  encoding: Encoding,
  {
    aggregate,
    weakSupervision,
  }: Pick<ModelObjectiveOptions, 'weakSupervision'> & { aggregate: 'mean' | 'min' },
): NetworkObjective {
  const objective = modelObjective({
    model: networkModel(ensemble, encoding, problem.length * problem.alphabet.size),
    head: aggregate === 'min' ? minHead(ensemble.members) : meanHead(ensemble.members),
    weakSupervision,
  });
  return { ...objective, ensemble, encoding };
}

/** The ensemble that a method was given to search. */
export function requireEnsemble(objective: Objective, method: string): NetworkObjective {
  if (isNetworkObjective(objective)) return objective;
  throw internal(`${method} was given an objective that is not its own`);
}
