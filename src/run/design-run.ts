import type { Alphabet } from '../core/alphabet.js';
import { InputError, throwIfAborted } from '../core/errors.js';
import { createRandom } from '../core/random.js';
import type { Random } from '../core/random.js';
import { blocksLearner } from '../design/blocks-learner.js';
import { designWith } from '../design/design-sequences.js';
import type { DesignProgress, DesignResult, DesignStats } from '../design/design-sequences.js';
import { paperLearner } from '../design/learned-proxy.js';
import type { ProxyLearner } from '../design/learned-proxy.js';
import { languageModelBlocks } from '../design/lm-blocks.js';
import type { Problem } from '../design/problem.js';
import type { LanguageModel } from '../lm/language-model.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import { createPool } from '../runtime/pool.js';
import type { Pool } from '../runtime/pool.js';
import type { Table } from '../table/table.js';
import type { FobarResult } from '../verify/index.js';
import { openModelFor } from './model.js';
import { checkRunOptions } from './options.js';
import type { CheckedRunOptions, DesignRunOptions } from './options.js';
import { createPhaseClock } from './phase-clock.js';
import type { PhaseClock, PhaseSeconds } from './phase-clock.js';
import { describeDesigns } from './rows.js';
import type { DesignRow } from './rows.js';
import { searchMethod } from './search.js';
import { learnedPositions, planBlocks } from './table-blocks.js';
import type { BlockPlan } from './table-blocks.js';
import { problemOfTable } from './table-problem.js';
import type { VerifyProgress } from './verify/verify.js';
import { verifyDesigns } from './verify/verify-designs.js';
import { warningsOf } from './warnings.js';

/**
 * Progress of a run: the model is opened, where one is read, then the phases of `designWith`, and those of a verification
 * where one is asked for.
 */
export type RunProgress = { phase: 'model'; step: number; steps: number } | DesignProgress | VerifyProgress;

/** What a caller may want to do while a run goes on. */
export interface RunHooks {
  /** Cancels the run; `designFromTable` then throws a CancelledError. */
  signal?: AbortSignal;
  onProgress?: (progress: RunProgress) => void;
}

/** A finished run: the designs, best first, and all that they came from. */
export interface DesignRun {
  rows: DesignRow[];
  table: Table;
  options: CheckedRunOptions;
  problem: Problem;
  /** The language model, or null where none was read. */
  model: (Pick<LanguageModel, 'name' | 'sha256' | 'parameters'> & { alphabet: Alphabet }) | null;
  stats: DesignStats;
  /** What the verification found, or null where none was asked for. */
  verification: FobarResult | null;
  /** What to be wary of, one printable sentence each. */
  warnings: string[];
  /** What was left out and why, one printable sentence each. */
  notes: string[];
  /** Worker threads that ran the model. */
  workers: number;
  /** Wall time of each phase. */
  seconds: PhaseSeconds;
}

/**
 * The main job: from a table of measured variants to the next plate of designs. By default evidence-weighted blocks of
 * features, searched as the size of the space allows; by `features: 'paper'` the published method BIB. Reads the model's
 * files and nothing else, writes nothing. The same table, options and model give the same designs on the same machine.
 * @throws InputError for options that are wrong, a table that does not fit the model, scores that cannot be learned from
 * @throws ModelError for a model that is missing, damaged or not supported
 * @throws InfeasibleError when the constraints leave fewer than `count` designs, before the model is opened
 * @throws CancelledError when the signal fires
 */
export async function designFromTable(
  table: Table,
  options: DesignRunOptions = {},
  { signal, onProgress }: RunHooks = {},
): Promise<DesignRun> {
  const checked = checkRunOptions(options, table.alphabet);
  const problem = problemOfTable(table, checked);
  const plan = planBlocks(table, problem, checked);
  throwIfAborted(signal);
  const clock = createPhaseClock();
  clock.enter('model');
  const hooks = { signal, onProgress };
  const { model, notes } = await openModel(table, checked, plan, hooks);
  const pool = createPool(checked.workers);
  const { designs, stats } = await makeDesigns({ table, problem, checked, plan, model, pool, hooks }, clock)
    // the verification has threads of its own
    .finally(() => pool.close());
  const rows = describeDesigns(designs, table, checked.direction);
  const verified = await verifyIfAsked(rows, table, checked, hooks, clock);
  return {
    ...{ ...verified, table, options: checked, problem, stats, notes },
    model: model && pick(model),
    warnings: warningsOf(rows, table, checked.direction),
    workers: pool.workers,
    seconds: clock.finish(),
  };
}

