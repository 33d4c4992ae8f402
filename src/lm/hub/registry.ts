import { closest } from 'fastest-levenshtein';
import { ModelError } from '../../core/errors.js';
import { ENTRIES, type RegistryEntry } from './entries.js';
import { countParameters, memoryNeed } from './size.js';

/** A model of the registry, with what is computed from its shape. */
export interface RegistryModel extends RegistryEntry {
  /** Weights in the published checkpoint, counted from its shape. */
  readonly parameters: number;
  /** Bytes; see `MEMORY_RULE`. */
  readonly memory: number;
}

/** All models that biseq knows by name, in the order in which they are listed. */
export const REGISTRY: readonly RegistryModel[] = ENTRIES.map((entry) => {
  const parameters = countParameters(entry.shape);
  return { ...entry, parameters, memory: memoryNeed(parameters) };
});

/** `organisation/model`; nothing that could leave a folder or a URL's path. */
const HUB_ID = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;

/** Whether a text is a hub id that is safe in a path and a URL. */
export function isHubId(text: string): boolean {
  return HUB_ID.test(text) && !text.includes('..') && !text.includes('--');
}

/** The registry's model of that name or hub id, without regard to case. */
export function registryModel(name: string): RegistryModel | undefined {
  const wanted = name.toLowerCase();
  return REGISTRY.find((model) => model.name === wanted || model.hubId.toLowerCase() === wanted);
}

/** A model to pull: one of the registry, or any other of the hub. */
export interface NamedModel {
  /** The registry's name, else the hub id. */
  readonly name: string;
  readonly hubId: string;
  /** Present for a model of the registry. */
  readonly entry?: RegistryModel;
}

/**
 * What a name on the command line means.
 * @param name a name of the registry or a hub id `organisation/model`
 * @throws ModelError for neither, with the nearest name
 */
export function findModel(name: string): NamedModel {
  const entry = registryModel(name);
  if (entry) return { name: entry.name, hubId: entry.hubId, entry };
  if (isHubId(name)) return { name, hubId: name };
  const names = REGISTRY.map((model) => model.name);
  throw new ModelError({
    what: `there is no model '${name}' in the registry`,
    expected: 'a name of the registry or organisation/model of the Hugging Face hub',
    got: name,
    fix: `Did you mean '${closest(name.toLowerCase(), names)}'? 'biseq models list' shows all.`,
  });
}
