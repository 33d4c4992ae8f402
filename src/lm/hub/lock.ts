import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { InputError, ModelError } from '../../core/errors.js';
import { atomicWrite } from '../io/atomic.js';
import { fileSize } from '../io/bytes.js';
import { isPlainName } from '../io/folder.js';
import { isBlobName, isCommit } from './cache.js';
import { isHubId } from './registry.js';

const fileSchema = z.object({
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  blob: z.string().refine(isBlobName, 'a hash'),
});

const modelSchema = z.object({
  commit: z.string().refine(isCommit, '40 hexadecimal digits'),
  licence: z.string(),
  complete: z.boolean(),
  files: z.record(z.string().refine(isPlainName, 'a plain file name'), fileSchema),
});

const lockSchema = z.object({
  version: z.literal(1),
  models: z.record(z.string().refine(isHubId, 'organisation/model'), modelSchema),
});

/** A pinned file: its size in bytes, its SHA-256, and the name of its blob in the cache. */
export type PinnedFile = z.infer<typeof fileSchema>;

/**
 * What was pulled of a model: the commit, the licence as the hub stated it then (or `unknown`), and every file; not
 * `complete` after an interruption, when it holds the files that were done.
 */
export type PinnedModel = z.infer<typeof modelSchema>;

/** Pins by hub id. */
export type Pins = Readonly<Record<string, PinnedModel>>;

/** No lock of any number of models comes near. */
const LARGEST = 16 * 2 ** 20;

/**
 * The pins of a lock file; none where there is no file.
 * @throws ModelError when the file is not a lock file
 */
export function readLock(file: string): Pins {
  if (!existsSync(file)) return {};
  const fix = 'Mend it, or delete it: models are then pinned anew when they are next pulled.';
  if (fileSize(file) > LARGEST) {
    throw new ModelError({ what: 'lock file is too large', file, expected: `at most ${LARGEST} bytes`, fix });
  }
  const parsed = lockSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data.models;
  throw new ModelError({
    what: 'not a lock file of biseq',
    file,
    expected: '{"version": 1, "models": {...}}',
    got: z.prettifyError(parsed.error).replaceAll('\n', ' '),
    fix,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Changes one model's pin; the file is read again first, so that pins of another process stay.
 * @param pin null removes it
 * @throws InputError when the file cannot be written
 */
export function writePin(file: string, hubId: string, pin: PinnedModel | null): void {
  const models = { ...readLock(file) } as Record<string, PinnedModel>;
  if (pin) models[hubId] = pin;
  else delete models[hubId];
  const sorted = Object.fromEntries(Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1)));
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    atomicWrite(file, [`${JSON.stringify({ version: 1, models: sorted }, null, 2)}\n`]);
  } catch (cause) {
    throw new InputError(
      {
        what: 'the lock file cannot be written',
        file,
        got: (cause as Error).message,
        fix: 'Free some space, or name another file by BISEQ_MODELS_LOCK.',
      },
      { cause },
    );
  }
}
