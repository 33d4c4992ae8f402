export { BUILTIN_TASKS, type BuiltinTask } from './builtin.js';
export { dataCacheFolder } from './cache-folder.js';
export type { DataOptions } from './data-file.js';
export type {
  EhrlichParameters,
  EhrlichSize,
  MeasuredRule,
  TaskDefinition,
  TaskInput,
} from './definition.js';
export type { DrawOptions, OpenTask } from './draw.js';
export { createEhrlich, type EhrlichFunction } from './ehrlich.js';
export { generateEhrlich } from './ehrlich-generator.js';
export {
  bestDesigns,
  evaluateDesigns,
  type Evaluation,
  randomDesigns,
  type ScoreSummary,
  TOP,
  topSequences,
} from './evaluate.js';
export {
  listTasks,
  loadTask,
  type LoadOptions,
  openTask,
  type OpenOptions,
  taskNames,
  type TaskSummary,
} from './load.js';
export { parsePbm, type PbmOptions } from './pbm.js';
export { type PublicSource, type SourceName, SOURCES } from './sources.js';
export type { Landscape, Provenance, ScoredRows, Task } from './task.js';
