import type { Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import { featurePosterior } from '../design/feature-posterior.js';
import { createObjective, type Objective } from '../design/objective.js';
import type { ScorePosterior } from '../design/posterior.js';
import { residueFeatures } from '../lm/embed/sites.js';
import type { LanguageModel } from '../lm/language-model.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import { logLikelihoodRatio } from '../lm/score/llr-features.js';
import type { Block } from '../proxy/blocks/block.js';
import { fitBlocks, type BlocksReport } from '../proxy/blocks/fit-blocks.js';
import { lmSites } from '../proxy/blocks/lm-sites.js';
import { fitProxy } from '../proxy/fit.js';
import { createPool, type Pool } from '../runtime/pool.js';
import type { Task } from '../tasks/index.js';
import { fitPlainRidge } from './fit-plain-ridge.js';
import { type ProxySettings, needsModel } from './proxy-settings.js';
import { openModelForTask } from './sweep-model.js';

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
  signal?: AbortSignal;
}

/** Fits the proxy that the settings ask for, and makes the objective of it. */
export async function fitObjective(request: ObjectiveRequest): Promise<FittedObjective> {
  const { task, settings, signal } = request;
  const close = async () => {};
  if (settings.features === 'ridge') return { ...(await byRidge(request)), close };
  if (!needsModel(settings)) return { ...(await byBlocks(request, [])), close };
  const model = await openModelForTask(settings.model, task, signal);
  // one thread a cell: cells run side by side
  const pool = createPool(1);
  try {
    const fitted =
      settings.features === 'paper'
        ? await byPaper(request, languageModelFeatures(model, task.alphabet, pool))
        : await byBlocks(request, await languageModelBlocks(request, model, pool));
    return { ...fitted, close: () => pool.close() };
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

async function byPaper(
  { task, random, memoBytes, signal }: ObjectiveRequest,
  featureMap: FeatureMap,
): Promise<Omit<FittedObjective, 'close'>> {
  const { sequences, scores } = task.measured;
  const { head, auxiliary } = await fitProxy({ featureMap, sequences, scores, random, signal });
  const objective = createObjective({ featureMap, head, auxiliary, memoBytes });
  return { objective, posterior: null, notes: [] };
}

async function byBlocks(
  { task, settings, random, memoBytes, signal }: ObjectiveRequest,
  extra: readonly Block[],
): Promise<Omit<FittedObjective, 'close'>> {
  const { sequences, scores } = task.measured;
  const { featureMap, head, auxiliary, posterior, report } = await fitBlocks({
    ...{ alphabet: task.alphabet, sequences, scores, extra, random, signal },
    positions: task.designable ?? undefined,
    only: settings.blocks ?? undefined,
    options: { average: settings.average, transforms: settings.transforms },
  });
  const objective = createObjective({ featureMap, head, auxiliary, memoBytes });
  return { objective, posterior: featurePosterior(featureMap, posterior), notes: describeReport(report) };
}

/** The blocks of a language model that the settings ask for. */
async function languageModelBlocks(
  { task, settings, random, signal }: ObjectiveRequest,
  model: LanguageModel,
  pool: Pool,
): Promise<Block[]> {
  const blocks: Block[] = [];
  for (const name of settings.lm) {
    if (name === 'lm-mean') blocks.push({ name, map: languageModelFeatures(model, task.alphabet, pool) });
    else if (name === 'llr') {
      const map = await logLikelihoodRatio(model, task.alphabet, pool, wildTypeOf(task), { signal });
      blocks.push({ name, map });
    } else blocks.push({ name, ...(await sitesBlock(task, model, pool, random, signal)) });
  }
  return blocks;
}

function wildTypeOf({ wildType, name }: Task): Sequence {
  if (wildType !== null) return wildType;
  throw new InputError({
    what: `the block llr compares with the wild type, and the task ${name} has none`,
    fix: 'Leave it out of the setting lm.',
  });
}

async function sitesBlock(
  task: Task,
  model: LanguageModel,
  pool: Pool,
  random: Random,
  signal?: AbortSignal,
): Promise<Omit<Block, 'name'>> {
  const sites = task.designable ?? Array.from({ length: task.length }, (_, position) => position);
  const map = residueFeatures(model, task.alphabet, pool, sites);
  const residues = {
    width: map.width / sites.length,
    key: map.key,
    residues: (sequences: readonly Sequence[], _: readonly number[], stop?: AbortSignal) =>
      map.features(sequences, stop),
    vjp: (
      sequences: readonly Sequence[],
      _: readonly number[],
      cotangents: Float64Array,
      K: number,
      stop?: AbortSignal,
    ) => map.vjp(sequences, cotangents, K, stop),
  };
  return lmSites(residues, sites, task.measured.sequences, random.fork('lm-sites'), { signal });
}

/** Which blocks carry how much, and which choices were averaged. */
function describeReport({ signal, chosen, bothStrands }: BlocksReport): string[] {
  const shares = signal.map(({ block, share }) => `${block} ${(100 * share).toFixed(0)} %`).join(', ');
  const [best] = chosen;
  return [
    `share of the signal: ${shares}${bothStrands ? '; both strands' : ''}`,
    `${chosen.length} sets of blocks averaged, the best: ${best.blocks.join(' + ')}, ${best.transform}, ridge ${best.ridge}`,
  ];
}
