import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest } from 'fastest-levenshtein';
import type { Alphabet } from '../core/alphabet.js';
import { ModelError } from '../core/errors.js';
import { pulledModel } from './hub/pulled.js';
import { REGISTRY, registryModel } from './hub/registry.js';

/** `data/models` of the package: as far from `src/lm` as from `dist/lm`. */
const EMBEDDED = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../data/models');

/** The embedded model that each alphabet is designed with where none is named. */
const DEFAULTS: Record<Alphabet['name'], string> = { protein: 'protein-small', dna: 'dna-small' };

/** Where a model is. */
export interface ResolvedModel {
  /** The embedded or pulled model's name, or the last part of the folder or of the ONNX file. */
  name: string;
  /** Absolute path of the folder, or of the ONNX file, see `openModel`. */
  folder: string;
  /** Whether it comes with the package. */
  embedded: boolean;
}

/**
 * The models that come with the package, by name.
 * @param root folder of model folders; default: the package's own
 */
export function embeddedModels(root = EMBEDDED): ResolvedModel[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort()
    .map((name) => ({ name, folder: path.join(root, name), embedded: true }))
    .filter(({ folder }) => existsSync(path.join(folder, 'config.json')));
}

/**
 * Finds a model: an embedded one by its name, else a folder in Hugging Face's layout or an ONNX file by its path, else
 * one that `biseq models pull` fetched, by its name or hub id. Touches no network.
 * @param nameOrFolder undefined: the embedded default for the alphabet
 * @param root see `embeddedModels`
 * @throws ModelError for an unknown name (with the nearest), for a model that is not here yet, and where there is no
 *   default for the alphabet
 */
export function resolveModel(
  nameOrFolder: string | undefined,
  alphabet: Alphabet,
  root = EMBEDDED,
): ResolvedModel {
  const embedded = embeddedModels(root);
  const wanted = nameOrFolder ?? DEFAULTS[alphabet.name];
  const known = embedded.find(({ name }) => name === wanted);
  if (known) return known;
  if (nameOrFolder === undefined) throw noDefault(alphabet, embedded);
  const found = statSync(wanted, { throwIfNoEntry: false });
  if (found?.isDirectory() || (found?.isFile() && /\.onnx$/i.test(wanted))) {
    const place = path.resolve(wanted);
    return { name: path.basename(place), folder: place, embedded: false };
  }
  const pulled = pulledModel(wanted);
  if (pulled !== null) return { name: wanted, folder: pulled, embedded: false };
  throw registryModel(wanted) ? notPulled(wanted) : unknownModel(wanted, embedded);
}

function notPulled(name: string): ModelError {
  return new ModelError({
    what: `model '${name}' is not on this machine`,
    expected: 'a model that was pulled',
    got: 'none of that name in the cache, or not all of it',
    fix: `Fetch it by 'biseq models pull ${name}'.`,
  });
}

function noDefault(alphabet: Alphabet, embedded: readonly ResolvedModel[]): ModelError {
  const kind = alphabet.name === 'dna' ? 'DNA' : 'protein';
  return new ModelError({
    what: `no ${kind} language model comes with this package`,
    expected: `the folder of a ${kind} model with config.json and its weights`,
    got: embedded.length > 0 ? `embedded: ${embedded.map(({ name }) => name).join(', ')}` : 'none embedded',
    fix: 'Name one by --model FOLDER (model in the library).',
  });
}

function unknownModel(wanted: string, embedded: readonly ResolvedModel[]): ModelError {
  const names = embedded.map(({ name }) => name);
  const near = closest(wanted, [...names, ...REGISTRY.map(({ name }) => name)]);
  return new ModelError({
    what: `there is no model '${wanted}'`,
    expected: `${names.length > 0 ? `one of ${names.join(', ')}, ` : ''}a name that 'biseq models list' shows, a folder, or an ONNX file`,
    got: existsSync(wanted) ? 'a file' : 'neither a name nor a folder that exists',
    fix: `Did you mean '${near}'? A folder holds config.json and model.safetensors, or an ONNX model and its JSON.`,
  });
}
