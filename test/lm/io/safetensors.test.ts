import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { openSafetensors, parseSafetensors } from '../../../src/lm/io/safetensors.js';
import {
  encodeSafetensors,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src/lm/io/safetensors-writer.js';
import { checkFinite } from '../../../src/lm/io/tensor.js';
import { fixturePath } from '../../helpers/fixtures.js';

const folder = mkdtempSync(path.join(tmpdir(), 'biseq-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file from header text and data, without the writer under test. */
function file(
  header: string | object,
  data: Uint8Array = new Uint8Array(),
  headerLength?: bigint,
): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

function failure(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  throw new Error('was accepted');
}

const lm = fixturePath('lm');
const fixtures =
  lm === null
    ? []
    : readdirSync(lm)
        .map((name) => path.join(lm, name, 'ref.safetensors'))
        .filter((file) => existsSync(file));

describe('reading', () => {
  const stored: [string, Uint8Array, number[]][] = [
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
    ['U8', Uint8Array.of(0, 255), [0, 255]],
    ['I8', new Uint8Array(Int8Array.of(-128, 127).buffer), [-128, 127]],
    ['I16', new Uint8Array(Int16Array.of(-32768, 5).buffer), [-32768, 5]],
    ['U16', new Uint8Array(Uint16Array.of(65535, 5).buffer), [65535, 5]],
    ['F16', new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001).buffer), [1, -2, 2 ** -24]],
    ['BF16', new Uint8Array(Uint16Array.of(0x3f80, 0xc000).buffer), [1, -2]],
    ['I32', new Uint8Array(Int32Array.of(-7, 2 ** 30).buffer), [-7, 2 ** 30]],
    ['U32', new Uint8Array(Uint32Array.of(7, 2 ** 31).buffer), [7, 2 ** 31]],
    ['F32', new Uint8Array(Float32Array.of(1.5, -2.25).buffer), [1.5, -2.25]],
    ['F64', new Uint8Array(Float64Array.of(1e-3, -2).buffer), [1e-3, -2]],
    [
      'I64',
      new Uint8Array(BigInt64Array.of(-3n, 2n ** 40n, -(2n ** 40n) - 1n).buffer),
      [-3, 2 ** 40, -(2 ** 40) - 1],
    ],
    ['U64', new Uint8Array(BigUint64Array.of(3n, 2n ** 52n).buffer), [3, 2 ** 52]],
  ];

  it.each(stored)('converts %s', (dtype, bytes, values) => {
    // One byte of padding in the header leaves the data at an odd address for one of the two.
    for (const padding of ['', ' ']) {
      const header = JSON.stringify({ x: tensor(dtype, [values.length], 0, bytes.length) }) + padding;
      const read = parseSafetensors(file(header, bytes));
      expect(Array.from(read.readTensorFloat64('x').data)).toEqual(values);
      expect(Array.from(read.readTensor('x').data)).toEqual(values.map(Math.fround));
    }
  });

  it('gives aligned float32 as a view and others as a copy', () => {
    const bytes = encodeSafetensors([{ name: 'x', shape: [2], data: Float32Array.of(1, 2) }]);
    const whole = new Uint8Array(bytes);
    const { data } = parseSafetensors(whole).readTensor('x');
    expect(data.buffer).toBe(whole.buffer);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    expect(parseSafetensors(shifted).readTensor('x')).toEqual({ shape: [2], data: Float32Array.of(1, 2) });
  });

  it('reads scalars, empty tensors and metadata', () => {
    const header = { __metadata__: { a: 'b' }, s: tensor('F32', [], 0, 4), e: tensor('F32', [0, 3], 4, 4) };
    const read = parseSafetensors(file(header, new Uint8Array(Float32Array.of(7).buffer)));
    expect(read.metadata).toEqual({ a: 'b' });
    expect(read.readTensor('s')).toEqual({ shape: [], data: Float32Array.of(7) });
    expect(read.readTensor('e').data.length).toBe(0);
  });

  it.each(fixtures)('agrees with the shapes that %s names', (reference) => {
    const { cases } = JSON.parse(readFileSync(reference.replace('.safetensors', '.json'), 'utf8')) as {
      cases: { name: string; token_ids: number[][] }[];
    };
    const read = openSafetensors(reference);
    for (const { name, token_ids: ids } of cases) {
      const hidden = read.readTensorFloat64(`${name}.hidden_f64`);
      expect(hidden.shape.slice(0, 2)).toEqual([ids.length, ids[0].length]);
      const single = read.readTensor(`${name}.hidden_f32`);
      // The two are the same network in two precisions, so values at the same place nearly agree.
      for (let i = 0; i < single.data.length; i += 7) expect(single.data[i]).toBeCloseTo(hidden.data[i], 3);
    }
  });
});

describe('what does not fit is refused', () => {
  const four = new Uint8Array(4);
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(), /too short for safetensors; expected at least 8 bytes, got 0/],
    [
      'a header of 2^60 bytes',
      file('{}', undefined, 2n ** 60n),
      /header length does not fit the file; .*got 1152921504606846976/,
    ],
    ['a header beyond the end', file('{}', undefined, 3n), /header length does not fit/],
    [
      'a header that is not UTF-8',
      file('\xff'.repeat(3), undefined).map((b, i) => (i > 8 ? 0xff : b)),
      /header is not JSON/,
    ],
    ['a header that is not JSON', file('{"x": '), /header is not JSON/],
    ['a header that is a list', file('[1]'), /header is not a JSON object/],
    [
      'a repeated name',
      file(
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0078":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        four,
      ),
      /names tensor x twice/,
    ],
    ['a tensor that is a number', file({ x: 3 }), /tensor x is not described/],
    ['a negative dimension', file({ x: tensor('F32', [-1], 0, 4) }, four), /tensor x is not described/],
    ['fractional offsets', file({ x: tensor('F32', [1], 0.5, 4) }, four), /tensor x is not described/],
    [
      'an unknown type',
      file({ x: tensor('F12', [1], 0, 4) }, four),
      /unknown element type; expected one of .*F32.*got F12/,
    ],
    ['metadata that is a number', file({ __metadata__: { a: 1 } }), /__metadata__/],
    [
      'offsets beyond the end',
      file({ x: tensor('F32', [2], 0, 8) }, four),
      /tensor x lies outside the file; expected offsets within 0 to 4, got 0 to 8/,
    ],
    ['offsets in the wrong order', file({ x: tensor('F32', [1], 4, 0) }, four), /lies outside/],
    [
      'a shape that does not fit',
      file({ x: tensor('F32', [2], 0, 4) }, four),
      /does not fit its shape; expected 8 bytes for \[2\] of F32, got 4/,
    ],
    [
      'a shape that overflows',
      file({ x: tensor('F32', [2 ** 40, 2 ** 40, 2 ** 40], 0, 4) }, four),
      /does not fit its shape/,
    ],
    [
      'an overlap',
      file({ x: tensor('U8', [3], 0, 3), y: tensor('U8', [2], 2, 4) }, four),
      /tensor y overlaps/,
    ],
    [
      'a gap',
      file({ x: tensor('U8', [1], 0, 1), y: tensor('U8', [2], 2, 4) }, four),
      /tensor y leaves a gap/,
    ],
    ['a gap at the start', file({ y: tensor('U8', [2], 2, 4) }, four), /tensor y leaves a gap/],
    ['bytes left over', file({ x: tensor('U8', [2], 0, 2) }, four), /left over after the last tensor/],
  ];

  it.each(cases)('%s', (_, bytes, message) => {
    expect(failure(() => parseSafetensors(bytes))).toMatch(message);
    const onDisk = path.join(folder, 'bad.safetensors');
    writeFileSync(onDisk, bytes);
    expect(failure(() => openSafetensors(onDisk))).toMatch(message);
  });

  it('names a file that got shorter after it was opened', () => {
    const shrinking = path.join(folder, 'shrinking.safetensors');
    writeSafetensors(shrinking, [{ name: 'x', shape: [100], data: new Float32Array(100) }]);
    const read = openSafetensors(shrinking);
    writeFileSync(shrinking, readFileSync(shrinking).subarray(0, 200));
    expect(failure(() => read.readTensor('x'))).toContain('shrinking.safetensors: file is truncated');
  });

  it('names a missing tensor, and an 8-bit float', () => {
    const read = parseSafetensors(file({ 'layer.0.weight': tensor('F8_E4M3', [4], 0, 4) }, four));
    expect(failure(() => read.readTensor('layer.0.bias'))).toMatch(/tensor layer.0.bias is missing\. /);
    expect(failure(() => read.readTensor('layer.1.weight'))).toMatch(
      /tensor layer.1.weight is missing; got layer.0.weight, which looks like it/,
    );
    expect(failure(() => read.readTensor('layer.0.weight'))).toMatch(
      /tensor layer.0.weight is stored as F8_E4M3/,
    );
    expect(failure(() => parseSafetensors(file({})).readTensor('x'))).toMatch(/tensor x is missing/);
  });

  it('survives any damage to a good file', () => {
    const good = encodeSafetensors([
      { name: 'a', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: 'b', shape: [2], data: Float64Array.of(1, 2) },
    ]);
    const random = createRandom('damage');
    for (let i = 0; i < 5000; i++) {
      const bytes = good.slice(0, random.uniform() < 0.3 ? random.integer(good.length) : good.length);
      for (let k = random.integer(4); k >= 0 && bytes.length; k--)
        bytes[random.integer(bytes.length)] = random.integer(256);
      try {
        const read = parseSafetensors(bytes);
        for (const name of read.tensors.keys()) read.readTensor(name);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
      }
    }
  });
});

