import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { DNA, PROTEIN } from '../../src/core/alphabet.js';
import { ModelError } from '../../src/core/errors.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { embeddedModels, resolveModel } from '../../src/lm/registry.js';
import { temporaryFolder } from '../helpers/temp-folder.js';

const folder = temporaryFolder();
const root = path.join(folder, 'models');

beforeAll(() => {
  for (const name of ['protein-small', 'protein-other']) {
    mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, name, 'config.json'), '{}');
  }
  mkdirSync(path.join(root, 'no-model'));
});

describe('resolveModel', () => {
  it('finds an embedded model by its name, and the default of an alphabet', () => {
    expect(embeddedModels(root).map(({ name }) => name)).toEqual(['protein-other', 'protein-small']);
    expect(resolveModel('protein-other', PROTEIN, root)).toEqual({
      name: 'protein-other',
      folder: path.join(root, 'protein-other'),
      embedded: true,
    });
    expect(resolveModel(undefined, PROTEIN, root).name).toBe('protein-small');
  });

  it('takes a folder', () => {
    expect(resolveModel(folder, PROTEIN, root)).toEqual({
      name: path.basename(folder),
      folder,
      embedded: false,
    });
  });

  it('names the nearest for an unknown name', () => {
    expect(() => resolveModel('protein-smal', PROTEIN, root)).toThrow(/Did you mean 'protein-small'\?/);
    expect(() => resolveModel('protein-smal', PROTEIN, root)).toThrow(ModelError);
  });

  it('says that a model must be given where none is embedded', () => {
    expect(() => resolveModel(undefined, DNA, root)).toThrow(
      /no DNA language model comes with this package.*--model FOLDER/,
    );
    expect(() => resolveModel(undefined, PROTEIN, path.join(root, 'missing'))).toThrow(/none embedded/);
  });

  it('finds a model in the cache of the hub, and says how to fetch one that is not there', () => {
    vi.stubEnv('HF_HUB_CACHE', path.join(folder, 'hub'));
    expect(() => resolveModel('esm2-8m', PROTEIN, root)).toThrow(/biseq models pull esm2-8m/);
    const cached = path.join(folder, 'hub', 'models--facebook--esm2_t6_8M_UR50D');
    const snapshot = path.join(cached, 'snapshots', 'a'.repeat(40));
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(path.join(cached, 'refs'));
    writeFileSync(path.join(cached, 'refs', 'main'), 'a'.repeat(40));
    for (const name of ['config.json', 'model.safetensors', 'vocab.txt', 'tokenizer_config.json'])
      writeFileSync(path.join(snapshot, name), '{}');
    expect(resolveModel('esm2-8m', PROTEIN, root)).toEqual({
      name: 'esm2-8m',
      folder: snapshot,
      embedded: false,
    });
    vi.unstubAllEnvs();
  });
});

describe('the embedded models', () => {
  it('open, and read what they are the default for', async () => {
    const model = await openLanguageModel(resolveModel(undefined, PROTEIN).folder);
    expect(model.alphabet).toBe(PROTEIN);
    for (const { folder: each } of embeddedModels()) await openLanguageModel(each);
  });
});
