import { type Estimate, mean, pairedDifference, standardError } from '../stats/index.js';
import { METRICS, type Metric } from './metrics.js';
import type { SweepPlan } from './plan.js';
import { type PlannedMethod, runsOn } from './plan-methods.js';
import type { PlannedTask } from './plan-tasks.js';
import type { CellMetrics, CellRecord } from './record.js';
import { countStates, type FoundCell, type StateCounts } from './results.js';

/** Mean over repeats with its standard error; null for one value. */
export interface MeanAndError {
  mean: number;
  standardError: number | null;
  n: number;
}

/** A method on a task. */
export interface MethodSummary {
  label: string;
  /** Repeats with a result, that failed, and that are missing (or outdated). */
  done: number;
  failed: number;
  missing: number;
  metrics: Record<Metric, MeanAndError | null>;
  /** The values of the task's metric, one a repeat; null where there is none. */
  values: (number | null)[];
  /**
   * This method's metric less the reference's, over the repeats that both have, with the 95 % interval of the paired
   * t-test; null for the reference itself, and for fewer than two pairs.
   */
  difference: Estimate | null;
  /** Largest number of designs of a repeat without a score, and that were measured before. */
  unscored: number;
  measured: number;
  /** Per design, mean over repeats; null where the method has no feature map. Not of the result: machines differ. */
  cost: { seconds: number; passes: number | null } | null;
  /** Distinct reasons of failures. */
  reasons: string[];
}

/** A task with all methods. */
export interface TaskSummary {
  label: string;
  metric: Metric;
  count: number;
  over: 'seeds' | 'plates';
  /** The seeds or plates. */
  repeats: (number | string)[];
  /** The task's protocol in sentences, as the first result tells it; null where there is none. */
  protocol: string | null;
  methods: MethodSummary[];
}

/** All that tables and plots show. */
export interface SweepSummary {
  title: string;
  description: string | null;
  reference: string;
  /** Versions of the code that the results shown were computed with, each with the labels of their methods. */
  code: { version: string; methods: string[] }[];
  states: StateCounts;
  tasks: TaskSummary[];
}

/** Means, standard errors and paired differences of a sweep's results. */
export function summarise(plan: SweepPlan, cells: readonly FoundCell[]): SweepSummary {
  return {
    title: plan.title,
    description: plan.config.description ?? null,
    reference: plan.reference,
    code: codeOf(plan, cells),
    states: countStates(cells),
    tasks: plan.tasks.map((task) =>
      summariseTask(
        task,
        plan,
        cells.filter(({ cell }) => cell.task === task),
      ),
    ),
  };
}

/** In the order of the methods. */
function codeOf({ methods }: SweepPlan, cells: readonly FoundCell[]): SweepSummary['code'] {
  const labels = new Map<string, Set<string>>();
  for (const planned of methods) {
    for (const { cell, found } of cells) {
      if (cell.method !== planned || found.state !== 'done') continue;
      const { code } = found.record;
      labels.set(code, (labels.get(code) ?? new Set()).add(planned.label));
    }
  }
  return [...labels].map(([version, of]) => ({ version, methods: [...of] }));
}

function summariseTask(task: PlannedTask, plan: SweepPlan, cells: readonly FoundCell[]): TaskSummary {
  const of = (method: PlannedMethod) => cells.filter(({ cell }) => cell.method === method);
  const reference = plan.methods.find(({ label }) => label === plan.reference);
  const referenceValues = reference === undefined ? [] : valuesOf(task, of(reference), task.metric);
  const first = cells.find(({ found }) => found.state === 'done');
  return {
    label: task.label,
    metric: task.metric,
    count: task.count,
    over: task.over,
    repeats: task.repeats.map(({ seed, plate }) => (task.over === 'seeds' ? seed : plate)),
    protocol: first === undefined ? null : (resultOf(first)?.protocol ?? null),
    methods: plan.methods
      .filter((method) => runsOn(method, task.label))
      .map((method) => {
        const others = method === reference ? [] : referenceValues;
        return summariseMethod(method.label, task, of(method), others);
      }),
  };
}

function resultOf({ found }: FoundCell) {
  return found.state === 'done' && found.record.outcome.status === 'done'
    ? found.record.outcome.result
    : null;
}

/** One value a repeat of the task. */
function valuesOf(task: PlannedTask, cells: readonly FoundCell[], metric: Metric): (number | null)[] {
  const values = task.repeats.map((): number | null => null);
  for (const found of cells) values[found.cell.repeat] = resultOf(found)?.metrics[metric] ?? null;
  return values;
}

function summariseMethod(
  label: string,
  task: PlannedTask,
  cells: readonly FoundCell[],
  reference: readonly (number | null)[],
): MethodSummary {
  const { done, failed, missing, outdated } = countStates(cells);
  const values = valuesOf(task, cells, task.metric);
  const results = cells.map(resultOf).filter((result) => result !== null);
  const most = (name: 'unscored' | 'measured') =>
    results.reduce((largest, { metrics }: { metrics: CellMetrics }) => Math.max(largest, metrics[name]), 0);
  return {
    label,
    ...{ done, failed, missing: missing + outdated, values },
    metrics: Object.fromEntries(
      METRICS.map((metric) => [metric, meanAndError(valuesOf(task, cells, metric))]),
    ) as Record<Metric, MeanAndError | null>,
    difference: differenceOf(values, reference),
    unscored: most('unscored'),
    measured: most('measured'),
    cost: costOf(cells, task.count),
    reasons: [...new Set(cells.flatMap(({ found }) => (found.state === 'failed' ? [found.reason] : [])))],
  };
}

function meanAndError(values: readonly (number | null)[]): MeanAndError | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return {
    mean: mean(known),
    standardError: known.length === 1 ? null : standardError(known),
    n: known.length,
  };
}

function differenceOf(
  values: readonly (number | null)[],
  reference: readonly (number | null)[],
): Estimate | null {
  const pairs = values
    .map((value, i) => [value, reference[i] ?? null] as const)
    .filter((pair): pair is readonly [number, number] => pair[0] !== null && pair[1] !== null);
  if (pairs.length < 2) return null;
  return pairedDifference(
    pairs.map(([value]) => value),
    pairs.map(([, other]) => other),
  );
}

function costOf(cells: readonly FoundCell[], count: number): MethodSummary['cost'] {
  const records = cells.flatMap(({ found }): CellRecord[] => (found.state === 'done' ? [found.record] : []));
  if (records.length === 0) return null;
  const passes = records.flatMap(({ circumstances }) =>
    circumstances.passes === null ? [] : [circumstances.passes.done + circumstances.passes.measured],
  );
  return {
    seconds:
      mean(records.map(({ circumstances: { seconds } }) => seconds.total - (seconds.task ?? 0))) / count,
    passes: passes.length === 0 ? null : mean(passes) / count,
  };
}
