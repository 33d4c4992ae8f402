import { downloadFileToCacheDir } from '@huggingface/hub';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readLock } from '../../../src/lm/hub/lock.js';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { modelStatus, pulledModel } from '../../../src/lm/hub/pulled.js';
import { sha256 } from './fake-hub.js';
import { MODEL, NEEDED, noNetwork, useHub } from './set-up.js';

describe.skipIf(!MODEL)('offline', () => {
  const place = useHub();
  const pull = (more = {}) =>
    pullModel('esm2-8m', { settings: { ...place.settings, offline: true }, fetch: noNetwork, ...more });

  /** Fills the cache as the hub's own client does: another tool's model, with no pin. */
  async function cacheByOtherTool(): Promise<string> {
    const { hub, settings } = place;
    vi.spyOn(console, 'debug').mockReturnValue();
    const files = await Promise.all(
      NEEDED.map((path) =>
        downloadFileToCacheDir({ repo: hub.hubId, path, hubUrl: hub.endpoint, cacheDir: settings.cache }),
      ),
    );
    vi.restoreAllMocks();
    const refs = path.join(settings.cache, 'models--facebook--esm2_t6_8M_UR50D', 'refs');
    mkdirSync(refs, { recursive: true });
    writeFileSync(path.join(refs, 'main'), hub.commit);
    return path.dirname(files[0]);
  }

  it('says what is missing, and touches no network', async () => {
    await expect(pull()).rejects.toThrow(
      /facebook\/esm2_t6_8M_UR50D is not whole in the cache .*--offline or HF_HUB_OFFLINE/,
    );
    await expect(pull({ update: true })).rejects.toThrow(/not whole in the cache/);
    await expect(pull({ revision: 'v1' })).rejects.toThrow(/not whole in the cache/);
    expect(place.hub.requests).toEqual([]);
    expect(existsSync(place.settings.cache)).toBe(false);
  });

  it('takes HF_HUB_OFFLINE for it', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    const { offline, ...settings } = place.settings;
    expect(offline).toBe(false);
    await expect(pullModel('esm2-8m', { settings, fetch: noNetwork })).rejects.toThrow(
      /not whole in the cache/,
    );
    vi.unstubAllEnvs();
  });

  it('checks a pinned model', async () => {
    const { folder } = await pullModel('esm2-8m', { settings: place.settings });
    expect(await pull()).toMatchObject({ folder, alreadyHere: true });
    writeFileSync(path.join(folder, 'vocab.txt'), 'x'.repeat(place.hub.files.get('vocab.txt')!.length));
    await expect(pull()).rejects.toThrow(/not whole in the cache/);
  });

  it('finds, checks and pins what another tool cached', async () => {
    const { hub, settings } = place;
    const folder = await cacheByOtherTool();
    hub.requests.length = 0;
    expect(pulledModel('esm2-8m', settings)).toBe(folder);
    expect(modelStatus(hub.hubId, settings)).toMatchObject({
      state: 'cached',
      commit: hub.commit,
      pin: null,
    });
    expect(await pull()).toMatchObject({ folder, commit: hub.commit, licence: 'unknown', alreadyHere: true });
    const pin = readLock(settings.lockFile)[hub.hubId];
    for (const name of NEEDED) expect(pin.files[name].sha256).toBe(sha256(hub.files.get(name)!));
    expect(modelStatus(hub.hubId, settings).state).toBe('pinned');
    expect(hub.requests).toEqual([]);
  });

  it('online, checks what another tool cached and downloads none of it', async () => {
    await cacheByOtherTool();
    place.hub.requests.length = 0;
    await pullModel('esm2-8m', { settings: place.settings });
    expect(place.hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([]);
  });

  it('refuses what another tool cached if it is damaged, or no link to a blob', async () => {
    const folder = await cacheByOtherTool();
    const vocabulary = path.join(folder, 'vocab.txt');
    const blob = realpathSync(vocabulary);
    const right = readFileSync(blob);
    writeFileSync(blob, 'damaged');
    await expect(pull()).rejects.toThrow(/cannot be checked, or is damaged.*another content than/);
    writeFileSync(blob, right);
    rmSync(vocabulary);
    writeFileSync(vocabulary, right);
    await expect(pull()).rejects.toThrow(/got a file of its own/);
    expect(readLock(place.settings.lockFile)).toEqual({});
  });

  it('does not take half of a model for one', async () => {
    const folder = await cacheByOtherTool();
    rmSync(path.join(folder, 'model.safetensors'));
    expect(pulledModel('esm2-8m', place.settings)).toBeNull();
    await expect(pull()).rejects.toThrow(/not whole/);
  });
});
