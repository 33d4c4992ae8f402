import { InputError, ModelError } from '../core/errors.js';
import type { LanguageModel } from '../lm/language-model.js';
import { openNamedModel } from '../lm/open-named.js';
import type { Table } from '../table/table.js';

/**
 * Opens the model that a table is to be designed with, and checks that it takes the table's sequences.
 * @param nameOrFolder see `resolveModel`
 * @throws ModelError for a model that cannot be used, or that reads another alphabet
 * @throws CancelledError when the signal fires
 * @throws InputError for a sequence that is longer than the model takes, with its line
 */
export async function openModelFor(
  table: Table,
  nameOrFolder: string | undefined,
  signal?: AbortSignal,
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
  checkLengths(model, table);
  return model;
}

const nameOf = (alphabet: string): string => (alphabet === 'dna' ? 'DNA' : 'proteins');

function checkLengths({ name, architecture, tokenizer }: LanguageModel, table: Table): void {
  const longest = table.rows.reduce((a, b) => (b.sequence.length > a.sequence.length ? b : a));
  const tokens = tokenizer.encodeSequence(table.alphabet, longest.sequence).length;
  if (tokens <= architecture.maxTokens) return;
  throw new InputError({
    what: `the sequence is too long for model ${name}`,
    file: table.source,
    line: longest.line,
    expected: `at most ${architecture.maxTokens} tokens, special tokens included`,
    got: `${tokens}`,
    fix: 'Cut the sequences to the region of interest, or choose a model that takes longer ones.',
  });
}
