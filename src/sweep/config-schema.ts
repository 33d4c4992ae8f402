import { z } from 'zod';
import { METRICS } from './metrics.js';
import { oneOf, text, whole } from './settings-schema.js';

const seed = z.union([z.int(), text], { error: 'a whole number or a text' });
const json = z.json();

/** How many, counted from 0, or which. */
const seeds = z.union([whole(1, 10_000), z.array(seed).min(1)], {
  error: 'how many seeds, or a list of them',
});
const plates = z.union([whole(1, 10_000), z.array(whole(0)).min(1)], {
  error: 'how many plates, or a list of their numbers',
});
const metric = oneOf(...METRICS);

/** One row of the grid of tasks. */
export const taskEntry = z.strictObject(
  {
    /** A task's name, or the path of a task file relative to the config's folder. */
    task: text,
    /** A table in place of the task's own, relative to the config's folder. */
    file: text.optional(),
    /** What tables call it; default: its name. */
    label: text.optional(),
    /** Number of designs; default: the task's own. */
    count: whole(1, 100_000).optional(),
    /** In place of the config's. */
    seeds: seeds.optional(),
    /** Plates in place of seeds: other measured rows each, and all with the first seed. */
    plates: plates.optional(),
    metric: metric.optional(),
  },
  { error: 'a name, or an object with the member task' },
);

/** One row of the grid of methods: one method with every combination of the settings in `grid`. */
export const methodEntry = z.strictObject(
  {
    method: text,
    /** Labels of the tasks that it is run on; default: all. */
    tasks: z.array(text, { error: 'a list of labels of tasks' }).min(1).optional(),
    /** What tables call it; default: the method's name. `{setting}` stands for a value of the grid. */
    label: text.optional(),
    settings: z.record(z.string(), json, { error: 'settings by name' }).default({}),
    grid: z
      .record(z.string(), z.array(json).min(1), { error: 'lists of values by the name of the setting' })
      .default({}),
  },
  { error: 'a name, or an object with the member method' },
);

/** The other members of a config. */
export const members = {
  title: text.optional(),
  description: text.optional(),
  seeds: seeds.default(8),
  /** What methods are compared by: plots, and the paired differences. */
  metric: metric.default('median'),
  /** Label of the method that the others are compared with; default: the first of the config. */
  reference: text.optional(),
  /** The store's path relative to the config's folder; default: beside the config. */
  store: text.optional(),
};

export const CONFIG_KEYS = [...Object.keys(members), 'tasks', 'methods'];

export type TaskEntry = z.output<typeof taskEntry>;
export type MethodEntry = z.output<typeof methodEntry>;
export type ConfigMembers = { [K in keyof typeof members]: z.output<(typeof members)[K]> };
