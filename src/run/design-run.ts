import type { Alphabet } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import { createRandom } from '../core/random.js';
import { bib } from '../design/bib.js';
import { designSequences } from '../design/design-sequences.js';
import type { DesignProgress, DesignStats } from '../design/design-sequences.js';
import type { Problem } from '../design/problem.js';
import type { LanguageModel } from '../lm/language-model.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import { createPool } from '../runtime/pool.js';
import type { Table } from '../table/table.js';
import { openModelFor } from './model.js';
import { checkRunOptions } from './options.js';
import type { CheckedRunOptions, DesignRunOptions } from './options.js';
import { createPhaseClock } from './phase-clock.js';
import type { PhaseSeconds } from './phase-clock.js';
import { describeDesigns } from './rows.js';
import type { DesignRow } from './rows.js';
import { problemOfTable } from './table-problem.js';
import { warningsOf } from './warnings.js';

/** Progress of a run: the model is opened, then the phases of `designSequences`. */
export type RunProgress = { phase: 'model'; step: number; steps: number } | DesignProgress;

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
  model: Pick<LanguageModel, 'name' | 'sha256' | 'parameters'> & { alphabet: Alphabet; width: number };
  stats: DesignStats;
  /** What to be wary of, one printable sentence each. */
  warnings: string[];
  /** Worker threads that ran the model. */
  workers: number;
  /** Wall time of each phase. */
  seconds: PhaseSeconds;
}

/**
 * The main job: from a table of measured variants to the next plate of designs, by BIB on a language model's features.
 * Reads the model's files and nothing else, writes nothing. The same table, options and model give the same designs on
 * the same machine.
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
  throwIfAborted(signal);
  const clock = createPhaseClock();
  clock.enter('model');
  onProgress?.({ phase: 'model', step: 0, steps: 1 });
  const model = await openModelFor(table, checked.model, signal);
  onProgress?.({ phase: 'model', step: 1, steps: 1 });
  const pool = createPool(checked.workers);
  try {
    const featureMap = languageModelFeatures(model, table.alphabet, pool);
    clock.enter('features');
    const { designs, stats } = await designSequences({
      sequences: table.rows.map(({ sequence }) => sequence),
      scores: merits(table, checked.direction),
      problem,
      featureMap,
      random: createRandom(checked.seed),
      signal,
      onProgress: (progress) => {
        if (progress.phase === 'features' && progress.step === progress.steps) clock.enter('design');
        onProgress?.(progress);
      },
      options: {
        count: checked.count,
        starts: checked.starts,
        take: checked.take,
        memoBytes: checked.memoBytes,
        method: bib({
          mode: checked.mode,
          gamma: checked.gamma,
          gammaAt: checked.gammaAt,
          eta: checked.eta,
          etaMode: checked.etaOver,
          steps: checked.steps,
        }),
      },
    });
    const { name, sha256, parameters, alphabet } = model;
    const rows = describeDesigns(designs, table, checked.direction);
    return {
      rows,
      table,
      options: checked,
      problem,
      model: { name, sha256, parameters, alphabet, width: stats.width },
      stats,
      warnings: warningsOf(rows, table, checked.direction),
      workers: pool.workers,
      seconds: clock.finish(),
    };
  } finally {
    await pool.close();
  }
}

/** The scores with the sign that makes larger better. */
function merits({ rows }: Table, direction: 'max' | 'min'): Float64Array {
  return Float64Array.from(rows, ({ score }) => (direction === 'max' ? score : -score));
}
