import { InputError, ModelError } from '../core/errors.js';
import type { LanguageModel } from '../lm/language-model.js';
import { checkModelMemory } from '../lm/model-memory.js';
import { openNamedModel } from '../lm/open-named.js';
import { defaultWorkers } from '../runtime/pool.js';
import type { Table } from '../table/table.js';

/** What a run takes, for {@link openModelFor}. */
export interface ModelBudget {
  /** Default `defaultWorkers`. */
  workers?: number;
  /** Bytes that the model may take; default: half of the free memory. */
  memory?: number;
}

/** A design's losses share a forward pass: forward mapping, backward mapping, prediction. */
const GRADIENTS = 3;

/**
 * Opens the model that a table is to be designed with, and checks that it takes the table's sequences.
 * @param nameOrFolder see `resolveModel`
 * @throws ModelError for a model that cannot be used, or that reads another alphabet
 * @throws CancelledError when the signal fires
 * @throws InputError for a sequence that is longer than the model takes, with its line, and for a model that does not fit
 *   into memory, before its weights are loaded
 */
export async function openModelFor(
  table: Table,
  nameOrFolder: string | undefined,
  signal?: AbortSignal,
  { workers = defaultWorkers(), memory }: ModelBudget = {},
): Promise<LanguageModel> {
  const model = await openNamedModel(nameOrFolder, table.alphabet, { signal });
  if (model.alphabet !== table.alphabet) {
    throw new ModelError({
      what: `model ${model.name} does not read what the table holds`,
      file: table.source,
      expected: `a model of ${nameOf(table.alphabet.name)}`,
      got: `a model of ${nameOf(model.alphabet.name)}`,
      fix: 'Choose another by --model (model in the library); if the table was misread, say --alphabet.',
    });
  }
  const tokens = checkLengths(model, table);
  checkModelMemory(model, { workers, tokens, gradients: GRADIENTS }, memory);
  return model;
}

const nameOf = (alphabet: string): string => (alphabet === 'dna' ? 'DNA' : 'proteins');

/** Tokens of the longest sequence. */
function checkLengths({ name, architecture, tokenizer }: LanguageModel, table: Table): number {
  const longest = table.rows.reduce((a, b) => (b.sequence.length > a.sequence.length ? b : a));
  const tokens = tokenizer.encodeSequence(table.alphabet, longest.sequence).length;
  if (tokens <= architecture.maxTokens) return tokens;
  throw new InputError({
    what: `the sequence is too long for model ${name}`,
    file: table.source,
    line: longest.line,
    expected: `at most ${architecture.maxTokens} tokens, special tokens included`,
    got: `${tokens}`,
    fix: 'Cut the sequences to the region of interest, or choose a model that takes longer ones.',
  });
}
