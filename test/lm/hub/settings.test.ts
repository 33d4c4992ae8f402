import { getHFHubCachePath } from '@huggingface/hub';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cacheFolder, hubSettings, lockFile } from '../../../src/lm/hub/settings.js';

afterEach(() => vi.unstubAllEnvs());

describe('the cache folder', () => {
  const names = ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME'];

  it("is where the hub's own client has it, for every set of variables", () => {
    for (let set = 0; set < 2 ** names.length; set++) {
      for (const [i, name] of names.entries())
        vi.stubEnv(name, set & (2 ** i) ? `/${name.toLowerCase()}` : undefined);
      expect(cacheFolder()).toBe(path.resolve(getHFHubCachePath()));
    }
  });

  it('takes an empty variable for none', () => {
    expect(cacheFolder({ HF_HOME: '', HF_HUB_CACHE: '' })).toBe(
      path.join(homedir(), '.cache', 'huggingface', 'hub'),
    );
  });
});

describe('settings', () => {
  it('come from the environment', () => {
    expect(hubSettings({}, {})).toMatchObject({
      endpoint: 'https://huggingface.co',
      offline: false,
      token: undefined,
    });
    const env = { HF_ENDPOINT: 'https://mirror.example/hub//', HF_TOKEN: 'hf_abc', HF_HUB_OFFLINE: 'ON' };
    expect(hubSettings({}, env)).toMatchObject({
      endpoint: 'https://mirror.example/hub',
      token: 'hf_abc',
      offline: true,
    });
    for (const value of ['0', 'false', 'no', ''])
      expect(hubSettings({}, { HF_HUB_OFFLINE: value }).offline).toBe(false);
  });

  it('are overridden, but not by what is left out', () => {
    expect(hubSettings({ offline: true, endpoint: undefined }, {})).toMatchObject({
      offline: true,
      endpoint: 'https://huggingface.co',
    });
  });

  it('lock outside the cache', () => {
    expect(lockFile({ BISEQ_MODELS_LOCK: '/x/lock.json' })).toBe('/x/lock.json');
    expect(lockFile({ XDG_DATA_HOME: '/data' })).toBe('/data/biseq/models.lock.json');
    expect(lockFile({})).toBe(path.join(homedir(), '.local', 'share', 'biseq', 'models.lock.json'));
  });

  it.each(['huggingface.co', 'ftp://x', 'https://user:secret@mirror', 'https://x?y=1'])(
    'refuse the address %s',
    (endpoint) => {
      expect(() => hubSettings({}, { HF_ENDPOINT: endpoint })).toThrow(/address of the hub cannot be used/);
      expect(() => hubSettings({}, { HF_ENDPOINT: endpoint })).not.toThrow(/secret/);
    },
  );

  it('refuse what is no token, without showing it', () => {
    expect(() => hubSettings({}, { HF_TOKEN: 'sk-secret' })).toThrow(/HF_TOKEN is not an access token/);
    expect(() => hubSettings({}, { HF_TOKEN: 'sk-secret' })).not.toThrow(/secret/);
  });
});
