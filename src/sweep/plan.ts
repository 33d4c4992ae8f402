import path from 'node:path';
import { internal } from '../core/errors.js';
import { canonicalJson, type Json, sha256 } from './canonical-json.js';
import { readConfig, type SweepConfig } from './config.js';
import type { TaskEntry } from './config-schema.js';
import { FaultLog } from './fault-log.js';
import type { CellJob, DataPlaces } from './job.js';
import { methodVersions } from './method-version.js';
import { nearest } from './nearest-name.js';
import { planMethods, type PlannedMethod, runsOn } from './plan-methods.js';
import { type PlannedTask, planTasks } from './plan-tasks.js';
import { FORMAT, type Cell } from './record.js';

/** One cell of the grid. */
export interface PlannedCell {
  task: PlannedTask;
  method: PlannedMethod;
  /** Index into the task's repeats; cells with equal ones are compared in pairs. */
  repeat: number;
  job: CellJob;
}

/** A sweep, checked and spelled out. */
export interface SweepPlan {
  config: SweepConfig;
  title: string;
  /** Absolute path. */
  store: string;
  /** The version of the code that computes each method, by its label. */
  code: ReadonlyMap<string, string>;
  tasks: PlannedTask[];
  methods: PlannedMethod[];
  /** Label of the method that others are compared with. */
  reference: string;
  /** Repeats first, then methods, then tasks: the first results are one of every method. */
  cells: PlannedCell[];
}

/** Options of {@link planSweep}. */
export interface PlanOptions extends DataPlaces {
  /** In place of the config's store. */
  store?: string;
  /** Code version of all methods; for tests. */
  code?: string;
}

/**
 * Reads a config, checks all of it, and spells out its cells with their keys. Nothing is computed.
 * @throws InputError that lists every fault of the config
 */
export async function planSweep(file: string, options: PlanOptions = {}): Promise<SweepPlan> {
  const faults = new FaultLog(file);
  const partial = readConfig(file, faults);
  const places = placesOf(options);
  const tasks = await planTasks(partial, places, faults);
  const { methods, complete } = planMethods(partial, faults);
  checkLabels('tasks', tasks, faults);
  checkLabels('methods', methods, faults);
  checkTasksOf(methods, partial.tasks, faults);
  if (complete) checkReference(partial.reference, methods, faults);
  const dependencies = await findDependencies(tasks, methods, faults);
  faults.throwIfAny();
  const config = partial as SweepConfig;
  const code = codeOf(methods, options.code);
  return {
    config,
    title: config.title ?? path.basename(file, '.json'),
    store: options.store === undefined ? storeOf(config) : path.resolve(options.store),
    ...{ code, tasks, methods },
    reference: config.reference ?? methods[0].label,
    cells: planCells(tasks, methods, { code, places, dependencies }),
  };
}

function codeOf(methods: readonly PlannedMethod[], given?: string): Map<string, string> {
  const versionOf = given === undefined ? methodVersions() : () => given;
  return new Map(methods.map(({ label, method, settings }) => [label, versionOf(method, settings)]));
}

function placesOf({ dataDir, offline }: PlanOptions): DataPlaces {
  return { dataDir: dataDir === undefined ? undefined : path.resolve(dataDir), offline };
}

function storeOf({ file, store }: SweepConfig): string {
  if (store !== undefined) return path.resolve(path.dirname(file), store);
  return `${file.replace(/\.json$/i, '')}.results.ndjson`;
}

function checkLabels(name: string, planned: readonly { label: string }[], faults: FaultLog): void {
  const labels = planned.map(({ label }) => label);
  const repeated = new Set(labels.filter((label, i) => labels.indexOf(label) !== i));
  for (const label of repeated) {
    faults.add(name, `two of them are called '${label}': give each a label of its own`);
  }
}

function checkReference(
  reference: string | undefined,
  methods: readonly PlannedMethod[],
  faults: FaultLog,
): void {
  const labels = methods.map(({ label }) => label);
  if (reference === undefined || labels.includes(reference)) return;
  faults.add('reference', `there is no method with the label '${reference}'${nearest(reference, labels)}`);
}

/** Tasks with faults of their own are known here too, so that a fault is told once. */
function checkTasksOf(
  methods: readonly PlannedMethod[],
  tasks: readonly (TaskEntry | null)[],
  faults: FaultLog,
): void {
  const labels = tasks.flatMap((task) => (task === null ? [] : [task.label ?? task.task]));
  const seen = new Set<string>();
  for (const { at, tasks: named } of methods) {
    for (const label of named ?? []) {
      if (labels.includes(label) || seen.has(`${at} ${label}`)) continue;
      seen.add(`${at} ${label}`);
      faults.add(`${at}.tasks`, `there is no task with the label '${label}'${nearest(label, labels)}`);
    }
  }
}

type Dependencies = Map<string, Readonly<Record<string, string>>>;

const dependencyKey = ({ method, settings }: PlannedMethod, { identity }: PlannedTask): string =>
  canonicalJson([method.name, settings, identity.alphabet]);

/** What each method reads besides the table, once for every method and alphabet. */
async function findDependencies(
  tasks: readonly PlannedTask[],
  methods: readonly PlannedMethod[],
  faults: FaultLog,
): Promise<Dependencies> {
  const found: Dependencies = new Map();
  for (const planned of methods) {
    for (const task of tasks) {
      const key = dependencyKey(planned, task);
      if (found.has(key) || !runsOn(planned, task.label)) continue;
      const { alphabet } = task.identity;
      const at = `method ${planned.label}`;
      found.set(
        key,
        (await faults.attempt(at, () => planned.method.dependencies(planned.settings, alphabet))) ?? {},
      );
    }
  }
  return found;
}

interface CellContext {
  code: SweepPlan['code'];
  places: DataPlaces;
  dependencies: Dependencies;
}

function planCells(
  tasks: readonly PlannedTask[],
  methods: readonly PlannedMethod[],
  context: CellContext,
): PlannedCell[] {
  const most = Math.max(0, ...tasks.map(({ repeats }) => repeats.length));
  return Array.from({ length: most }, (_, repeat) => repeat).flatMap((repeat) =>
    tasks
      .filter(({ repeats }) => repeat < repeats.length)
      .flatMap((task) =>
        methods
          .filter((method) => runsOn(method, task.label))
          .map((method) => ({ task, method, repeat, job: jobOf(task, method, repeat, context) })),
      ),
  );
}

function jobOf(
  task: PlannedTask,
  planned: PlannedMethod,
  repeat: number,
  { code: codes, places, dependencies }: CellContext,
): CellJob {
  const { identity, table } = task.identity;
  const { label, method, settings } = planned;
  const code = codes.get(label);
  if (code === undefined) throw internal(`no version of the code of ${label}`);
  const cell: Cell = {
    task: identity,
    ...task.repeats[repeat],
    method: method.name,
    settings: settings as Record<string, Json>,
    count: task.count,
  };
  const expected = {
    ...(table === null ? {} : { table }),
    ...dependencies.get(dependencyKey(planned, task)),
  };
  return {
    cell,
    key: sha256(canonicalJson({ format: FORMAT, cell, code, data: expected })),
    ...{ code, expected, data: places, source: task.source },
    memoryBytes: BASE_MEMORY + (table === null ? 0 : TABLE_MEMORY) + method.memoryBytes(settings),
  };
}

/** A process with its modules, and a task's table in it: generous, from what the tasks take. */
const BASE_MEMORY = 150 * 2 ** 20;
const TABLE_MEMORY = 350 * 2 ** 20;
