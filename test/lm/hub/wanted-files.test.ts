import { describe, expect, it } from 'vitest';
import { isPlainName } from '../../../src/lm/io/folder.js';
import { chooseFiles, isWanted } from '../../../src/lm/hub/wanted-files.js';

const base = ['config.json', 'vocab.txt'];
const shards = (stem: string, ending: string, numbers: number[], total: number): string[] =>
  numbers.map((n) => `${stem}-${String(n).padStart(5, '0')}-of-${String(total).padStart(5, '0')}.${ending}`);

describe('the files that are wanted', () => {
  it('are plain names, and no code', () => {
    for (const name of [
      'modeling.py',
      'README.md',
      'tf_model.h5',
      'flax_model.msgpack',
      'optimizer.pt',
      'model.onnx',
      '.gitattributes',
    ])
      expect(isWanted(name)).toBe(false);
    for (const name of [
      'x/config.json',
      '../config.json',
      'config.json\0',
      'model-1-of-2.safetensors',
      'model-00001-of-00002.safetensors/x',
    ])
      expect(isWanted(name)).toBe(false);
    expect(
      [...base, 'model.safetensors', 'pytorch_model-00001-of-00002.bin'].every(
        (name) => isWanted(name) && isPlainName(name),
      ),
    ).toBe(true);
  });

  it('are one layout of weights: safetensors before .bin, whole before shards', () => {
    const all = [
      ...base,
      'model.safetensors',
      'model.safetensors.index.json',
      ...shards('model', 'safetensors', [1, 2], 2),
      'pytorch_model.bin',
    ];
    expect(chooseFiles(all, 'x')).toEqual([...base, 'model.safetensors']);
    const without = all.filter((name) => name !== 'model.safetensors');
    expect(chooseFiles(without, 'x')).toEqual([
      ...base,
      'model.safetensors.index.json',
      ...shards('model', 'safetensors', [1, 2], 2),
    ]);
    expect(chooseFiles([...base, 'pytorch_model.bin'], 'x')).toEqual([...base, 'pytorch_model.bin']);
  });

  it.each([
    ['one is missing', shards('model', 'safetensors', [1, 3], 3)],
    [
      'there are two sets',
      [...shards('model', 'safetensors', [1, 2], 2), ...shards('model', 'safetensors', [3], 3)],
    ],
    ['none is there', []],
  ])('are not shards when %s', (_what, names) => {
    expect(() => chooseFiles([...base, 'model.safetensors.index.json', ...names], 'x')).toThrow(
      /all of their shards/,
    );
  });

  it('are not shards without their index', () => {
    expect(() => chooseFiles([...base, ...shards('model', 'safetensors', [1, 2], 2)], 'x')).toThrow(
      /all of their shards/,
    );
  });

  it('need a vocabulary and a configuration', () => {
    expect(() => chooseFiles(['model.safetensors'], 'org/x', ['a.pth'])).toThrow(
      /org\/x does not hold a model .* expected config.json; vocab.txt or tokenizer.json, got a.pth/,
    );
  });
});
