import { InputError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import type { TensorValue } from '../../runtime/session.js';
import type { BatchPlan } from '../batching.js';
import { inChunks } from '../chunks.js';
import { featureGraph, hiddenGraph } from '../feature-graph.js';
import type { LanguageModel } from '../language-model.js';
import { type ReadingOrder, readingOrder } from '../reading-order.js';
import { type CompiledGraph, compileGraph, meanPooling, poolFeeds } from '../runner.js';
import { type NamedSequence, tokenise } from '../token-text.js';
import type { LetterWindow } from '../tokenizers/letters.js';
import { tokensOfSites, writeSiteWeights } from './sites.js';

/** What of a sequence is embedded: the mean over residues, every residue, or the residues at 0-based sites. */
export type EmbedWhat = 'mean' | 'residues' | { readonly sites: readonly number[] };

/** Options of {@link embed}. */
export interface EmbedOptions {
  /** Default `mean`. */
  what?: EmbedWhat;
  signal?: AbortSignal;
}

/** The embedding of one sequence: [rows x D] row-major; 1 row for the mean, else a row a residue or site. */
export interface Embedding {
  readonly sequence: NamedSequence;
  readonly rows: number;
  readonly data: Float32Array;
}

/** Values of a chunk's embeddings that are in memory at once: 32 MiB. */
const VALUES = 2 ** 23;
/** Values of a mean or of sites that weigh as much as a token, so that short sequences do not fill a chunk by thousands. */
const VALUES_PER_TOKEN = 8;

interface Item {
  sequence: NamedSequence;
  ids: Int32Array;
}

/**
 * Last hidden states of any number of sequences, in their order. Only a chunk of them is in memory at a time. The same
 * sequence always gives the same bits, whatever comes with it. Where a token holds several letters, a residue's row is
 * the mean over the tokens that hold it.
 * @param sequences read as they are needed
 * @throws InputError for a sequence that the model cannot read (see `tokenise`) or that does not reach a site
 * @throws CancelledError when the signal fires
 */
export async function* embed(
  model: LanguageModel,
  pool: Pool,
  sequences: Iterable<NamedSequence> | AsyncIterable<NamedSequence>,
  { what = 'mean', signal }: EmbedOptions = {},
): AsyncGenerator<Embedding, void> {
  const order = readingOrder(model);
  const { architecture, weights } = model;
  const means = typeof what === 'object' ? what.sites.length : 1;
  const compiled =
    what === 'residues'
      ? compileGraph(pool, model, () => hiddenGraph(architecture, weights), 'hidden')
      : compileGraph(pool, model, () => featureGraph(architecture, weights, means), 'phi');
  const largest = what === 'residues' ? Math.max(1, Math.floor(VALUES / architecture.hiddenSize)) : undefined;
  const items = tokenised(model, sequences, order);
  const least = what === 'residues' ? 1 : (means * architecture.hiddenSize) / VALUES_PER_TOKEN;
  const cost = ({ ids }: Item) => Math.max(ids.length, least);
  try {
    for await (const chunk of inChunks(items, { cost, largest })) {
      if (what === 'residues') yield* await residues(model, compiled, chunk, order, signal);
      else yield* await pooled(model, compiled, chunk, what, order, signal);
    }
  } finally {
    await compiled.release();
  }
}

async function* tokenised(
  model: LanguageModel,
  sequences: Iterable<NamedSequence> | AsyncIterable<NamedSequence>,
  order: ReadingOrder,
): AsyncGenerator<Item> {
  for await (const sequence of sequences) yield { sequence, ids: tokenise(model, sequence, order) };
}

/** Mean and sites: weighted means inside the graph. */
async function pooled(
  model: LanguageModel,
  compiled: CompiledGraph,
  chunk: readonly Item[],
  what: Exclude<EmbedWhat, 'residues'>,
  order: ReadingOrder,
  signal?: AbortSignal,
): Promise<Embedding[]> {
  const ids = chunk.map((item) => item.ids);
  const rows = what === 'mean' ? 1 : what.sites.length;
  const width = rows * model.architecture.hiddenSize;
  const out = new Float32Array(chunk.length * width);
  const pooling = what === 'mean' ? meanPooling(model, ids) : sitePooling(model, chunk, what.sites, order);
  const receive = ({ data }: TensorValue, plan: BatchPlan) =>
    plan.rows.forEach((row, b) =>
      out.set((data as Float32Array).subarray(b * width, (b + 1) * width), row * width),
    );
  await compiled.run(ids, receive, { extra: poolFeeds(pooling), signal });
  return chunk.map(({ sequence }, i) => ({
    sequence,
    rows,
    data: out.subarray(i * width, (i + 1) * width),
  }));
}

function sitePooling(
  model: LanguageModel,
  chunk: readonly Item[],
  sites: readonly number[],
  order: ReadingOrder,
) {
  const tokens = chunk.map(({ sequence, ids }) => {
    const L = sequence.text.length;
    const beyond = sites.find((site) => site < 0 || site >= L);
    if (beyond !== undefined) throw outside(sequence, beyond);
    const places = order === 'forward' ? sites : sites.map((site) => L - 1 - site);
    return tokensOfSites(windowsOf(model, sequence, ids), places);
  });
  return {
    means: sites.length,
    write: (row: number, weights: Float32Array, length: number) =>
      writeSiteWeights(tokens[row], weights, length),
  };
}

function outside({ id, text, file, line }: NamedSequence, site: number): InputError {
  return new InputError({
    what: `site ${site + 1} lies outside sequence ${id}`,
    file,
    line,
    expected: `1 to ${text.length}`,
    got: `${site + 1}`,
  });
}

/** Every residue: the mean over its tokens, outside the graph. */
async function residues(
  model: LanguageModel,
  compiled: CompiledGraph,
  chunk: readonly Item[],
  order: ReadingOrder,
  signal?: AbortSignal,
): Promise<Embedding[]> {
  const D = model.architecture.hiddenSize;
  const found = chunk.map(({ sequence }) => ({
    sequence,
    rows: sequence.text.length,
    data: new Float32Array(sequence.text.length * D),
  }));
  const receive = ({ data }: TensorValue, plan: BatchPlan) =>
    plan.rows.forEach((row, b) => {
      const hidden = (data as Float32Array).subarray(b * plan.length * D, (b + 1) * plan.length * D);
      const { sequence, ids } = chunk[row];
      spread(hidden, windowsOf(model, sequence, ids), found[row].data, D);
      if (order === 'reverse') reverseRows(found[row].data, D);
    });
  await compiled.run(
    chunk.map(({ ids }) => ids),
    receive,
    { signal },
  );
  return found;
}

/** Adds each token's row to the letters that it holds, then divides by how many tokens hold a letter. */
function spread(hidden: Float32Array, windows: readonly LetterWindow[], out: Float32Array, D: number): void {
  const counts = new Uint16Array(out.length / D);
  for (const { token, start, length } of windows) {
    for (let i = start; i < start + length; i++) {
      counts[i]++;
      for (let d = 0; d < D; d++) out[i * D + d] += hidden[token * D + d];
    }
  }
  counts.forEach((count, i) => {
    if (count > 1) for (let d = 0; d < D; d++) out[i * D + d] /= count;
  });
}

function reverseRows(data: Float32Array, D: number): void {
  for (let i = 0, j = data.length / D - 1; i < j; i++, j--) {
    const row = data.slice(i * D, (i + 1) * D);
    data.copyWithin(i * D, j * D, (j + 1) * D);
    data.set(row, j * D);
  }
}

/**
 * The tokens that hold each letter.
 * @throws InputError where the letters do not fall into tokens by the length alone (an N among 6-mers)
 */
function windowsOf(model: LanguageModel, sequence: NamedSequence, ids: Int32Array): LetterWindow[] {
  const { letters } = model.tokenizer;
  const windows = letters.windows(sequence.text.length);
  if (letters.tokenCount(sequence.text.length) === ids.length) return windows;
  throw new InputError({
    what: `the tokens of ${sequence.id} cannot be told apart by residue`,
    file: sequence.file,
    line: sequence.line,
    expected: `${model.alphabet.letters} only`,
    got: 'other letters',
    fix: 'Ask for the mean, or remove the sequence.',
  });
}
