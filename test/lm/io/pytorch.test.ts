import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { createRandom, type Random } from '../../../src/core/random.js';
import { openCheckpoint, requireTensor } from '../../../src/lm/io/checkpoint.js';
import { bufferSource } from '../../../src/lm/io/bytes.js';
import { readPickle } from '../../../src/lm/io/pickle.js';
import { openPytorch } from '../../../src/lm/io/pytorch.js';
import { zipEntries } from '../../../src/lm/io/zip.js';

// Written by PyTorch itself: scripts/make-pytorch-bins.py.
const bins = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pytorch');
const accepted = JSON.parse(readFileSync(path.join(bins, 'accepted.json'), 'utf8')) as {
  files: Record<string, Record<string, { shape: number[]; values: number[] }>>;
};
const folder = mkdtempSync(path.join(tmpdir(), 'biseq-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function failure(file: string): Promise<string> {
  const error = await openPytorch(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  return (error as ModelError).message;
}

describe('state dicts that PyTorch wrote', () => {
  it.each(Object.entries(accepted.files))('%s', async (name, tensors) => {
    const file = await openPytorch(path.join(bins, name));
    expect([...file.tensors.keys()]).toEqual(Object.keys(tensors));
    for (const [tensor, { shape, values }] of Object.entries(tensors)) {
      const read = file.readTensorFloat64(tensor);
      expect(read.shape).toEqual(shape);
      expect(Array.from(read.data)).toEqual(values);
      expect(Array.from(file.readTensor(tensor).data)).toEqual(values.map(Math.fround));
    }
  });

  it('are a checkpoint in pytorch_model.bin, whole or in shards, under canonical names', async () => {
    writeFileSync(path.join(folder, 'config.json'), '{"model_type": "bert"}');
    const bytes = readFileSync(path.join(bins, 'ordered_dict.bin'));
    const { shape, values } = accepted.files['ordered_dict.bin']['bert.embeddings.LayerNorm.gamma'];
    const read = async () => {
      const checkpoint = await openCheckpoint(folder);
      return Array.from(requireTensor(checkpoint, 'bert.embeddings.LayerNorm.weight', shape));
    };
    writeFileSync(path.join(folder, 'pytorch_model.bin'), bytes);
    expect(await read()).toEqual(values);
    rmSync(path.join(folder, 'pytorch_model.bin'));
    writeFileSync(path.join(folder, 'shard-1.bin'), bytes);
    const index = { weight_map: { 'bert.embeddings.LayerNorm.gamma': 'shard-1.bin' } };
    writeFileSync(path.join(folder, 'pytorch_model.bin.index.json'), JSON.stringify(index));
    expect(await read()).toEqual(values);
  });
});

describe('everything else is refused', () => {
  const reasons: Record<string, RegExp> = {
    'refused_legacy_layout.bin': /old layout \(before 1.6\).*weights_only=True/,
    'refused_whole_module.bin': /nothing of it was run; .* got global torch.nn.modules.container.Sequential/,
    'refused_command.bin': /got global posix.system at byte/,
    'refused_expanded.bin': /tensor x reaches outside its data/,
    'refused_sparse.bin': /got global torch._utils._rebuild_sparse_tensor/,
    'refused_list.bin': /got opcode 0x5d/,
    'refused_nested.bin': /entry model is not a tensor; .* got a dict/,
    'refused_single_tensor.bin': /does not hold a state dict; .* got a tensor/,
    'refused_plain_pickle.bin': /old layout/,
  };

  it('in the files that PyTorch wrote', () => {
    expect(readdirSync(bins).filter((name) => name.startsWith('refused'))).toEqual(
      Object.keys(reasons).sort(),
    );
  });

  it.each(Object.entries(reasons))('%s', async (name, reason) => {
    expect(await failure(path.join(bins, name))).toMatch(reason);
  });

  it('files that are missing, empty or something else', async () => {
    const file = path.join(folder, 'other.bin');
    expect(await failure(path.join(folder, 'nowhere.bin'))).toMatch(/file not found/);
    for (const text of ['', 'P', 'version https://git-lfs.github.com/spec/v1\n']) {
      writeFileSync(file, text);
      expect(await failure(file)).toMatch(/is not a PyTorch file/);
    }
  });

  it.each([
    ['an empty file', '', /end of the file/],
    ['nothing on the stack', '.', /got an empty stack/],
    ['a mark as result', '(.', /got an empty stack/],
    ['a tuple without a mark', 't.', /expected a mark/],
    ['a memo that was never filled', 'h\x05.', /memoised value/],
    ['items without a dict', '(K\x01K\x02u.', /malformed/],
    ['numbers as keys', '}K\x01K\x02s.', /names as keys/],
    ['an odd number of items', '}(X\x01\0\0\0au.', /pairs for a dict/],
    ['text that is longer than the file', 'X\xff\xff\xff\xffa.', /more bytes/],
    ['an integer of 200 bytes', '\x8a\xc8'.padEnd(203, '\x01'), /integer of at most 8 bytes/],
    ['an integer of 2^60', '\x8a\x08\0\0\0\0\0\0\0\x10.', /integer below 2\^53/],
    ['a line that does not end', 'ctorch', /expected a line/],
    ['an old instance opcode', '(ios\nsystem\n.', /opcode 0x69/],
    ['a new object', '\x81.', /opcode 0x81/],
    ['an extension', '\x82\x01.', /opcode 0x82/],
    ['builtins.eval by stack', '\x8c\x08builtins\x8c\x04eval\x93.', /global builtins.eval/],
    ['a name that every object has', 'ctorch\nconstructor\n.', /global torch.constructor/],
    ['a name of prototypes', 'c__proto__\ntoString\n.', /global __proto__.toString/],
    ['a call of a storage class', 'ctorch\nFloatStorage\n)R.', /a call of torch.FloatStorage/],
    [
      'a tensor without arguments',
      'ctorch._utils\n_rebuild_tensor_v2\n)R.',
      /arguments of torch._utils._rebuild_tensor_v2/,
    ],
    ['a persistent id that is text', 'X\x01\0\0\0aQ.', /expected a storage/],
    ['a state for a number', 'K\x01Nb.', /a state for 1/],
    ['a bottomless stack', 'N'.repeat(200_000), /a stack of at most/],
  ])('a pickle of %s', (_, text, message) => {
    expect(() => readPickle(Buffer.from(text, 'latin1'), 'x.bin')).toThrow(ModelError);
    expect(() => readPickle(Buffer.from(text, 'latin1'), 'x.bin')).toThrow(message);
  });
});

describe('damage', () => {
  const good = readFileSync(path.join(bins, 'ordered_dict.bin'));

  /** Bytes changed, cut out, doubled or cut off at the end. */
  function damaged(bytes: Uint8Array, random: Random): Uint8Array {
    const out = new Uint8Array(bytes);
    const at = random.integer(out.length);
    const some = 1 + random.integer(8);
    switch (random.integer(4)) {
      case 0:
        return out.subarray(0, at);
      case 1:
        return Buffer.concat([out.subarray(0, at), out.subarray(at + some)]);
      case 2:
        return Buffer.concat([out.subarray(0, at + some), out.subarray(at)]);
      default:
        for (let i = 0; i < some; i++) out[random.integer(out.length)] = random.integer(256);
        return out;
    }
  }

  function onlyModelErrors(error: unknown): void {
    if (!(error instanceof ModelError)) throw error;
  }

  it('in 5,000 pickles gives a ModelError or a value', async () => {
    const random = createRandom('pickles');
    const entry = (await zipEntries(bufferSource(good))).get('ordered_dict/data.pkl');
    const { byteOffset, byteLength } = entry ?? { byteOffset: 0, byteLength: 0 };
    const pickle = good.subarray(byteOffset, byteOffset + byteLength);
    readPickle(pickle, 'good');
    for (let i = 0; i < 5000; i++) {
      try {
        readPickle(damaged(pickle, random), 'damaged');
      } catch (error) {
        onlyModelErrors(error);
      }
    }
  });

  it('in 1,000 files gives a ModelError or tensors that are within the file', async () => {
    const random = createRandom('files');
    const file = path.join(folder, 'damaged.bin');
    let refused = 0;
    for (let i = 0; i < 1000; i++) {
      // Half of the damage falls on the directory at the end of the file, a small part of its bytes.
      const tail = random.uniform() < 0.5 ? 1800 : good.length;
      const head = good.subarray(0, good.length - tail);
      writeFileSync(file, Buffer.concat([head, damaged(good.subarray(good.length - tail), random)]));
      try {
        const opened = await openPytorch(file);
        for (const name of opened.tensors.keys()) opened.readTensor(name);
      } catch (error) {
        onlyModelErrors(error);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(250);
  });
});
