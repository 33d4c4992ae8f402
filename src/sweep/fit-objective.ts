import type { Random } from '../core/random.js';
import { blocksLearner } from '../design/blocks-learner.js';
import type { EnsembleForward } from '../design/ensemble-forward.js';
import { featurePosterior } from '../design/feature-posterior.js';
import { paperLearner, type ProxyLearner } from '../design/learned-proxy.js';
import type { LmBlock } from '../design/lm-block-names.js';
import { languageModelBlocks } from '../design/lm-blocks.js';
import { createObjective, type Objective } from '../design/objective.js';
import type { ScorePosterior } from '../design/posterior.js';
import type { LanguageModel } from '../lm/language-model.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import type { Block } from '../proxy/blocks/block.js';
import type { BlocksReport } from '../proxy/blocks/fit-blocks.js';
import { createPool, type Pool } from '../runtime/pool.js';
import type { Task } from '../tasks/index.js';
import { fitPlainRidge } from './fit-plain-ridge.js';
import type { ProxySettings } from './proxy-settings.js';
import { openModelForTask } from './sweep-model.js';

/** Which module this is: not every method enters it; see `SweepMethod.modules`. */
export const FIT_OBJECTIVE_MODULE = import.meta.url;

/** An objective fitted to a task's measured rows. */
export interface FittedObjective {
  objective: Objective;
  /** What is believed of scores; null where the proxy does not say. */
  posterior: ScorePosterior | null;
  /** What the proxy chose by itself, in words. */
  notes: string[];
  /** Frees the model. */
  close(): Promise<void>;
}

/** What {@link fitObjective} works on. */
export interface ObjectiveRequest {
  task: Task;
  settings: ProxySettings;
  random: Random;
  /** Memory for remembered passes in bytes; default as `createObjective`. */
  memoBytes?: number;
  /** With features `blocks`: scores by an ensemble or a head distilled from it. */
  ensemble?: Ensemble;
  signal?: AbortSignal;
}

/** Scores by bootstrap heads; see `EnsembleForward`. */
export interface Ensemble extends EnsembleForward {
  /** How many. */
  heads: number;
}

/** Fits the proxy that the settings ask for, as `biseq design` does, and makes the objective of it. */
export async function fitObjective(request: ObjectiveRequest): Promise<FittedObjective> {
  const { task, settings, signal } = request;
  const close = async () => {};
  if (settings.features === 'ridge') return { ...(await byRidge(request)), close };
  const lmBlocks = lmBlocksOf(request);
  if (settings.features === 'blocks' && lmBlocks.length === 0)
    return { ...(await byLearner(request, learnerOf(request, []))), close };
  const model = await openModelForTask(settings.model, task, signal);
  // one thread a cell: cells run side by side
  const pool = createPool(1);
  try {
    const learner =
      settings.features === 'paper'
        ? paperLearner(languageModelFeatures(model, task.alphabet, pool))
        : learnerOf(request, await blocksOfModel(request, model, pool, lmBlocks));
    return { ...(await byLearner(request, learner)), close: () => pool.close() };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

async function byRidge({ task, settings, random, memoBytes }: ObjectiveRequest) {
  const { penalty, blocks } = settings;
  const fitted = await fitPlainRidge({ task, penalty, blocks: blocks ?? ['onehot'], random, memoBytes });
  return { ...fitted, posterior: null };
}

async function byLearner(
  { task, random, memoBytes, signal }: ObjectiveRequest,
  learn: ProxyLearner,
): Promise<Omit<FittedObjective, 'close'>> {
  const { sequences, scores } = task.measured;
  const { featureMap, head, auxiliary, predict, belief, report } = await learn({
    sequences,
    scores,
    random,
    signal,
  });
  const objective = createObjective({
    featureMap,
    head,
    auxiliary,
    predict: predict ?? undefined,
    memoBytes,
  });
  const posterior = belief && featurePosterior(featureMap, belief);
  return { objective, posterior, notes: report ? describeReport(report) : [] };
}

function learnerOf({ task, settings, ensemble }: ObjectiveRequest, extra: readonly Block[]): ProxyLearner {
  return blocksLearner({
    ...{ alphabet: task.alphabet, extra },
    positions: task.designable ?? undefined,
    only: settings.blocks ?? undefined,
    forward: ensemble,
    options: { average: settings.average, transforms: settings.transforms, heads: ensemble?.heads },
  });
}

/** The blocks of a language model that are tried; by default those of `biseq design`. */
function lmBlocksOf({ task, settings }: ObjectiveRequest): readonly LmBlock[] {
  return settings.lm ?? (task.wildType === null ? [] : ['llr']);
}

function blocksOfModel(
  { task, random, signal }: ObjectiveRequest,
  model: LanguageModel,
  pool: Pool,
  names: readonly LmBlock[],
): Promise<Block[]> {
  return languageModelBlocks({
    ...{ model, alphabet: task.alphabet, pool, names, random, signal },
    wildType: task.wildType,
    sites: task.designable ?? Array.from({ length: task.length }, (_, position) => position),
    sequences: task.measured.sequences,
  });
}

/** Which blocks carry how much, and which choices were averaged. */
function describeReport({ signal, chosen, bothStrands, avoided }: BlocksReport): string[] {
  const shares = signal.map(({ block, share }) => `${block} ${(100 * share).toFixed(0)} %`).join(', ');
  const [best] = chosen;
  return [
    `share of the signal: ${shares}${bothStrands ? '; both strands' : ''}`,
    `${chosen.length} sets of blocks averaged, the best: ${best.blocks.join(' + ')}, ${best.transform}, ridge ${best.ridge}`,
    ...(avoided.length > 0
      ? [`pairs of neighbouring letters that count against a design: ${avoided.length}`]
      : []),
  ];
}
