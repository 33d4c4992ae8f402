import path from 'node:path';
import { CancelledError, InputError, throwIfAborted } from '../../core/errors.js';
import { embed, type EmbedWhat } from '../../lm/embed/embed.js';
import { createPool } from '../../runtime/pool.js';
import { type EmbedFormat, embedTarget } from './embed-target.js';
import { checkFree, openResumable } from './resumable.js';
import {
  checkSourceMemory,
  openSequences,
  type SequenceSource,
  type SourceOptions,
} from './sequence-source.js';
import { workKey } from './work-key.js';
import { writeFault } from './write-fault.js';

/** Options of {@link embedToFile}. */
export interface EmbedFileOptions extends SourceOptions {
  /** Default: told by the name's ending. */
  outFormat?: EmbedFormat;
  /** Default `mean`. Sites are positions in the user's own numbering. */
  what?: 'mean' | 'residues' | { readonly sites: readonly number[] };
  /** Replace an existing file. */
  force?: boolean;
  /** Worker threads; default the cores of the machine, at most 8. Does not change the values. */
  workers?: number;
}

/** Progress of a run over sequences; `total` is null where the input can be read only once. */
export interface SequenceProgress {
  done: number;
  total: number | null;
  /** Sequences that an earlier run had done. */
  resumed: number;
}

/** What a caller may want to hear. */
export interface SequenceHooks {
  /** When the input and the model have been opened. */
  onOpen?(source: SequenceSource): void;
  onProgress?(progress: SequenceProgress): void;
}

/** What was written. */
export interface EmbedResult {
  file: string;
  /** File of ids beside it: columns id, length, row (from 0), rows. Null for Parquet, which holds the ids. */
  index: string | null;
  model: { name: string; sha256: string };
  sequences: number;
  resumed: number;
  /** [N x D] for the mean, [N x S x D] for S sites, [sum of lengths x D] for residues. */
  shape: number[];
}

/**
 * Embeds the sequences of a file into another; neither has to fit into memory. Interrupted, it goes on when it is called
 * again with the same input and options, to the same bytes.
 *
 * `.npy` and safetensors (tensor `embeddings`) hold float32 of the shape in {@link EmbedResult}, and beside them
 * `FILE.index.csv` says which rows are whose. Parquet holds a row a vector: id, length, (position, residue,) embedding.
 * @throws InputError for input that cannot be read, a site beyond a sequence's end, an output that exists, a model that
 *   does not fit into memory
 * @throws ModelError for a model that cannot be used
 * @throws CancelledError when the signal fires; what is done is kept
 */
export async function embedToFile(
  input: string,
  out: string,
  options: EmbedFileOptions = {},
  { onOpen, onProgress }: SequenceHooks = {},
): Promise<EmbedResult> {
  const { signal, force } = options;
  const format = options.outFormat ?? formatOf(out);
  writeFault(out, () => checkFree(out, force));
  const source = await openSequences(input, options);
  checkSourceMemory(source, options);
  onOpen?.(source);
  const { model, count, sha256, firstPosition } = source;
  const what = whatOf(options.what ?? 'mean', firstPosition);
  if (typeof what === 'object') await checkSites(source, what.sites);
  const metadata = metadataOf(source, what);
  const width = model.architecture.hiddenSize;
  const target = embedTarget(format, { out, what, width, firstPosition, metadata });
  const output = openResumable({
    ...target,
    key: workKey(sha256, { format, firstPosition, tooLong: options.tooLong, ...metadata }),
    force,
  });
  const { resumed } = output;
  const pool = createPool(options.workers);
  const header = target.initial[0].length;
  let done = resumed;
  try {
    onProgress?.({ done, total: count, resumed });
    for await (const embedding of embed(model, pool, source.sequences(resumed), { what, signal })) {
      const row = (output.size(0) - header) / (4 * width);
      const { buffer, byteOffset, byteLength } = embedding.data;
      output.append([new Uint8Array(buffer, byteOffset, byteLength), target.line(embedding, row)]);
      output.checkpoint();
      done++;
      onProgress?.({ done, total: count, resumed });
      throwIfAborted(signal);
    }
    const vectors = (output.size(0) - header) / (4 * width);
    const shape = typeof what === 'object' ? [done, what.sites.length, width] : [vectors, width];
    await target.finish(output, shape, signal);
    const { name, sha256: hash } = model;
    return { file: out, index: target.index, model: { name, sha256: hash }, sequences: done, resumed, shape };
  } catch (error) {
    if (error instanceof CancelledError) output.checkpoint(true);
    throw error;
  } finally {
    output.close();
    await pool.close();
  }
}

const FORMATS: Readonly<Record<string, EmbedFormat>> = {
  '.npy': 'npy',
  '.safetensors': 'safetensors',
  '.parquet': 'parquet',
};

function formatOf(out: string): EmbedFormat {
  const ending = path.extname(out).toLowerCase();
  if (Object.hasOwn(FORMATS, ending)) return FORMATS[ending];
  throw new InputError({
    what: 'the format cannot be told by the name',
    file: out,
    expected: `a name that ends in ${Object.keys(FORMATS).join(', ')}`,
    got: ending || 'no ending',
    fix: 'Name another file by --out, or the format by --format.',
  });
}

function whatOf(what: NonNullable<EmbedFileOptions['what']>, firstPosition: number): EmbedWhat {
  if (typeof what === 'string') return what;
  if (what.sites.length === 0) throw new InputError({ what: 'no sites are given', expected: 'at least one' });
  return { sites: what.sites.map((site) => site - firstPosition) };
}

/** Before any work, where the input can be read twice. */
async function checkSites(source: SequenceSource, sites: readonly number[]): Promise<void> {
  if (source.count === null) return;
  for await (const { id, text, file, line } of source.sequences()) {
    const beyond = sites.find((site) => site < 0 || site >= text.length);
    if (beyond === undefined) continue;
    const first = source.firstPosition;
    throw new InputError({
      what: `site ${beyond + first} lies outside sequence ${id}`,
      file,
      line,
      expected: `${first} to ${first + text.length - 1}`,
      got: `${beyond + first}`,
      fix: 'Correct the sites, or give the number of the first letter by --first-position.',
    });
  }
}

function metadataOf({ model, firstPosition }: SequenceSource, what: EmbedWhat): Record<string, string> {
  return {
    model: model.name,
    model_sha256: model.sha256,
    what: typeof what === 'string' ? what : 'sites',
    ...(typeof what === 'object' ? { sites: what.sites.map((site) => site + firstPosition).join(',') } : {}),
  };
}
