import Papa from 'papaparse';
import { encode } from '../../core/alphabet.js';
import { CancelledError, InputError, throwIfAborted } from '../../core/errors.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { defaultMarginals, type Marginals } from '../../lm/score/marginals.js';
import { type Score, SCORE_COLUMNS, type ScoreMethod, scoreSequences } from '../../lm/score/score.js';
import { createPool } from '../../runtime/pool.js';
import { parseWildType } from '../../table/wild-type.js';
import type { SequenceHooks } from './embed-file.js';
import { checkFree, openResumable } from './resumable.js';
import {
  checkSourceMemory,
  openSequences,
  type SequenceSource,
  type SourceOptions,
} from './sequence-source.js';
import { workKey } from './work-key.js';
import { writeFault } from './write-fault.js';

/** Options of {@link scoreToFile} and {@link scoreTo}. */
export interface ScoreFileOptions extends SourceOptions {
  /** Default: `llr` with a wild type, else `log-likelihood` for causal models and `pseudo-perplexity` for the others. */
  method?: ScoreMethod['method'];
  /** For `llr`; default `masked`, for causal models `wild-type`. */
  marginals?: Marginals;
  /** Replace an existing file. */
  force?: boolean;
  /** Worker threads; default the cores of the machine, at most 8. Does not change the scores. */
  workers?: number;
}

/** What was scored. */
export interface ScoreResult {
  model: { name: string; sha256: string };
  method: ScoreMethod['method'];
  sequences: number;
  resumed: number;
}

/** Significant digits of the scores: what float32 carries. */
const DIGITS = 7;

const line = (cells: readonly (string | number)[]) =>
  `${Papa.unparse([[...cells]], { newline: '\n', escapeFormulae: true })}\n`;

const header = ({ method }: ScoreMethod) => line(['id', 'length', ...SCORE_COLUMNS[method]]);

const row = ({ sequence: { id, text }, values }: Score) =>
  line([id, text.length, ...values.map((value) => Number(value.toPrecision(DIGITS)))]);

/**
 * Scores the sequences of a file into a CSV file with the columns id, length and those of the method (`SCORE_COLUMNS`,
 * in nats). Interrupted, it goes on when it is called again with the same input and options, to the same bytes.
 * @throws InputError, ModelError, CancelledError as `openSequences`, `scoreSequences` and `openResumable`
 */
export async function scoreToFile(
  input: string,
  out: string,
  options: ScoreFileOptions = {},
  hooks: SequenceHooks = {},
): Promise<ScoreResult> {
  writeFault(out, () => checkFree(out, options.force));
  const { source, method } = await open(input, options, hooks);
  const { model, sha256 } = source;
  const { wildType, marginals, tooLong } = options;
  const output = openResumable({
    files: [out],
    initial: [header(method)],
    key: workKey(sha256, { model: model.sha256, method: method.method, wildType, marginals, tooLong }),
    force: options.force,
  });
  const write = async (text: string) => {
    output.append([text]);
    output.checkpoint();
  };
  try {
    const result = await score(source, method, output.resumed, write, options, hooks);
    output.finish();
    return result;
  } catch (error) {
    if (error instanceof CancelledError) output.checkpoint(true);
    throw error;
  } finally {
    output.close();
  }
}

/**
 * Scores the sequences of a file and hands the lines of the CSV over as they come.
 * @throws as `scoreToFile`
 */
export async function scoreTo(
  input: string,
  write: (text: string) => Promise<void>,
  options: ScoreFileOptions = {},
  hooks: SequenceHooks = {},
): Promise<ScoreResult> {
  const { source, method } = await open(input, options, hooks);
  let begun = false;
  const writeRow = async (text: string) => {
    if (!begun) await write(header(method));
    begun = true;
    await write(text);
  };
  return score(source, method, 0, writeRow, options, hooks);
}

async function open(input: string, options: ScoreFileOptions, hooks: SequenceHooks) {
  if (options.method === 'llr' && options.wildType === undefined) {
    throw new InputError({
      what: 'a log-likelihood ratio needs a wild type',
      expected: 'its sequence',
      got: 'none',
      fix: 'Give it by --wild-type (wildType in the library).',
    });
  }
  const source = await openSequences(input, options);
  checkSourceMemory(source, options);
  hooks.onOpen?.(source);
  return { source, method: methodOf(source.model, options) };
}

function methodOf(model: LanguageModel, options: ScoreFileOptions): ScoreMethod {
  const { wildType, marginals = defaultMarginals(model) } = options;
  const natural = model.architecture.causal ? 'log-likelihood' : 'pseudo-perplexity';
  const method = options.method ?? (wildType === undefined ? natural : 'llr');
  if (method !== 'llr' || wildType === undefined) return { method: method === 'llr' ? natural : method };
  const { alphabet } = model;
  const codes = encode(alphabet, parseWildType(wildType), { file: 'the wild type' });
  return { method, wildType: codes, alphabet, marginals };
}

async function score(
  source: SequenceSource,
  method: ScoreMethod,
  resumed: number,
  write: (text: string) => Promise<void>,
  { signal, workers }: ScoreFileOptions,
  { onProgress }: SequenceHooks,
): Promise<ScoreResult> {
  const { model, count: total } = source;
  const pool = createPool(workers);
  let done = resumed;
  try {
    onProgress?.({ done, total, resumed });
    for await (const one of scoreSequences(model, pool, source.sequences(resumed), method, { signal })) {
      await write(row(one));
      done++;
      onProgress?.({ done, total, resumed });
      throwIfAborted(signal);
    }
  } finally {
    await pool.close();
  }
  const { name, sha256 } = model;
  return { model: { name, sha256 }, method: method.method, sequences: done, resumed };
}
