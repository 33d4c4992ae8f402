import path from 'node:path';
import { readJsonObject } from './io/json-file.js';
import type { LanguageModel } from './language-model.js';

/** Order in which a model reads letters: as written, or from the other end (time-reversed models). */
export type ReadingOrder = 'forward' | 'reverse';

/** Field of config.json that other programs ignore. */
const FIELD = 'biseq_reading_order';

/** What config.json says of a model's reading order: nothing for `forward`. */
export function orderField(order: ReadingOrder): Record<string, ReadingOrder> {
  return order === 'reverse' ? { [FIELD]: order } : {};
}

/**
 * The order in which a model was trained to read, from its config.json; `forward` where that says nothing, and for
 * imported models.
 */
export function readingOrder({
  folder,
  importedFrom,
}: Pick<LanguageModel, 'folder' | 'importedFrom'>): ReadingOrder {
  if (importedFrom !== undefined) return 'forward';
  return readJsonObject(path.join(folder, 'config.json'))[FIELD] === 'reverse' ? 'reverse' : 'forward';
}