type DesignRequest = Omit<LearnerRequest, 'random'>;

/** Learns the proxy, searches it and takes the designs. */
async function makeDesigns(request: DesignRequest, clock: PhaseClock): Promise<DesignResult> {
  const { table, problem, checked, hooks } = request;
  clock.enter('learn');
  const random = createRandom(checked.seed);
  const learn = await learnerFor({ ...request, random });
  return designWith({
    sequences: table.rows.map(({ sequence }) => sequence),
    scores: merits(table, checked.direction),
    ...{ problem, learn, random, ...hooks },
    options: {
      count: checked.count,
      starts: checked.starts,
      take: checked.take,
      memoBytes: checked.memoBytes,
      batch: { rule: checked.batch },
      method: (proxy) => {
        clock.enter('design');
        return searchMethod(checked, proxy);
      },
    },
  });
}

/** The designs as they are, or with what a verification says beside each. */
async function verifyIfAsked(
  rows: DesignRow[],
  table: Table,
  checked: CheckedRunOptions,
  hooks: RunHooks,
  clock: PhaseClock,
): Promise<Pick<DesignRun, 'rows' | 'verification'>> {
  if (checked.verify === undefined) return { rows, verification: null };
  clock.enter('verify');
  const { rows: verified, fobar } = await verifyDesigns(rows, table, checked, hooks);
  return { rows: verified, verification: fobar };
}

function pick({ name, sha256, parameters, alphabet }: LanguageModel): DesignRun['model'] {
  return { name, sha256, parameters, alphabet };
}

/** Opens the model that the blocks read; null where they read none, or the default one cannot read the table. */
async function openModel(
  table: Table,
  { model: named, workers, memoryBytes: memory }: CheckedRunOptions,
  { languageModel, asked, notes }: BlockPlan,
  { signal, onProgress }: RunHooks,
): Promise<{ model: LanguageModel | null; notes: string[] }> {
  if (languageModel.length === 0) return { model: null, notes };
  onProgress?.({ phase: 'model', step: 0, steps: 1 });
  try {
    const model = await openModelFor(table, named, signal, { workers, memory });
    onProgress?.({ phase: 'model', step: 1, steps: 1 });
    return { model, notes };
  } catch (error) {
    if (asked || !(error instanceof InputError)) throw error;
    return {
      model: null,
      notes: [...notes, `the blocks of the language model were not tried, because ${error.fault.what}`],
    };
  }
}

interface LearnerRequest {
  table: Table;
  problem: Problem;
  checked: CheckedRunOptions;
  plan: BlockPlan;
  model: LanguageModel | null;
  pool: Pool;
  random: Random;
  hooks: RunHooks;
}

/** How the proxy is learned. */
async function learnerFor(request: LearnerRequest): Promise<ProxyLearner> {
  const { table, problem, checked, plan, model, pool, random, hooks } = request;
  const { alphabet } = table;
  if (model !== null && checked.features === 'paper' && checked.ridge === 'paper')
    return paperLearner(languageModelFeatures(model, alphabet, pool));
  const extra =
    model === null
      ? []
      : await languageModelBlocks({
          ...{ model, alphabet, pool, names: plan.languageModel, wildType: table.wildType },
          sites: problem.designable,
          sequences: table.rows.map(({ sequence }) => sequence),
          random: random.fork('language model'),
          signal: hooks.signal,
          onProgress: (step, steps) => hooks.onProgress?.({ phase: 'features', step, steps }),
        });
  return blocksLearner({
    ...{ alphabet, extra, only: plan.closedForm },
    positions: learnedPositions(table, problem),
    ridge: checked.features === 'paper' ? 'evidence' : checked.ridge,
  });
}

/** The scores with the sign that makes larger better. */
function merits({ rows }: Table, direction: 'max' | 'min'): Float64Array {
  return Float64Array.from(rows, ({ score }) => (direction === 'max' ? score : -score));
}
