import { mkdirSync, statfsSync } from 'node:fs';
import { BiseqError, ModelError, throwIfAborted } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';
import { whileHeld } from './busy.js';
import {
  blobFile,
  blobNameOf,
  linkSnapshot,
  modelFolder,
  partialFile,
  sizeOf,
  snapshotFile,
  snapshotFolder,
  writeRef,
} from './cache.js';
import { hashContent, isContentOf } from './content-hash.js';
import { downloadContent } from './download.js';
import { diskFault, offlineFault } from './faults.js';
import { type HubFile, type HubListing, listHubModel } from './listing.js';
import { type PinnedFile, type PinnedModel, readLock, writePin } from './lock.js';
import { type OnPullProgress, ProgressCounter } from './progress.js';
import { cachedSnapshot, isPresent } from './pulled.js';
import { findModel, type NamedModel } from './registry.js';
import { type HubSettings, hubSettings } from './settings.js';
import { openTransport, type Transport } from './transport.js';
import { verifyModel } from './verify.js';
import { chooseFiles, holdsWeights } from './wanted-files.js';

/** Options of {@link pullModel}. */
export interface PullOptions {
  /** Branch, tag or commit. Default: the pinned commit, else `main`. */
  revision?: string;
  /** Move the pin to what `main` (or `revision`) stands for now. Default false. */
  update?: boolean;
  /** Instead of what the environment says, see `hubSettings`. */
  settings?: Partial<HubSettings>;
  signal?: AbortSignal;
  onProgress?: OnPullProgress;
  /** Stands in for the network. */
  fetch?: typeof fetch;
}

/** A model that is here, whole and checked. */
export interface PullResult {
  readonly name: string;
  readonly hubId: string;
  /** Folder in Hugging Face's layout. */
  readonly folder: string;
  readonly commit: string;
  /** As the hub states it, or `unknown`. */
  readonly licence: string;
  readonly files: Readonly<Record<string, PinnedFile>>;
  /** Whether all of it was here before. */
  readonly alreadyHere: boolean;
}

/** `model_type` of config.json that biseq can read. */
const READABLE_TYPES = ['esm', 'bert', 'gpt2', 'esmc'];

/**
 * Gets a model from the hub into the cache that Hugging Face's tools share, checks every file against the checksum that
 * the hub states for it, and pins commit and SHA-256 of each in the lock file. A pinned model that is whole is checked
 * against its pins without the network. Only configuration, vocabulary and weights are fetched, never code. An
 * interrupted pull goes on where it stopped; a cancelled one leaves no half file under a final name.
 * @param name a name of the registry, or `organisation/model` of the hub
 * @throws ModelError and InputError for everything that can go wrong, CancelledError
 */
export async function pullModel(name: string, options: PullOptions = {}): Promise<PullResult> {
  const settings = hubSettings(options.settings);
  const model = findModel(name);
  throwIfAborted(options.signal);
  const known = readLock(settings.lockFile)[model.hubId];
  const wanted = known && !options.update && (options.revision ?? known.commit) === known.commit;
  if (wanted && (await isWhole(model.hubId, known, settings, options)))
    return resultOf(model, known, settings, true);
  if (settings.offline) return adoptCached(model, wanted ? known : undefined, settings, options);
  try {
    mkdirSync(settings.cache, { recursive: true });
  } catch (error) {
    throw diskFault(settings.cache, error) ?? error;
  }
  const revision = options.revision ?? (wanted ? known.commit : 'main');
  return whileHeld(settings.cache, model.hubId, () =>
    pullOnline({ model, known, revision, settings, options }),
  );
}

function resultOf(
  model: NamedModel,
  pin: PinnedModel,
  settings: HubSettings,
  alreadyHere: boolean,
): PullResult {
  return {
    name: model.name,
    hubId: model.hubId,
    folder: snapshotFolder(settings.cache, model.hubId, pin.commit),
    commit: pin.commit,
    licence: pin.licence,
    files: pin.files,
    alreadyHere,
  };
}

async function isWhole(
  hubId: string,
  pin: PinnedModel,
  settings: HubSettings,
  { signal, onProgress }: PullOptions,
): Promise<boolean> {
  if (!isPresent(hubId, pin, settings)) return false;
  const verified = await verifyModel(hubId, pin, settings, { signal, onProgress });
  return verified.every(({ state }) => state === 'ok');
}

interface Pull {
  model: NamedModel;
  /** The pin there was before. */
  known: PinnedModel | undefined;
  revision: string;
  settings: HubSettings;
  options: PullOptions;
}

async function pullOnline(pull: Pull): Promise<PullResult> {
  const { model, known, revision, settings, options } = pull;
  const transport = await openTransport(settings, options);
  try {
    const listing = await listHubModel(model.hubId, revision, settings, transport);
    const files = wantedFiles(model.hubId, listing);
    const pin = known?.commit === listing.commit ? known : undefined;
    if (pin) checkAgainstPin(model.hubId, files, pin, settings);
    const pinned = await fetchFiles(pull, listing, files, transport);
    writeRef(settings.cache, model.hubId, revision, listing.commit);
    writePin(settings.lockFile, model.hubId, pinned);
    return resultOf(model, pinned, settings, false);
  } catch (error) {
    if (error instanceof BiseqError) throw error;
    throw diskFault(modelFolder(settings.cache, model.hubId), error) ?? error;
  } finally {
    await transport.close();
  }
}

function wantedFiles(hubId: string, listing: HubListing): HubFile[] {
  const byName = new Map(listing.files.map((file) => [file.name, file]));
  return chooseFiles([...byName.keys()], hubId, listing.names).map((name) => byName.get(name)!);
}

