import type { PartialConfig } from './config.js';
import type { MethodEntry } from './config-schema.js';
import type { FaultLog } from './fault-log.js';
import { expandGrid, gridSize, labelOf } from './grid.js';
import type { Settings, SweepMethod } from './method.js';
import { findSweepMethod, sweepMethodNames } from './methods.js';
import { nearest } from './nearest-name.js';

/** A method of a sweep with one combination of settings. */
export interface PlannedMethod {
  label: string;
  /** Where it stands in the config, for messages; null for the random one that is added. */
  at: string | null;
  /** Labels of the tasks that it is run on; null: all. */
  tasks: readonly string[] | null;
  method: SweepMethod;
  settings: Settings;
}

/** The method that every sweep has. */
const RANDOM = 'random';

/** Most combinations of one entry. */
const LARGEST_GRID = 10_000;

/**
 * Spells out the methods of a config with every combination of their settings, and adds the random one if it is not there.
 * Those with faults are left out, and their faults logged.
 */
export function planMethods(
  config: PartialConfig,
  faults: FaultLog,
): { methods: PlannedMethod[]; complete: boolean } {
  const before = faults.count;
  const planned = config.methods.flatMap((entry, i) =>
    entry === null ? [] : planMethod(entry, `methods[${i}]`, faults),
  );
  const complete = faults.count === before && !config.methods.includes(null);
  const random = findSweepMethod(RANDOM);
  if (random === null || planned.some(({ method }) => method === random))
    return { methods: planned, complete };
  const added = { label: RANDOM, at: null, tasks: null, method: random, settings: {} };
  return { methods: [...planned, added], complete };
}

function planMethod(entry: MethodEntry, at: string, faults: FaultLog): PlannedMethod[] {
  const method = findSweepMethod(entry.method);
  if (method === null) {
    const names = sweepMethodNames();
    const hint = nearest(entry.method, names);
    faults.add(at, `there is no method '${entry.method}'${hint} Methods are ${names.join(', ')}`);
    return [];
  }
  if (gridSize(entry.grid) > LARGEST_GRID) {
    faults.add(`${at}.grid`, `expected at most ${LARGEST_GRID} combinations, got ${gridSize(entry.grid)}`);
    return [];
  }
  const both = Object.keys(entry.grid).filter((name) => Object.hasOwn(entry.settings, name));
  for (const name of both) faults.add(`${at}.grid.${name}`, 'it stands in settings too');
  const seen = new Set<string>();
  return expandGrid(entry.grid).flatMap((point) => {
    const resolved = method.resolve({ ...entry.settings, ...point });
    if ('settings' in resolved)
      return [
        {
          ...{ label: labelOf(entry, point), at, method, settings: resolved.settings },
          tasks: entry.tasks ?? null,
        },
      ];
    for (const { setting, what } of resolved.faults) {
      const place = Object.hasOwn(entry.grid, setting.split('.')[0]) ? 'grid' : 'settings';
      const fault = `${at}.${place}.${setting}: ${what}`;
      if (!seen.has(fault)) faults.add(`${at}.${place}.${setting}`, what);
      seen.add(fault);
    }
    return [];
  });
}

/** Whether a method is run on the task of a label. */
export function runsOn({ tasks }: PlannedMethod, task: string): boolean {
  return tasks === null || tasks.includes(task);
}
