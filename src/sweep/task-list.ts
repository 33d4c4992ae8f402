import { existsSync } from 'node:fs';
import path from 'node:path';
import { BUILTIN_TASKS, dataCacheFolder, listTasks, type PublicSource, SOURCES } from '../tasks/index.js';
import { checkTask } from '../tasks/config.js';

/** Where a task's table is looked for. */
export interface TablePlace {
  /** `here`: at hand; `download`: fetched when needed; `get`: a person must get it; `own-file`: the user brings one. */
  state: 'formula' | 'here' | 'download' | 'get' | 'own-file';
  /** Files that are looked for, in order; the first is the one that is there, where there is one. */
  looked: string[];
  /** Where a person finds it. */
  page: string | null;
  /** Of the decompressed bytes. */
  sha256: string | null;
  /** Why a task needs a file of the user's own. */
  why: string | null;
}

/** A built-in task with all that `biseq tasks` tells. */
export interface DescribedTask {
  name: string;
  description: string;
  source: string;
  licence: string;
  mode: 'design' | 'choose';
  count: number;
  table: TablePlace;
}

/**
 * The built-in tasks, and where their tables are looked for. Nothing is read or downloaded.
 * @param dataDir as in `DataOptions`
 */
export function describeTasks(dataDir?: string): DescribedTask[] {
  const summaries = new Map(listTasks().map((summary) => [summary.name, summary]));
  return BUILTIN_TASKS.map(({ from, ownFile, input }) => {
    const definition = checkTask(input);
    const { source, licence } = summaries.get(definition.name) ?? definition;
    const { name, description, count } = definition;
    const mode = definition.kind === 'table' ? definition.mode : 'design';
    const none = { looked: [], page: null, sha256: null, why: null };
    const table = (): TablePlace => {
      if (definition.kind === 'ehrlich') return { ...none, state: 'formula' };
      if (from === null) return { ...none, state: 'own-file', why: ownFile ?? null };
      return placeOf(SOURCES[from], dataDir);
    };
    return { name, description, source, licence, mode, count, table: table() };
  });
}

function placeOf(source: PublicSource, dataDir: string | undefined): TablePlace {
  const { folder, file, page, sha256, github } = source;
  const inFolder = (root: string) =>
    [path.join(folder, `${file}.gz`), path.join(folder, file), `${file}.gz`, file].map((place) =>
      path.join(root, place),
    );
  const looked = dataDir === undefined ? [path.join(dataCacheFolder(), folder, file)] : inFolder(dataDir);
  const here = looked.find((place) => existsSync(place));
  if (here !== undefined) return { state: 'here', looked: [here], page, sha256, why: null };
  const state = github === null || dataDir !== undefined ? 'get' : 'download';
  return { state, looked, page, sha256, why: null };
}
