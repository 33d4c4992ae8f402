import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { closest } from 'fastest-levenshtein';
import { InputError } from '../core/errors.js';
import { show } from '../table/faults.js';
import { BUILTIN_TASKS, type BuiltinTask, ehrlichInput } from './builtin.js';
import { checkTask, parseTaskFile } from './config.js';
import { type DataFile, type DataOptions, ownTable, publicTable } from './data-file.js';
import type { TaskDefinition } from './definition.js';
import { createOpenTask, type DrawOptions, type OpenTask } from './draw.js';
import { ehrlichLandscape, pbmLandscape, variantLandscape } from './landscape.js';
import { SOURCES } from './sources.js';
import type { Task } from './task.js';

/** How to open a task. */
export interface OpenOptions extends DataOptions {
  /**
   * A table of the user's own in place of the task's: any protein-binding microarray for `tfbind8-r` and `tfbind8`, the
   * table for `tfbind10-r`. It is not checked against a checksum, but its own is recorded.
   */
  file?: string;
}

/** How to load a task. */
export interface LoadOptions extends OpenOptions, DrawOptions {}

/** One line about a task. */
export interface TaskSummary {
  name: string;
  description: string;
  source: string;
  licence: string;
  /** Whether the user must name a file. */
  needsFile: boolean;
}

/** Names of the tasks that come with biseq. Any other size of Ehrlich function is `ehrlich-STATES-LENGTH-MOTIFS-MOTIFLENGTH`. */
export function taskNames(): string[] {
  return BUILTIN_TASKS.map(({ input }) => input.name);
}

/** What `biseq tasks` lists. */
export function listTasks(): TaskSummary[] {
  return BUILTIN_TASKS.map((builtin) => {
    const { name, description, source, licence } = definitionOf(builtin);
    return { name, description, source, licence, needsFile: builtin.ownFile !== undefined };
  });
}

/**
 * Opens a task and draws its measured rows: {@link openTask}, then `draw`.
 * @throws InputError as {@link openTask}
 */
export async function loadTask(name: string, options: LoadOptions = {}): Promise<Task> {
  const { seed, plate, ...opening } = options;
  return (await openTask(name, opening)).draw({ seed, plate });
}

/**
 * Opens a task: reads (or downloads) and checks its table.
 * @param name a name of {@link taskNames}, `ehrlich-STATES-LENGTH-MOTIFS-MOTIFLENGTH`, or the path of a task file (JSON)
 * @throws InputError for an unknown name (with the nearest), a task file with faults, a table that is not to be had, that
 *   has a wrong checksum, or that cannot be read
 */
export async function openTask(name: string, options: OpenOptions = {}): Promise<OpenTask> {
  const builtin = BUILTIN_TASKS.find(({ input }) => input.name === name) ?? ehrlichByName(name);
  if (builtin) return openBuiltin(builtin, options);
  if (!looksLikePath(name)) throw unknownTask(name);
  const definition = parseTaskFile(await readTaskFile(name), name);
  if (definition.kind === 'ehrlich') return openFormula(definition);
  const file = options.file ?? path.resolve(path.dirname(name), definition.file);
  const sha256 = options.file === undefined ? definition.sha256 : undefined;
  return openTable(definition, await ownTable(file, sha256, options.signal));
}

function definitionOf({ from, input }: BuiltinTask): TaskDefinition {
  const source = from === null ? {} : { source: SOURCES[from].citation, licence: SOURCES[from].licence };
  return checkTask({ ...source, ...input });
}

async function openBuiltin(builtin: BuiltinTask, options: OpenOptions): Promise<OpenTask> {
  const definition = definitionOf(builtin);
  if (definition.kind === 'ehrlich') return openFormula(definition);
  if (options.file !== undefined) {
    const own = {
      ...definition,
      source: `${path.basename(options.file)}, the user's own`,
      licence: 'not stated',
    };
    return openTable(own, await ownTable(options.file, undefined, options.signal));
  }
  if (builtin.from === null) throw needsFile(definition.name, builtin.ownFile!);
  return openTable(definition, await publicTable(SOURCES[builtin.from], options));
}

function openFormula(definition: Extract<TaskDefinition, { kind: 'ehrlich' }>): OpenTask {
  return createOpenTask(definition, ehrlichLandscape(definition), null);
}

function openTable(
  definition: Exclude<TaskDefinition, { kind: 'ehrlich' }>,
  { bytes, provenance }: DataFile,
): OpenTask {
  const landscape =
    definition.kind === 'pbm'
      ? pbmLandscape(bytes, provenance.path, definition)
      : variantLandscape(bytes, provenance.path, definition);
  return createOpenTask(definition, landscape, provenance);
}

/** `ehrlich-20-32-4-4`, also written `Ehr(20,32,4,4)`. */
function ehrlichByName(name: string): BuiltinTask | null {
  const match =
    /^ehrlich-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(name) ?? /^Ehr\((\d+), ?(\d+), ?(\d+), ?(\d+)\)$/.exec(name);
  if (!match) return null;
  const [states, length, motifs, motifLength] = match.slice(1).map(Number);
  return { from: null, input: ehrlichInput(states, length, motifs, motifLength) };
}

const looksLikePath = (name: string): boolean => /\.json$|[/\\]/i.test(name);

async function readTaskFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const what = code === 'ENOENT' ? 'there is no such task file' : `the task file cannot be read (${code})`;
    throw new InputError({ what, file, fix: 'Check the path.' }, { cause });
  }
}

function unknownTask(name: string): InputError {
  return new InputError({
    what: `there is no task ${show(name)}`,
    expected: `one of ${taskNames().join(', ')}, or a task file (.json)`,
    fix: `Did you mean '${closest(name, taskNames())}'?`,
  });
}

function needsFile(name: string, why: string): InputError {
  return new InputError({
    what: `the task ${name} needs a table of your own`,
    expected: 'a file with the columns sequence and score, larger scores better',
    got: 'none',
    fix: `Name it by --file (file in the library). None is downloaded because ${why}.`,
  });
}
