import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
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
    expect(() => resolveModel('any', PROTEIN, path.join(root, 'missing'))).toThrow(/the folder of a model/);
  });
});

describe('the embedded models', () => {
  it('open, and read what they are the default for', async () => {
    const model = await openLanguageModel(resolveModel(undefined, PROTEIN).folder);
    expect(model.alphabet).toBe(PROTEIN);
    for (const { folder: each } of embeddedModels()) await openLanguageModel(each);
  });
});
