import { ModelError } from '../../core/errors.js';

/** Files beside the weights that a model's reader may need. Never code, cards or other frameworks' weights. */
const SMALL_FILES = [
  'config.json',
  'vocab.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

/** Layouts of weights, best first: the order in which a model's reader looks for them. */
const LAYOUTS = [
  { whole: 'model.safetensors', shard: /^model-(\d{5})-of-(\d{5})\.safetensors$/ },
  { whole: 'pytorch_model.bin', shard: /^pytorch_model-(\d{5})-of-(\d{5})\.bin$/ },
];

/** Whether a name could be chosen from a listing; all such names are plain file names. */
export function isWanted(name: string): boolean {
  return (
    SMALL_FILES.includes(name) ||
    LAYOUTS.some(({ whole, shard }) => name === whole || name === `${whole}.index.json` || shard.test(name))
  );
}

/** Whether a file holds weights, so may be large. */
export function holdsWeights(name: string): boolean {
  return LAYOUTS.some(({ whole, shard }) => name === whole || shard.test(name));
}

/**
 * The files of a model folder that are needed, config.json first and weights last: one layout of weights, safetensors
 * where there are any.
 * @param names the folder's files; those that are not wanted do not matter
 * @param source the folder, for messages
 * @param shown what the folder holds, for messages
 * @throws ModelError when it holds no model that could be read, with what it holds
 */
export function chooseFiles(names: readonly string[], source: string, shown = names): string[] {
  const there = new Set(names);
  const small = SMALL_FILES.filter((name) => there.has(name));
  const weights = LAYOUTS.map((layout) => weightsOf(layout, there)).find((found) => found.length > 0) ?? [];
  const missing = [
    small.includes('config.json') ? '' : 'config.json',
    weights.length > 0 ? '' : 'model.safetensors or pytorch_model.bin, whole or all of their shards',
    small.includes('vocab.txt') || small.includes('tokenizer.json') ? '' : 'vocab.txt or tokenizer.json',
  ].filter(Boolean);
  if (missing.length === 0) return [...small, ...weights];
  throw new ModelError({
    what: `${source} does not hold a model in Hugging Face's layout`,
    expected: missing.join('; '),
    got: shownNames(shown),
    fix: 'Choose a model that is published in this layout.',
  });
}

function weightsOf({ whole, shard }: (typeof LAYOUTS)[number], there: ReadonlySet<string>): string[] {
  if (there.has(whole)) return [whole];
  const index = `${whole}.index.json`;
  const shards = [...there].filter((name) => shard.test(name)).sort();
  const total = Number(shard.exec(shards[0] ?? '')?.[2] ?? 0);
  const complete =
    total > 0 &&
    shards.length === total &&
    shards.every((name, i) => {
      const [, number, of] = shard.exec(name) ?? [];
      return Number(number) === i + 1 && Number(of) === total;
    });
  return complete && there.has(index) ? [index, ...shards] : [];
}

function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => name.slice(0, 60));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return names.length === 0 ? 'no files' : `${shown.join(', ')}${more}`;
}