/** A commit never changes, so neither may what the hub says of it. */
function checkAgainstPin(
  hubId: string,
  files: readonly HubFile[],
  pin: PinnedModel,
  settings: HubSettings,
): void {
  for (const { name, blob, size } of files) {
    const pinned = pin.files[name];
    if (pinned ? pinned.blob === blob && pinned.size === size : !pin.complete) continue;
    throw new ModelError({
      what: `the hub now states another content for ${name} of ${hubId} than when it was pinned`,
      file: settings.lockFile,
      expected: pinned ? `${pinned.blob}, ${pinned.size} bytes` : 'no such file',
      got: `${blob}, ${size} bytes`,
      fix: 'A commit cannot change: check HF_ENDPOINT. If you trust the new content, remove the model and pull it again.',
    });
  }
}

async function fetchFiles(
  { model, known, settings, options: { signal, onProgress } }: Pull,
  { commit, licence }: HubListing,
  files: readonly HubFile[],
  transport: Transport,
): Promise<PinnedModel> {
  const { hubId } = model;
  checkSpace(hubId, files, settings);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const progress = new ProgressCounter('download', total, files.length, onProgress);
  const context = { hubId, commit, settings, transport, progress, signal };
  const before = known?.commit === commit ? known.files : {};
  const pinned: Record<string, PinnedFile> = known?.complete ? {} : { ...before };
  for (const file of files) {
    // an interrupted pull goes on at the same commit; a whole older model stays what it is until this one is whole
    if (holdsWeights(file.name) && !known?.complete)
      writePin(settings.lockFile, hubId, { commit, licence, complete: false, files: pinned });
    const { sha256, size } = await downloadContent(file, context);
    const expected = before[file.name]?.sha256 ?? sha256;
    if (sha256 !== expected) throw pinFault(file.name, expected, sha256, settings);
    pinned[file.name] = { size, sha256, blob: file.blob };
    const target = snapshotFile(settings.cache, hubId, commit, file.name);
    linkSnapshot(blobFile(settings.cache, hubId, file.blob), target);
    // before gigabytes of weights are fetched for nothing
    if (file.name === 'config.json') checkType(model, target);
  }
  const all = Object.fromEntries(files.map(({ name }) => [name, pinned[name]]));
  return { commit, licence, complete: true, files: all };
}

function pinFault(name: string, expected: string, got: string, settings: HubSettings): ModelError {
  return new ModelError({
    what: `${name} differs from its pin`,
    file: settings.lockFile,
    expected: `sha256 ${expected}`,
    got,
    fix: 'Check HF_ENDPOINT. If you trust the new content, remove the model and pull it again.',
  });
}

/** @throws ModelError when the disk cannot hold what is still to come */
function checkSpace(hubId: string, files: readonly HubFile[], { cache }: HubSettings): void {
  const needed = files.reduce((sum, { blob, size }) => {
    if (sizeOf(blobFile(cache, hubId, blob)) === size) return sum;
    return sum + size - Math.min(size, sizeOf(partialFile(cache, hubId, blob)) ?? 0);
  }, 0);
  const { bavail, bsize, blocks } = statfsSync(cache);
  // a file system of no size does not tell
  if (needed <= bavail * bsize || blocks === 0) return;
  throw new ModelError({
    what: `not enough space on the disk for ${hubId}`,
    file: cache,
    expected: `${needed} bytes`,
    got: `${bavail * bsize} free`,
    fix: 'Free some space, or set HF_HUB_CACHE to another disk.',
  });
}

function checkType({ hubId, entry }: NamedModel, configFile: string): void {
  const type = readJsonObject(configFile).model_type;
  const expected = entry ? [entry.shape.type] : READABLE_TYPES;
  if (typeof type === 'string' && (expected as readonly string[]).includes(type)) return;
  throw new ModelError({
    what: `${hubId} is of a family that biseq cannot read`,
    file: configFile,
    expected: `model_type ${expected.join(', ')}`,
    got: JSON.stringify(type) ?? 'nothing',
    fix: "'biseq models list' shows models that it can.",
  });
}

/** Without the network: what another tool put into the cache is checked by the hashes that its blobs are named by, and pinned. */
async function adoptCached(
  model: NamedModel,
  pin: PinnedModel | undefined,
  settings: HubSettings,
  { revision, signal }: PullOptions,
): Promise<PullResult> {
  const { hubId } = model;
  const lacks = `${hubId} is not whole in the cache ${settings.cache}`;
  if (pin) throw offlineFault(lacks);
  const cached = cachedSnapshot(hubId, revision ?? 'main', settings);
  if (!cached) throw offlineFault(lacks);
  const files: Record<string, PinnedFile> = {};
  for (const name of cached.names) {
    const file = snapshotFile(settings.cache, hubId, cached.commit, name);
    const blob = blobNameOf(file);
    const hash = await hashContent(file, { signal });
    if (blob === null || !isContentOf(hash, blob)) throw unprovenFault(file, blob);
    files[name] = { size: hash.size, sha256: hash.sha256, blob };
  }
  checkType(model, snapshotFile(settings.cache, hubId, cached.commit, 'config.json'));
  const adopted = { commit: cached.commit, licence: 'unknown', complete: true, files };
  writePin(settings.lockFile, hubId, adopted);
  return resultOf(model, adopted, settings, true);
}

function unprovenFault(file: string, blob: string | null): ModelError {
  return new ModelError({
    what: 'a file in the cache cannot be checked, or is damaged',
    file,
    expected: 'a link to a blob that is named by its hash',
    got: blob === null ? 'a file of its own' : `another content than ${blob.slice(0, 64)}`,
    fix: 'Pull the model with the network once.',
  });
}
