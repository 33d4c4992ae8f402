import { z } from 'zod';
import { autoMethod } from '../baselines/own-methods.js';
import type { Alphabet } from '../core/alphabet.js';
import type { Method } from '../design/method.js';
import type { Chooser } from './chooser.js';
import type { Ensemble } from './fit-objective.js';
import type { SweepRun } from './method.js';
import type { ProxySettings } from './proxy-settings.js';

/** What a companion changes of the run of an ordinary search. */
export interface Companionship {
  /** How designs are chosen from the best that the search found. */
  chooser?: Chooser;
  /** What predicts scores in place of the proxy's own head. */
  ensemble?: Ensemble;
}

/** One of the methods that are put beside the search: the default search, and something done to its proxy or its designs. */
export interface Companion<Own extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** `import.meta.url` of the file that defines it. */
  readonly module: string;
  /** Its own settings; each has a default. */
  readonly own: Own;
  /** Settings of the proxy that are not the user's to choose. */
  readonly fixed: Partial<ProxySettings>;
  /** Memory beside that of the search, in bytes. */
  readonly memoryBytes: number;
  /** See `SweepMethod`. */
  dependencies(own: z.output<Own>, alphabet: Alphabet): Promise<Readonly<Record<string, string>>>;
  /**
   * Called before anything is learned.
   * @throws InputError for a task that it cannot work on
   */
  prepare(own: z.output<Own>, run: SweepRun): Promise<Companionship>;
}

/** Keeps the type of a companion's settings. */
export function defineCompanion<Own extends z.ZodObject>(companion: Companion<Own>): Companion<Own> {
  return companion;
}

/** The settings of the search that companions stand beside: those of `auto`, on the run's proxy. */
const search = autoMethod.schema.omit({ proxy: true, networks: true });

/** A companion's settings, its own and those of the search. */
export function companionSchema({ own }: Companion): z.ZodObject {
  return z.strictObject({ ...own.shape, ...search.shape });
}

/** A companion's own settings. */
export function ownSettings(
  { own }: Companion,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return own.parse(pick(own, settings));
}

/** The search of a companion's settings. */
export function companionSearch(settings: Readonly<Record<string, unknown>>): Method {
  return autoMethod.create(autoMethod.schema.parse(pick(search, settings)));
}

const pick = ({ shape }: z.ZodObject, settings: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => Object.hasOwn(shape, key)));
