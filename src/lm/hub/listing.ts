import { z } from 'zod';
import { BiseqError, InputError } from '../../core/errors.js';
import { isBlobName, isCommit } from './cache.js';
import { answerFault, shownText } from './faults.js';
import type { HubSettings } from './settings.js';
import type { Transport } from './transport.js';
import { holdsWeights, isWanted } from './wanted-files.js';

/** A file of a model on the hub, by the hub's own metadata. */
export interface HubFile {
  /** A plain file name that biseq may want. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of a large file (the id of its LFS object), git hash of a small one: the name of its blob. */
  readonly blob: string;
}

/** A model on the hub at one commit. */
export interface HubListing {
  readonly commit: string;
  /** The licence that its card states, or `unknown`. */
  readonly licence: string;
  /** All names in its folder, for messages. */
  readonly names: readonly string[];
  /** The files that could be wanted. */
  readonly files: readonly HubFile[];
}

const infoSchema = z.object({
  sha: z.string().refine(isCommit, '40 hexadecimal digits'),
  tags: z.array(z.string()).nullish(),
});

const entrySchema = z.object({ type: z.string(), path: z.string().max(4096) });

const fileSchema = z.object({
  size: z.int().nonnegative(),
  oid: z.string().nullish(),
  lfs: z.object({ oid: z.string(), size: z.int().nonnegative() }).nullish(),
});

/** More files than any model folder has. */
const MOST_ENTRIES = 10_000;
/** Largest file that is not weights; the readers of model folders refuse larger ones. */
const LARGEST_SMALL_FILE = 256 * 2 ** 20;

/**
 * What the hub holds of a model, by its official client: the commit that a revision stands for now, and the files.
 * @param revision a branch, a tag or a commit
 * @throws InputError for a revision that cannot be one
 * @throws ModelError when the hub cannot be asked, or answers something else than its interface promises
 */
export async function listHubModel(
  hubId: string,
  revision: string,
  settings: HubSettings,
  transport: Transport,
): Promise<HubListing> {
  checkRevision(revision);
  const hub = await import('@huggingface/hub');
  const common = { hubUrl: settings.endpoint, accessToken: settings.token, fetch: transport.api };
  const info = check(
    infoSchema,
    await asking(() =>
      hub.modelInfo({ ...common, name: hubId, revision, additionalFields: ['sha', 'tags'] }),
    ),
    `${hubId} at ${revision}`,
  );
  if (isCommit(revision) && info.sha !== revision)
    throw answerFault('it is about another commit', `${info.sha} for ${revision}`);
  const names: string[] = [];
  const files: HubFile[] = [];
  await asking(async () => {
    for await (const entry of hub.listFiles({ ...common, repo: hubId, revision: info.sha })) {
      const { type, path } = check(entrySchema, entry, 'an entry of the listing');
      if (names.push(shownText(path)) > MOST_ENTRIES)
        throw answerFault('it lists too many files', `${names.length}`);
      if (type === 'file' && isWanted(path)) files.push(hubFile(path, entry));
    }
  });
  return { commit: info.sha, licence: licenceOf(info.tags ?? []), names, files };
}

function checkRevision(revision: string): void {
  if (/^\w[\w./-]{0,199}$/.test(revision) && !revision.includes('..')) return;
  throw new InputError({
    what: 'not a revision of a model',
    expected: 'a branch, a tag or a commit',
    got: shownText(revision),
  });
}

/** Runs a call of the client; what it throws by stumbling over an answer becomes a message. */
async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof BiseqError) throw error;
    throw answerFault('it is not the JSON that was expected', (error as Error).message, error);
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, about: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw answerFault(`it lacks what is needed of ${about}`, z.prettifyError(parsed.error));
}

function hubFile(name: string, entry: unknown): HubFile {
  const { size, oid, lfs } = check(fileSchema, entry, name);
  const blob = lfs?.oid ?? oid ?? '';
  if (!isBlobName(blob) || (lfs && blob.length !== 64))
    throw answerFault(`it gives no checksum of ${name}`, blob || 'none');
  if (lfs && lfs.size !== size) throw answerFault(`it gives two sizes of ${name}`, `${size} and ${lfs.size}`);
  if (size > LARGEST_SMALL_FILE && !holdsWeights(name))
    throw answerFault(`${name} is too large for its kind`, `${size} bytes`);
  return { name, size, blob };
}

/** Cards state a licence by a tag such as `license:mit`. */
function licenceOf(tags: readonly string[]): string {
  const tag = tags.find((one) => /^license:[\w.-]{1,60}$/.test(one));
  return tag?.slice('license:'.length) ?? 'unknown';
}
