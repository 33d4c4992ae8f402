import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import Papa from 'papaparse';
import type { Embedding, EmbedWhat } from '../../lm/embed/embed.js';
import { NPY_HEADER, npyHeader, safetensorsHeader, safetensorsHeaderBytes } from './array-headers.js';
import { type ParquetRow, writeParquet } from './parquet.js';
import type { ResumableOutput } from './resumable.js';
import { asWriteFault } from './write-fault.js';

/** Formats of embeddings. */
export type EmbedFormat = 'npy' | 'safetensors' | 'parquet';

/** How embeddings are laid out in files. The values come first in `files`, who they belong to second. */
export interface EmbedTarget {
  /** The files that are written while embeddings come. */
  files: readonly string[];
  initial: readonly (string | Uint8Array)[];
  /** Files that come into being at the end. */
  others: readonly string[];
  /** File of ids beside the values; null where one file holds all. */
  index: string | null;
  /**
   * The second file's line of an embedding.
   * @param row number of its first vector
   */
  line(embedding: Embedding, row: number): string;
  /** Completes and names the files. */
  finish(output: ResumableOutput, shape: readonly number[], signal?: AbortSignal): Promise<void>;
}

/** What a target has to know. */
export interface TargetOptions {
  out: string;
  what: EmbedWhat;
  /** D */
  width: number;
  /** The user's number of the first letter. */
  firstPosition: number;
  metadata: Readonly<Record<string, string>>;
}

/** The layout of a format. */
export function embedTarget(format: EmbedFormat, options: TargetOptions): EmbedTarget {
  if (format === 'parquet') return parquetTarget(options);
  const { out, metadata } = options;
  return format === 'npy'
    ? arrayTarget(out, NPY_HEADER, npyHeader)
    : arrayTarget(out, safetensorsHeaderBytes(metadata), (shape) =>
        safetensorsHeader('embeddings', shape, metadata),
      );
}

const csv = (cells: readonly (string | number)[]) =>
  `${Papa.unparse([cells as (string | number)[]], { newline: '\n', escapeFormulae: true })}\n`;

function arrayTarget(
  out: string,
  headerBytes: number,
  header: (shape: readonly number[]) => Uint8Array,
): EmbedTarget {
  const index = `${out}.index.csv`;
  return {
    files: [out, index],
    initial: [new Uint8Array(headerBytes), csv(['id', 'length', 'row', 'rows'])],
    others: [],
    index,
    line: ({ sequence, rows }, row) => csv([sequence.id, sequence.text.length, row, rows]),
    finish: async (output, shape) => output.finish([header(shape)]),
  };
}

/** Raw values, made into Parquet when all are there: its rows cannot be gone on with after an interruption. */
function parquetTarget({ out, what, width, firstPosition, metadata }: TargetOptions): EmbedTarget {
  const byResidue = what !== 'mean';
  function* rowsOf(line: string): Generator<ParquetRow> {
    const { id, text } = JSON.parse(line) as { id: string; text: string };
    const { length } = text;
    if (what === 'mean') yield { id, length };
    else {
      for (const i of what === 'residues' ? Array(length).keys() : what.sites)
        yield { id, length, position: i + firstPosition, residue: text[i] };
    }
  }
  return {
    files: [`${out}.values`, `${out}.index`],
    initial: ['', ''],
    others: [out],
    index: null,
    line: ({ sequence: { id, text } }) => `${JSON.stringify({ id, text })}\n`,
    async finish(output, _shape, signal) {
      output.checkpoint(true);
      const [values, index] = output.parts;
      const unfinished = `${out}.partial`;
      try {
        await writeParquet(unfinished, { values, index, rowsOf, width, byResidue, metadata, signal });
        const descriptor = openSync(unfinished, 'r');
        fsyncSync(descriptor);
        closeSync(descriptor);
        renameSync(unfinished, out);
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw asWriteFault(out, error);
      }
      output.remove();
    },
  };
}
