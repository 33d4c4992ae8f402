import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Task } from '../tasks/index.js';
import type { Json } from './canonical-json.js';

/** Options of a method by name. */
export type Settings = Readonly<Record<string, Json>>;

/** What a method works on in a cell. */
export interface SweepRun {
  task: Task;
  settings: Settings;
  /** How many designs are asked for. */
  count: number;
  /** Every random draw comes from here; it depends on the seed and the plate alone, so methods are compared in pairs. */
  random: Random;
  signal?: AbortSignal;
}

/** What a method proposes for a task. */
export interface SweepDesigns {
  /** `count` sequences, best first. */
  designs: readonly Sequence[];
  /** Passes of the feature map, in sequences; null where the method has none. */
  passes: { measured: number; asked: number; done: number } | null;
  /** Wall time of each phase in seconds. */
  seconds: Readonly<Record<string, number>>;
  /** What the method decided by itself, in words. */
  notes: readonly string[];
}

/** What is wrong with a setting. */
export interface SettingFault {
  /** Name of the setting. */
  setting: string;
  /** For example `expected a number from 0 to 1, got 7`. */
  what: string;
}

/** A method as sweeps run it: from a task and settings to designs. */
export interface SweepMethod {
  readonly name: string;
  /**
   * Checks settings and fills in every default, so that a result is keyed by all that it depends on.
   * @returns the settings, or all that is wrong with them
   */
  resolve(settings: Settings): { settings: Settings } | { faults: SettingFault[] };
  /**
   * SHA-256 of each file besides the task's table that the result depends on (a model's weights), by what it is.
   * @throws InputError for one that is not to be had
   */
  dependencies(settings: Settings, alphabet: 'protein' | 'dna'): Promise<Readonly<Record<string, string>>>;
  /**
   * Compiled modules (see `moduleName`) that a run of these settings may enter and runs of other methods need not: with all
   * that they reach, they count in the version of the method's code. What all methods go through is not named.
   */
  modules(settings: Settings): readonly string[];
  /** Memory that a run needs beside the process and the task, in bytes; generous. */
  memoryBytes(settings: Settings): number;
  run(run: SweepRun): Promise<SweepDesigns>;
}
