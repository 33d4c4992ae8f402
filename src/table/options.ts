import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { InputError } from '../core/errors.js';

/** Largest decompressed size that is read by default: 1 GiB. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

const delimiters: Record<string, string> = { tab: '\t', '\\t': '\t', comma: ',', semicolon: ';', pipe: '|' };

const fields = z.strictObject({
  wildType: z.string().min(1).optional(),
  sites: z
    .array(z.int())
    .min(1)
    .refine((sites) => new Set(sites).size === sites.length, 'every site once')
    .readonly()
    .optional(),
  sequenceColumn: z.string().min(1).optional(),
  scoreColumn: z.string().min(1).optional(),
  idColumn: z.string().min(1).optional(),
  offset: z.int().optional(),
  firstPosition: z.int().optional(),
  stops: z.enum(['set-aside', 'drop', 'error']).default('set-aside'),
  nonFiniteScores: z.enum(['error', 'set-aside']).default('error'),
  alphabet: z.enum(['auto', 'protein', 'dna']).default('auto'),
  delimiter: z
    .string()
    .transform((text) => delimiters[text] ?? text)
    .refine(
      (text) => text.length === 1 && !/["\r\n\uFEFF]/.test(text),
      'one character, or tab, comma, semicolon, pipe',
    )
    .optional(),
  allowUnequalLengths: z.boolean().default(false),
  maxBytes: z.int().positive().default(DEFAULT_MAX_BYTES),
  signal: z.instanceof(AbortSignal).optional(),
});

const schema = fields.transform(({ offset, ...options }, context) => {
  const implied = offset === undefined ? undefined : 1 - offset;
  if (implied !== undefined && options.firstPosition !== undefined && implied !== options.firstPosition) {
    context.addIssue({
      code: 'custom',
      path: ['offset'],
      message: `contradicts firstPosition ${options.firstPosition} (firstPosition = 1 - offset)`,
    });
  }
  return { ...options, firstPosition: options.firstPosition ?? implied };
});

/** How to read a table. Everything may be left out. */
export interface TableOptions {
  /** The wild type: a sequence, or the content of a FASTA file with one record. Needed for mutation lists and site letters. */
  wildType?: string;
  /** Sites in the user's own numbering, e.g. 39, 40, 41, 54; needed where the table gives only the letters there. */
  sites?: readonly number[];
  /** Header of the column with the variants, or `#2` for the second column. Default: found by name and content. */
  sequenceColumn?: string;
  /** Header of the column to maximise, or `#N`. Default: found by name and content. */
  scoreColumn?: string;
  /** Header of a column with names of the variants, or `#N`. Default: `id` or the like, if there is one. */
  idColumn?: string;
  /**
   * Residue (counted from 1) = written position + offset: 0 for positions counted from 1, 1 for positions counted
   * from 0. Default: inferred from the wild-type letters. The same as `firstPosition = 1 - offset`.
   */
  offset?: number;
  /** The position number that the table gives to the first letter of the wild type. */
  firstPosition?: number;
  /**
   * Rows with a stop `*`: listed in `setAside` (default), left out with no more than a note, or an error.
   */
  stops?: 'set-aside' | 'drop' | 'error';
  /** Scores written `nan` or `inf`: an error (default), or set aside like missing ones. */
  nonFiniteScores?: 'error' | 'set-aside';
  /** Default `auto`: DNA where nine letters in ten are A, C, G, T, U or N. */
  alphabet?: 'auto' | 'protein' | 'dna';
  /** One character, or `tab`, `comma`, `semicolon`, `pipe`. Default: the one that fits the header and the rows. */
  delimiter?: string;
  /** Accept sequences of different lengths. Default false. */
  allowUnequalLengths?: boolean;
  /** Largest size after decompression, in bytes. Default 1 GiB. */
  maxBytes?: number;
  /** Cancels the reading of a file. */
  signal?: AbortSignal;
}

/** Options with their defaults filled in; `offset` has become `firstPosition`. */
export type ResolvedOptions = z.output<typeof schema>;

/**
 * Checks the options once, where they enter.
 * @throws InputError naming the first option that is wrong.
 */
export function resolveOptions(options: TableOptions = {}): ResolvedOptions {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue.code === 'unrecognized_keys') throw unknownOption(issue.keys[0]);
  const name = issue.path.join('.');
  throw new InputError({ what: name ? `option ${name}: ${issue.message}` : issue.message });
}

function unknownOption(key: string): InputError {
  return new InputError({
    what: `there is no option '${key}'`,
    fix: `Did you mean '${closest(key, Object.keys(fields.shape))}'?`,
  });
}
