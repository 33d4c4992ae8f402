import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DNA, PROTEIN } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { BUILTIN_TASKS, ehrlichInput } from '../tasks/builtin.js';
import { checkTask, parseTaskFile } from '../tasks/config.js';
import { ownTable } from '../tasks/data-file.js';
import { openTask, SOURCES, type TaskDefinition } from '../tasks/index.js';
import type { Json } from './canonical-json.js';
import type { DataPlaces, TaskSource } from './job.js';

/** What results on a task depend on, found without reading more than is needed. */
export interface TaskIdentity {
  /** For a cell's key and record: the name, or all of a task file but where its data lies and what it says for people. */
  identity: Json;
  /** SHA-256 of the table's decompressed bytes; null for a formula. */
  table: string | null;
  alphabet: 'protein' | 'dna';
  /** The task's own number of designs. */
  count: number;
}

/**
 * Identifies a task. A public table is known by its pinned checksum and need not be at hand; a user's own is read.
 * @throws InputError for an unknown task (with the nearest), or a task file or table that is not to be had
 */
export async function identifyTask(source: TaskSource, places: DataPlaces): Promise<TaskIdentity> {
  const builtin = builtinOf(source.task);
  if (builtin === null) return identifyFile(source, places);
  const { definition, from } = builtin;
  const known = { identity: definition.name, alphabet: alphabetOf(definition), count: definition.count };
  if (definition.kind === 'ehrlich') return completed(known, null, source, places);
  if (source.file !== undefined) return completed(known, await hashOf(source.file), source, places);
  if (from === null) return opened(known, source, places);
  return completed(known, SOURCES[from].sha256, source, places);
}

interface Known extends Omit<TaskIdentity, 'table' | 'alphabet'> {
  alphabet: TaskIdentity['alphabet'] | null;
}

function builtinOf(name: string) {
  const found = BUILTIN_TASKS.find(({ input }) => input.name === name);
  if (found) return { definition: checkTask(found.input), from: found.from };
  const size = /^(?:ehrlich-(\d+)-(\d+)-(\d+)-(\d+)|Ehr\((\d+), ?(\d+), ?(\d+), ?(\d+)\))$/.exec(name);
  if (!size) return null;
  const [states, length, motifs, motifLength] = size.slice(1).filter(Boolean).map(Number);
  return { definition: checkTask(ehrlichInput(states, length, motifs, motifLength)), from: null };
}

async function identifyFile(source: TaskSource, places: DataPlaces): Promise<TaskIdentity> {
  const text = /\.json$|[/\\]/i.test(source.task) ? await readText(source.task) : null;
  // an unknown name: opening says so, with the nearest
  if (text === null) return opened({ identity: source.task, alphabet: null, count: 1 }, source, places);
  const definition = parseTaskFile(text, source.task);
  const { description: _, source: _source, licence: _licence, ...rest } = definition;
  const identity: Record<string, unknown> = { ...rest };
  delete identity.file;
  delete identity.sha256;
  const known = { identity: identity as Json, alphabet: alphabetOf(definition), count: definition.count };
  if (definition.kind === 'ehrlich') return completed(known, null, source, places);
  const file = source.file ?? path.resolve(path.dirname(source.task), definition.file);
  return completed(known, await hashOf(file, definition.sha256), source, places);
}

async function hashOf(file: string, expected?: string): Promise<string> {
  return (await ownTable(file, expected)).provenance.sha256;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new InputError(
      { what: 'the task file cannot be read', file, got: (cause as Error).message, fix: 'Check the path.' },
      { cause },
    );
  }
}

/** The alphabet, where the definition alone tells. */
function alphabetOf(definition: TaskDefinition): TaskIdentity['alphabet'] | null {
  if (definition.kind === 'pbm') return 'dna';
  if (definition.kind === 'ehrlich') {
    const states = definition.parameters?.states ?? definition.size?.states;
    return states === DNA.size ? 'dna' : 'protein';
  }
  const { alphabet, wildType } = definition.table;
  if (alphabet !== undefined && alphabet !== 'auto') return alphabet;
  const isDna = wildType === undefined || [...wildType].every((letter) => DNA.code(letter) >= 0);
  return isDna ? null : PROTEIN.name;
}

async function completed(
  known: Known,
  table: string | null,
  source: TaskSource,
  places: DataPlaces,
): Promise<TaskIdentity> {
  const { alphabet } = known;
  return alphabet === null ? opened(known, source, places) : { ...known, alphabet, table };
}

async function opened(known: Known, { task, file }: TaskSource, places: DataPlaces): Promise<TaskIdentity> {
  const { landscape, provenance, definition } = await openTask(task, { file, ...places });
  const { count } = definition;
  return { ...known, count, table: provenance?.sha256 ?? null, alphabet: landscape.alphabet.name };
}