describe('checkFinite', () => {
  it('names the tensor and the place', () => {
    checkFinite('x', Float32Array.of(1, -0, 3e38));
    checkFinite('x', new Float32Array());
    expect(failure(() => checkFinite('x', Float32Array.of(1, NaN), 'm.safetensors'))).toMatch(
      /m.safetensors: tensor x holds NaN at index 1/,
    );
    expect(failure(() => checkFinite('x', Float32Array.of(-Infinity)))).toMatch(/holds -Infinity at index 0/);
  });
});

describe('writing', () => {
  const tensors: TensorToWrite[] = [
    { name: 'b', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    { name: 'half', shape: [3], data: Float32Array.of(1, 0.1, -65504), dtype: 'F16' },
    { name: '10', shape: [], data: Float32Array.of(5) },
    { name: 'ids', shape: [2], data: BigInt64Array.of(1n, -1n) },
    { name: 'wide', shape: [1], data: Float64Array.of(Math.PI) },
  ];

  it('is read back, aligned, without gaps', () => {
    const target = path.join(folder, 'out.safetensors');
    writeSafetensors(target, tensors, { metadata: { z: '1', a: '2' } });
    const read = openSafetensors(target);
    expect(read.metadata).toEqual({ a: '2', z: '1' });
    expect([...read.tensors.keys()].sort()).toEqual(['10', 'b', 'half', 'ids', 'wide']);
    for (const { name, shape, data, dtype } of tensors) {
      const values = Array.from(data, Number);
      const found = read.readTensorFloat64(name);
      expect(found.shape).toEqual(shape);
      if (dtype !== 'F16') expect(Array.from(found.data)).toEqual(values);
      else values.forEach((value, i) => expect(Math.abs(found.data[i] / value - 1)).toBeLessThan(2 ** -11));
    }
    for (const { byteOffset, byteLength, shape } of read.tensors.values()) {
      expect(byteOffset % (byteLength / shape.reduce((a, b) => a * b, 1))).toBe(0);
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('gives the same bytes whatever the order, and replaces a file whole', () => {
    const target = path.join(folder, 'same.safetensors');
    writeFileSync(target, 'old');
    writeSafetensors(target, [...tensors].reverse());
    expect(new Uint8Array(readFileSync(target))).toEqual(new Uint8Array(encodeSafetensors(tensors)));
  });

  const models = fixtures
    .map((file) => path.join(path.dirname(file), 'model.safetensors'))
    .filter((file) => existsSync(file));
  it.each(models)('gives the bytes of the official writer for %s', (model) => {
    const read = openSafetensors(model);
    const again = [...read.tensors].map(([name, { dtype, shape }]): TensorToWrite => {
      expect(['F32', 'I64']).toContain(dtype);
      const data = dtype === 'F32' ? read.readTensor(name).data : read.readTensorFloat64(name).data;
      return { name, shape, data: dtype === 'I64' ? BigInt64Array.from(data, BigInt) : data };
    });
    expect(Buffer.compare(encodeSafetensors(again, { metadata: read.metadata }), readFileSync(model))).toBe(
      0,
    );
  });

  it('leaves the old file when a value does not fit float16', () => {
    const target = path.join(folder, 'kept.safetensors');
    writeFileSync(target, 'old');
    const large: TensorToWrite = { name: 'big', shape: [2], data: Float32Array.of(1, 7e4), dtype: 'F16' };
    expect(failure(() => writeSafetensors(target, [large]))).toMatch(
      /tensor big does not fit float16 at index 1; .* got 70000/,
    );
    expect(readFileSync(target, 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
