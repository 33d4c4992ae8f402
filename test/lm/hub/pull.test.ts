import { scanCachedRepo } from '@huggingface/hub';
import { lstatSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { PROTEIN } from '../../../src/core/alphabet.js';
import { InputError, ModelError } from '../../../src/core/errors.js';
import { modelFolder } from '../../../src/lm/hub/cache.js';
import { readLock } from '../../../src/lm/hub/lock.js';
import type { PullProgress } from '../../../src/lm/hub/progress.js';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { checkPins, modelStatus, pulledModel } from '../../../src/lm/hub/pulled.js';
import { openCheckpoint } from '../../../src/lm/io/checkpoint.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { openNamedModel } from '../../../src/lm/open-named.js';
import { sha256 } from './fake-hub.js';
import { filesBelow, MODEL, NEEDED, noNetwork, useHub } from './set-up.js';

describe.skipIf(!MODEL)('pulling a model', () => {
  const place = useHub();

  it('fetches the needed files only, and what is there opens', async () => {
    const { hub, settings } = place;
    const result = await pullModel('esm2-8m', { settings });
    const asked = hub.requests
      .filter((line) => line.includes('/resolve/'))
      .map((line) => path.basename(line));
    expect(asked).toEqual(NEEDED);
    expect(filesBelow(result.folder)).toEqual([...NEEDED].sort());
    expect(result).toMatchObject({
      name: 'esm2-8m',
      hubId: hub.hubId,
      commit: hub.commit,
      licence: 'mit',
      alreadyHere: false,
    });
    for (const name of NEEDED)
      expect(readFileSync(path.join(result.folder, name))).toEqual(hub.files.get(name));
    const model = await openLanguageModel(result.folder);
    expect(model.alphabet.name).toBe('protein');
  });

  it('pins commit, sizes and sha256 of each file', async () => {
    const { hub, settings } = place;
    await pullModel('esm2-8m', { settings });
    const pin = readLock(settings.lockFile)[hub.hubId];
    expect(pin).toMatchObject({ commit: hub.commit, licence: 'mit', complete: true });
    const expected = NEEDED.map((name) => [name, hub.files.get(name)!] as const);
    expect(
      Object.fromEntries(Object.entries(pin.files).map(([name, file]) => [name, [file.sha256, file.size]])),
    ).toEqual(
      Object.fromEntries(expected.map(([name, content]) => [name, [sha256(content), content.length]])),
    );
  });

  it("leaves a cache that the hub's own client understands", async () => {
    const { hub, settings } = place;
    await pullModel('esm2-8m', { settings });
    const repo = await scanCachedRepo(modelFolder(settings.cache, hub.hubId));
    expect(repo.id).toEqual({ type: 'model', name: hub.hubId });
    expect(repo.revisions).toHaveLength(1);
    expect(repo.revisions[0]).toMatchObject({ commitOid: hub.commit, refs: ['main'] });
    expect(repo.filesCount).toBe(NEEDED.length);
    expect(repo.size).toBe(NEEDED.reduce((sum, name) => sum + hub.files.get(name)!.length, 0));
    const link = path.join(repo.revisions[0].path, 'model.safetensors');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readlinkSync(link)).toBe(`../../blobs/${sha256(hub.files.get('model.safetensors')!)}`);
  });

  it('finds it again by name and by hub id, and does not touch the network for it', async () => {
    const { hub, settings } = place;
    expect(pulledModel('esm2-8m', settings)).toBeNull();
    expect(modelStatus(hub.hubId, settings).state).toBe('absent');
    const { folder } = await pullModel('esm2-8m', { settings });
    expect(pulledModel('esm2-8m', settings)).toBe(folder);
    expect(pulledModel('ESM2-8M', settings)).toBe(folder);
    expect(pulledModel(hub.hubId, settings)).toBe(folder);
    expect(pulledModel('esm2-35m', settings)).toBeNull();
    expect(pulledModel('../../etc', settings)).toBeNull();
    const again = await pullModel('esm2-8m', { settings, fetch: noNetwork });
    expect(again).toMatchObject({ folder, alreadyHere: true });
  });

  it('takes a model outside the registry by its hub id, if its family can be read', async () => {
    const { hub, settings } = place;
    Object.assign(hub, { hubId: 'my-lab/our.model_2' });
    await pullModel('my-lab/our.model_2', { settings });
    expect(pulledModel('my-lab/our.model_2', settings)).not.toBeNull();
    rmSync(settings.cache, { recursive: true });
    rmSync(settings.lockFile);
    hub.files.set('config.json', Buffer.from('{"model_type": "llama"}'));
    const pulling = pullModel('my-lab/our.model_2', { settings });
    await expect(pulling).rejects.toThrow(
      /family that biseq cannot read.*model_type esm, bert, gpt2, esmc, got "llama"/,
    );
    expect(hub.requestsFor('model.safetensors')).toHaveLength(1);
  });

  it('refuses unknown names with the nearest, and revisions that cannot be one', async () => {
    const { settings } = place;
    await expect(pullModel('esm2-8n', { settings })).rejects.toThrow(
      /no model 'esm2-8n'.*Did you mean 'esm2-8m'/,
    );
    await expect(pullModel('esm2-8m', { settings, revision: '../main' })).rejects.toThrow(InputError);
    await expect(pullModel('esm2-8m', { settings, revision: 'v9' })).rejects.toThrow(/no such revision/);
  });

  it('says what a repository lacks', async () => {
    const { hub, settings } = place;
    for (const name of ['model.safetensors', 'pytorch_model.bin', 'vocab.txt']) hub.files.delete(name);
    await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(
      /does not hold a model in Hugging Face's layout; expected model.safetensors or pytorch_model.bin, whole or all of their shards; vocab.txt or tokenizer.json, got .*README.md/,
    );
  });

  it('fetches .bin weights where there are no safetensors', async () => {
    const { hub, settings } = place;
    hub.files.delete('model.safetensors');
    const { files } = await pullModel('esm2-8m', { settings });
    expect(Object.keys(files).at(-1)).toBe('pytorch_model.bin');
  });

  it('fetches all shards with their index', async () => {
    const { hub, settings } = place;
    hub.files.delete('model.safetensors');
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    for (const name of ['model.safetensors.index.json', ...shards]) hub.files.set(name, Buffer.from(name));
    const { files } = await pullModel('esm2-8m', { settings });
    expect(Object.keys(files).slice(-3)).toEqual(['model.safetensors.index.json', ...shards]);
  });

  it('reports bytes up to the total', async () => {
    const { hub, settings } = place;
    const reports: PullProgress[] = [];
    await pullModel('esm2-8m', { settings, onProgress: (progress) => reports.push(progress) });
    const total = NEEDED.reduce((sum, name) => sum + hub.files.get(name)!.length, 0);
    expect(reports.every((report) => report.total === total && report.fileCount === NEEDED.length)).toBe(
      true,
    );
    expect(reports.at(-1)).toMatchObject({
      file: 'model.safetensors',
      fileNumber: NEEDED.length,
      done: total,
    });
    const done = reports.map((report) => report.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('stays at the pinned commit when main moves, until an update is asked for', async () => {
    const { hub, settings } = place;
    const { folder, commit } = await pullModel('esm2-8m', { settings });
    hub.commit = 'beef'.padEnd(40, '1');
    hub.files.set('vocab.txt', Buffer.concat([hub.files.get('vocab.txt')!, Buffer.from('\n')]));
    expect(await pullModel('esm2-8m', { settings })).toMatchObject({ folder, commit });
    const updated = await pullModel('esm2-8m', { settings, update: true });
    expect(updated).toMatchObject({ commit: hub.commit, alreadyHere: false });
    // what both commits share did not come again
    expect(hub.requestsFor('model.safetensors')).toHaveLength(1);
    expect(hub.requestsFor('vocab.txt')).toHaveLength(2);
    expect(pulledModel('esm2-8m', settings)).toBe(updated.folder);
  });

  it('keeps the old model when an update fails', async () => {
    const { hub, settings } = place;
    const { folder } = await pullModel('esm2-8m', { settings });
    hub.commit = 'beef'.padEnd(40, '1');
    hub.files.set('vocab.txt', Buffer.from('new'));
    hub.misbehave = (request, response) => {
      if (!request.url!.endsWith('vocab.txt')) return false;
      response.writeHead(404).end();
      return true;
    };
    await expect(pullModel('esm2-8m', { settings, update: true })).rejects.toThrow(ModelError);
    expect(pulledModel('esm2-8m', settings)).toBe(folder);
  });

  it('gets again what was deleted or changed', async () => {
    const { hub, settings } = place;
    const { folder } = await pullModel('esm2-8m', { settings });
    writeFileSync(path.join(folder, 'vocab.txt'), 'x'.repeat(hub.files.get('vocab.txt')!.length));
    rmSync(path.join(folder, 'config.json'));
    expect(modelStatus(hub.hubId, settings).state).toBe('incomplete');
    expect(await pullModel('esm2-8m', { settings })).toMatchObject({ folder, alreadyHere: false });
    for (const name of NEEDED) expect(readFileSync(path.join(folder, name))).toEqual(hub.files.get(name));
    expect(hub.requestsFor('model.safetensors')).toHaveLength(1);
  });

  it('refuses another content for a pinned commit', async () => {
    const { hub, settings } = place;
    const { folder } = await pullModel('esm2-8m', { settings });
    const changed = Buffer.from(hub.files.get('model.safetensors')!);
    changed[changed.length - 1] ^= 1;
    hub.files.set('model.safetensors', changed);
    rmSync(path.join(folder, 'model.safetensors'));
    await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(
      /another content for model.safetensors .* than when it was pinned/,
    );
    await expect(pullModel('esm2-8m', { settings, update: true })).rejects.toThrow(/another content/);
  });

  it("holds a checkpoint's hashes to the pins", async () => {
    const { settings } = place;
    const { folder } = await pullModel('esm2-8m', { settings });
    await checkPins(folder, await (await openCheckpoint(folder)).hashes(), { settings });
    const weights = path.join(folder, 'model.safetensors');
    const content = readFileSync(weights);
    content[content.length - 1] ^= 1;
    writeFileSync(weights, content);
    const hashes = await (await openCheckpoint(folder)).hashes();
    await expect(checkPins(folder, hashes, { settings })).rejects.toThrow(
      /model.safetensors: a file of the pulled model .* was changed since; expected sha256 \w{64}.*got \w{64}\. .*biseq models pull/,
    );
    // Anywhere else there are no pins.
    await checkPins(place.hub.hubId, hashes, { settings });
  });

  it('refuses to open a pulled model that was changed, its vocabulary too', async () => {
    const { settings } = place;
    vi.stubEnv('HF_HUB_CACHE', settings.cache);
    vi.stubEnv('BISEQ_MODELS_LOCK', settings.lockFile);
    const { folder } = await pullModel('esm2-8m', { settings });
    expect(await openNamedModel('esm2-8m', PROTEIN)).toMatchObject({ name: 'esm2-8m', folder });
    const vocabulary = path.join(folder, 'vocab.txt');
    const content = readFileSync(vocabulary, 'utf8');
    writeFileSync(vocabulary, content.replace('L\nA\n', 'A\nL\n'));
    await expect(openNamedModel('esm2-8m', PROTEIN)).rejects.toThrow(/vocab.txt: .* was changed since/);
    writeFileSync(vocabulary, content);
    await openNamedModel('esm2-8m', PROTEIN);
    vi.unstubAllEnvs();
  });
});
