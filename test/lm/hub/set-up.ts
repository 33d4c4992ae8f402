import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { HubSettings } from '../../../src/lm/hub/settings.js';
import { fixturePath } from '../../helpers/fixtures.js';
import { FakeHub } from './fake-hub.js';

/** The tiny model that the fake hub serves; null where the fixtures are not at hand. */
export const MODEL = fixturePath('lm/esm2_tiny');

/** In memory where there is such a place: a pull syncs its files to disk, which waits long on a busy machine. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What of it is needed, config.json first and weights last. */
export const NEEDED = ['config.json', 'vocab.txt', 'tokenizer_config.json', 'model.safetensors'];

export interface Place {
  hub: FakeHub;
  folder: string;
  settings: HubSettings;
}

/** Before each test a fresh hub with the tiny model (and files that nobody wants) and an empty cache; gone after it. */
export function useHub(): Place {
  const place = {} as Place;
  beforeEach(async () => {
    place.hub = await new FakeHub('facebook/esm2_t6_8M_UR50D').start();
    if (MODEL)
      for (const name of readdirSync(MODEL)) place.hub.files.set(name, readFileSync(path.join(MODEL, name)));
    for (const name of [
      'README.md',
      'modeling_evil.py',
      'tf_model.h5',
      '.gitattributes',
      'pytorch_model.bin',
    ])
      place.hub.files.set(name, Buffer.from(`content of ${name}`));
    place.folder = mkdtempSync(path.join(TEMPORARY, 'biseq-hub-'));
    place.settings = {
      endpoint: place.hub.endpoint,
      cache: path.join(place.folder, 'cache', 'hub'),
      lockFile: path.join(place.folder, 'lock.json'),
      offline: false,
      retries: 2,
      retryDelay: 1,
      timeout: 2000,
    };
  });
  afterEach(async () => {
    await place.hub.stop();
    rmSync(place.folder, { recursive: true, force: true });
  });
  return place;
}

/** All files and links below a folder, relative to it, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Something that must not be called. */
export const noNetwork: typeof fetch = () => {
  throw new Error('the network was touched');
};
