import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fixturePath } from '../../helpers/fixtures.js';

/** One batch of `ref.json`. */
export interface ReferenceCase {
  name: string;
  sequences: string[];
  token_ids: number[][];
  attention_mask: number[][];
  residue_mask: number[][];
}

/** `ref.json` of a model folder. */
export interface Reference {
  special_token_ids_excluded_from_phi: number[];
  cases: ReferenceCase[];
  tokenizer_cases?: { text: string; token_ids: number[] }[];
  residue_cases?: { sequence: string; text: string; token_ids: number[] }[];
  k?: number;
}

/** The model folders among the fixtures, with their reference values; empty where fixtures are not at hand. */
export function referenceModels(
  modelTypes?: readonly string[],
): { name: string; folder: string; reference: Reference }[] {
  const root = fixturePath('lm');
  if (root === null) return [];
  return readdirSync(root)
    .map((name) => ({ name, folder: path.join(root, name) }))
    .filter(
      ({ folder }) =>
        !modelTypes || modelTypes.includes(read<{ model_type: string }>(folder, 'config.json').model_type),
    )
    .map((model) => ({ ...model, reference: read<Reference>(model.folder, 'ref.json') }));
}

function read<T>(folder: string, file: string): T {
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as T;
}
