import path from 'node:path';
import { canonicalJson } from './canonical-json.js';
import type { PartialConfig } from './config.js';
import type { TaskEntry } from './config-schema.js';
import type { FaultLog } from './fault-log.js';
import { identifyTask, type TaskIdentity } from './identify-task.js';
import type { DataPlaces, TaskSource } from './job.js';
import type { Metric } from './metrics.js';

/** A task of a sweep. */
export interface PlannedTask {
  /** Where it stands in the config, for messages. */
  at: string;
  label: string;
  source: TaskSource;
  identity: TaskIdentity;
  count: number;
  /** What tells the repeats apart: seeds, or plates. */
  over: 'seeds' | 'plates';
  repeats: readonly { seed: number | string; plate: number }[];
  metric: Metric;
}

/** Identifies the tasks of a config. Those with faults are left out, and their faults logged. */
export async function planTasks(
  config: PartialConfig,
  places: DataPlaces,
  faults: FaultLog,
): Promise<PlannedTask[]> {
  const planned: PlannedTask[] = [];
  for (const [i, entry] of config.tasks.entries()) {
    if (entry === null) continue;
    const source = sourceOf(entry, path.dirname(config.file));
    const identity = await faults.attempt(`tasks[${i}]`, () => identifyTask(source, places));
    if (entry.seeds !== undefined && entry.plates !== undefined)
      faults.add(`tasks[${i}]`, 'expected seeds or plates, got both');
    if (identity === null) continue;
    const repeats = repeatsOf(entry, config);
    if (new Set(repeats.map((repeat) => canonicalJson(repeat))).size < repeats.length)
      faults.add(`tasks[${i}]`, 'a seed or plate stands there twice');
    planned.push({
      at: `tasks[${i}]`,
      label: entry.label ?? entry.task,
      ...{ source, identity, repeats },
      over: entry.plates === undefined ? 'seeds' : 'plates',
      count: entry.count ?? identity.count,
      metric: entry.metric ?? config.metric,
    });
  }
  return planned;
}

/** Paths are relative to the config; a name is left as it is. */
function sourceOf({ task, file }: TaskEntry, folder: string): TaskSource {
  const isPath = /\.json$|[/\\]/i.test(task);
  return {
    task: isPath ? path.resolve(folder, task) : task,
    file: file === undefined ? undefined : path.resolve(folder, file),
  };
}

function repeatsOf(entry: TaskEntry, config: PartialConfig): PlannedTask['repeats'] {
  const seeds = listOf(entry.seeds ?? config.seeds);
  if (entry.plates === undefined) return seeds.map((seed) => ({ seed, plate: 0 }));
  return listOf(entry.plates).map((plate) => ({ seed: listOf(config.seeds)[0], plate }));
}

function listOf<T>(value: number | readonly T[]): (T | number)[] {
  return typeof value === 'number' ? Array.from({ length: value }, (_, i) => i) : [...value];
}
