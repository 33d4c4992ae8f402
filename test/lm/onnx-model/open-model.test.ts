import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { PROTEIN } from '../../../src/core/alphabet.js';
import { InputError, ModelError } from '../../../src/core/errors.js';
import type { LanguageModel } from '../../../src/lm/language-model.js';
import { languageModelFeatures } from '../../../src/lm/lm-feature-map.js';
import { openModel } from '../../../src/lm/onnx-model/open-model.js';
import { openOnnxModel } from '../../../src/lm/onnx-model/open.js';
import { openNamedModel } from '../../../src/lm/open-named.js';
import { resolveModel } from '../../../src/lm/registry.js';
import { createPool, type Pool } from '../../../src/runtime/pool.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';

const kept = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../onnx');
const root = temporaryFolder();
const at = (...parts: string[]) => path.join(root, ...parts);
const sequences = [Uint8Array.from({ length: 7 }, (_, i) => i)];

/** Copies an exported model into a folder of its own. */
function copy(model: string, folder: string, name = 'model'): string {
  mkdirSync(at(folder), { recursive: true });
  for (const ending of ['json', 'onnx'])
    cpSync(path.join(kept, `${model}.${ending}`), at(folder, `${name}.${ending}`));
  const data = path.join(kept, `${model}.onnx.data`);
  if (existsSync(data)) cpSync(data, at(folder, `${model}.onnx.data`));
  return at(folder, `${name}.onnx`);
}

describe('openModel', () => {
  it('opens an ONNX file, the folder of one, and a folder of weights', async () => {
    const file = copy('esm2_tiny.script-sdpa-14', 'one', 'mine');
    const model = await openModel(file);
    expect(model).toMatchObject({ name: 'mine', folder: at('one'), importedFrom: file });
    const { sha256, importedFrom } = await openModel(at('one'));
    expect([sha256, importedFrom]).toEqual([model.sha256, file]);
    await writeTinyModel(at('weights'));
    expect((await openModel(at('weights'))).importedFrom).toBeUndefined();
    // Beside weights that we read ourselves, an exported copy is not needed.
    copy('esm2_tiny.script-sdpa-14', 'weights');
    expect((await openModel(at('weights'))).importedFrom).toBeUndefined();
  });

  it('asks which, where a folder holds several, and says what is missing where it holds none', async () => {
    copy('esm2_tiny.script-sdpa-14', 'several', 'a');
    copy('gpt2_tiny.script-eager-14', 'several', 'b');
    await expect(openModel(at('several'))).rejects.toThrow(
      /several ONNX models; expected one, or the path of one, got a.onnx, b.onnx. Name one, for example .*a.onnx/,
    );
    mkdirSync(at('empty'));
    await expect(openModel(at('empty'))).rejects.toThrow(/config.json/);
    await expect(openModel(at('nowhere'))).rejects.toThrow(/model folder not found/);
  });
});

describe('openNamedModel', () => {
  it('resolves an ONNX file and a folder; no other file', async () => {
    const file = copy('esm2_tiny.script-sdpa-14', 'named');
    expect(resolveModel(file, PROTEIN)).toEqual({ name: 'model.onnx', folder: file, embedded: false });
    expect((await openNamedModel(file, PROTEIN)).name).toBe('model');
    expect((await openNamedModel(at('named'), PROTEIN)).name).toBe('model');
    await writeTinyModel(at('tiny'));
    expect((await openNamedModel(at('tiny'), PROTEIN)).name).toBe('tiny');
    writeFileSync(at('model.txt'), '');
    await expect(openNamedModel(at('model.txt'), PROTEIN)).rejects.toThrow(
      /there is no model .*a folder, or an ONNX file, got a file/,
    );
    await expect(openNamedModel(at('lost.onnx'), PROTEIN)).rejects.toThrow(/neither a name nor/);
  });
});

describe('where onnxruntime fails', () => {
  const pool = createPool(1);
  afterAll(() => pool.close());
  const features = (model: LanguageModel, own: Pool) =>
    languageModelFeatures(model, PROTEIN, own).features(sequences);
  /** A pool that fails to load, or to run, with a message of onnxruntime's. */
  const failing = (doing: 'load' | 'run', message: string): Pool => {
    const fail = () => Promise.reject(new Error(message));
    const nothing = () => Promise.resolve();
    const session = { run: fail, hold: nothing, sum: fail, release: nothing };
    return { workers: 1, create: doing === 'load' ? fail : () => Promise.resolve(session), close: nothing };
  };

  it('the file is named: weights that vanished after the model was opened', async () => {
    const file = copy('protbert_tiny.dynamo-eager-18', 'vanishing');
    const model = await openOnnxModel(file, { mapFrom: 0 });
    rmSync(at('vanishing', 'protbert_tiny.dynamo-eager-18.onnx.data'));
    const failure = await features(model, pool).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ModelError);
    expect((failure as ModelError).message).toMatch(/onnx.data: file of weights not found/);
  });

  it.each(['load', 'run'] as const)(
    'an imported model that does not %s is said to be at fault',
    async (doing) => {
      const file = copy('esm2_tiny.script-sdpa-14', `fault-${doing}`);
      const model = await openModel(file);
      const failure = features(
        model,
        failing(doing, 'Load model from memory failed:\n a graph of many lines'),
      );
      await expect(failure).rejects.toThrow(ModelError);
      await expect(failure).rejects.toThrow(
        `${file}: onnxruntime cannot ${doing} the imported model; expected a model that PyTorch exported whole, in ` +
          'float32, got Load model from memory failed:. Export it again',
      );
    },
  );

  it('memory that gives out is said to be that, a fault of ours stays one', async () => {
    await writeTinyModel(at('own'));
    const model = await openModel(at('own'));
    const scarce = features(model, failing('run', 'std::bad_alloc'));
    await expect(scarce).rejects.toThrow(InputError);
    await expect(scarce).rejects.toThrow(/memory gave out .*--workers 1/);
    const ours = await features(model, failing('run', 'Non-zero status code')).catch(
      (error: unknown) => error,
    );
    expect(ours).toEqual(new Error('Non-zero status code'));
  });
});
