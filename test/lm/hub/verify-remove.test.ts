import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/core/errors.js';
import { modelFolder } from '../../../src/lm/hub/cache.js';
import { readLock } from '../../../src/lm/hub/lock.js';
import type { PullProgress } from '../../../src/lm/hub/progress.js';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { pulledModel } from '../../../src/lm/hub/pulled.js';
import { removeModel } from '../../../src/lm/hub/remove.js';
import { verifyModel } from '../../../src/lm/hub/verify.js';
import { breakOff, sha256 } from './fake-hub.js';
import { filesBelow, MODEL, NEEDED, useHub } from './set-up.js';

describe.skipIf(!MODEL)('verifying and removing', () => {
  const place = useHub();
  const pull = () => pullModel('esm2-8m', { settings: place.settings });
  const total = () => NEEDED.reduce((sum, name) => sum + place.hub.files.get(name)!.length, 0);
  const verify = (more = {}) =>
    verifyModel(place.hub.hubId, readLock(place.settings.lockFile)[place.hub.hubId], place.settings, more);

  describe('verify', () => {
    it('finds all files as they were pinned', async () => {
      await pull();
      const reports: PullProgress[] = [];
      const files = await verify({ onProgress: (progress: PullProgress) => reports.push(progress) });
      expect(files.map(({ name, state }) => [name, state])).toEqual(NEEDED.map((name) => [name, 'ok']));
      for (const { name, found } of files) expect(found).toBe(sha256(place.hub.files.get(name)!));
      expect(reports.at(-1)).toMatchObject({ phase: 'check', done: total(), total: total() });
    });

    it('tells changed from missing files', async () => {
      const { folder } = await pull();
      const weights = path.join(folder, 'model.safetensors');
      const content = readFileSync(weights);
      content[1000] ^= 1;
      writeFileSync(weights, content);
      truncateSync(path.join(folder, 'vocab.txt'), 5);
      rmSync(path.join(folder, 'config.json'));
      const states = Object.fromEntries((await verify()).map(({ name, state }) => [name, state]));
      expect(states).toEqual({
        'config.json': 'missing',
        'vocab.txt': 'changed',
        'tokenizer_config.json': 'ok',
        'model.safetensors': 'changed',
      });
    });

    it('is cancelled', async () => {
      await pull();
      await expect(verify({ signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    });
  });

  describe('remove', () => {
    const folder = () => modelFolder(place.settings.cache, place.hub.hubId);
    const remove = () => removeModel('esm2-8m', place.settings);

    it('leaves nothing of a pulled model', async () => {
      await pull();
      expect(await remove()).toEqual({ hubId: place.hub.hubId, freed: total(), keeps: false });
      expect(existsSync(folder())).toBe(false);
      expect(readLock(place.settings.lockFile)).toEqual({});
      expect(filesBelow(place.settings.cache)).toEqual([]);
      await pull();
      expect(pulledModel('esm2-8m', place.settings)).not.toBeNull();
    });

    it('leaves nothing of an interrupted pull', async () => {
      const weights = place.hub.files.get('model.safetensors')!;
      place.hub.misbehave = (request, response) => {
        if (!request.url!.endsWith('.safetensors')) return false;
        if (request.headers.range) response.writeHead(403).end();
        else breakOff(weights, 4000, response);
        return true;
      };
      await expect(pull()).rejects.toThrow(/denies access/);
      expect(await remove()).toEqual({
        hubId: place.hub.hubId,
        freed: total() - weights.length + 4000,
        keeps: false,
      });
      expect(existsSync(folder())).toBe(false);
    });

    it('keeps what another revision or tool uses', async () => {
      const { hub } = place;
      const { folder: snapshot } = await pull();
      const other = path.join(folder(), 'snapshots', 'f'.repeat(40));
      mkdirSync(other);
      const blob = sha256(hub.files.get('model.safetensors')!);
      symlinkSync(`../../blobs/${blob}`, path.join(other, 'model.safetensors'));
      writeFileSync(path.join(snapshot, 'README.md'), 'put here by another tool');
      writeFileSync(path.join(folder(), 'refs', 'old'), 'f'.repeat(40));
      const { freed, keeps } = await remove();
      expect(freed).toBe(total() - hub.files.get('model.safetensors')!.length);
      expect(keeps).toBe(true);
      expect(filesBelow(folder())).toEqual(
        [
          `blobs/${blob}`,
          'refs/main',
          'refs/old',
          `snapshots/${hub.commit}/README.md`,
          `snapshots/${'f'.repeat(40)}/model.safetensors`,
        ].sort(),
      );
      expect(readFileSync(path.join(other, 'model.safetensors'))).toEqual(hub.files.get('model.safetensors'));
    });

    it('refuses what was not pulled', async () => {
      await expect(remove()).rejects.toThrow(/was not pulled by biseq.*got nothing in the cache/);
      mkdirSync(path.join(folder(), 'blobs'), { recursive: true });
      writeFileSync(path.join(folder(), 'blobs', 'a'.repeat(40)), 'x');
      await expect(remove()).rejects.toThrow(/got files of another tool.*Remove it with the tool/);
      await expect(removeModel('nonsense', place.settings)).rejects.toThrow(/no model 'nonsense'/);
      expect(filesBelow(folder())).toEqual([`blobs/${'a'.repeat(40)}`]);
    });
  });
});
