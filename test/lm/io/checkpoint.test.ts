import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { writeChecksums } from '../../../src/lm/io/checksums.js';
import { openCheckpoint, requireTensor } from '../../../src/lm/io/checkpoint.js';
import { fixturePath } from '../../helpers/fixtures.js';

const root = fixturePath('lm');
const models =
  root === null ? [] : readdirSync(root).map((name) => ({ name, folder: path.join(root, name) }));
const at = (name: string): string => models.find((model) => model.name === name)?.folder ?? '';
/** `it` for a test that needs these models; a small copy of the fixtures may lack some. */
const itWith = (...names: string[]) => it.skipIf(names.some((name) => at(name) === ''));
const esm = models.filter(({ folder }) => readConfig(folder).model_type === 'esm');

function readConfig(folder: string): {
  model_type: string;
  hidden_size: number;
  num_hidden_layers: number;
  vocab_size: number;
} {
  return JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
}

const made: string[] = [];
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A private copy of a fixture's model that a test may damage. */
function copyOf(name: string): string {
  const source = at(name);
  const folder = mkdtempSync(path.join(tmpdir(), 'biseq-checkpoint-'));
  made.push(folder);
  for (const file of readdirSync(source)) {
    if (!file.startsWith('ref.')) copyFileSync(path.join(source, file), path.join(folder, file));
  }
  return folder;
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  return (error as ModelError).message;
}

describe.each(esm)('$name', ({ folder }) => {
  it('has the canonical tensors with the shapes of config.json', async () => {
    const checkpoint = await openCheckpoint(folder);
    const { hidden_size: width, num_hidden_layers: layers, vocab_size: vocabulary } = readConfig(folder);
    const words = requireTensor(checkpoint, 'esm.embeddings.word_embeddings.weight', [vocabulary, width]);
    expect(words.length).toBe(vocabulary * width);
    for (let layer = 0; layer < layers; layer++) {
      const prefix = `esm.encoder.layer.${layer}`;
      for (const part of ['query', 'key', 'value']) {
        requireTensor(checkpoint, `${prefix}.attention.self.${part}.weight`, [width, width]);
      }
      requireTensor(checkpoint, `${prefix}.attention.LayerNorm.weight`, [width]);
      requireTensor(checkpoint, `${prefix}.LayerNorm.bias`, [width]);
    }
    requireTensor(checkpoint, 'esm.encoder.emb_layer_norm_after.weight', [width]);
    expect(checkpoint.names().filter((name) => /gamma|beta|\*/.test(name))).toEqual([]);
    expect(checkpoint.names().filter((name) => !/^(esm|lm_head)\./.test(name))).toEqual([]);
  });
});

describe('openCheckpoint', () => {
  itWith('esm2_published_layout', 'esm2_body_odd')(
    'keeps per-layer rotary frequencies and shares those of a literal layer.*',
    async () => {
      const published = await openCheckpoint(at('esm2_published_layout'));
      expect(published.has('esm.encoder.layer.1.attention.self.rotary_embeddings.inv_freq')).toBe(true);
      const odd = await openCheckpoint(at('esm2_body_odd'));
      expect(odd.has('esm.rotary_embeddings.inv_freq')).toBe(true);
    },
  );

  itWith('esm1b_sharded')('reads shards as one model and lists their files', async () => {
    const sharded = await openCheckpoint(at('esm1b_sharded'));
    const hashes = await sharded.hashes();
    expect(hashes.map((hash) => path.basename(hash.path))).toEqual(
      sharded.files.map((file) => path.basename(file)),
    );
    for (const { path: file, sha256 } of hashes) {
      expect(sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'));
    }
    const shards = readdirSync(at('esm1b_sharded')).filter((file) => /^model-.*\.safetensors$/.test(file));
    expect(sharded.files.length).toBe(1 + shards.length);
  });

  itWith('esm2_body_odd')('says where a tensor lies', async () => {
    const checkpoint = await openCheckpoint(at('esm2_body_odd'));
    const name = 'esm.encoder.layer.0.LayerNorm.weight';
    const { file, byteOffset, byteLength } = checkpoint.location(name);
    const bytes = new Uint8Array(readFileSync(file).subarray(byteOffset, byteOffset + byteLength));
    expect(Array.from(new Float32Array(bytes.buffer))).toEqual(Array.from(checkpoint.tensor(name).data));
  });

  itWith('esm2_tiny')('verifies checksums.json', async () => {
    const folder = copyOf('esm2_tiny');
    await writeChecksums(folder, ['model.safetensors', 'config.json']);
    await openCheckpoint(folder);
    const config = path.join(folder, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8') + ' ');
    const hash = createHash('sha256').update(readFileSync(config)).digest('hex');
    expect(await failure(openCheckpoint(folder))).toMatch(
      new RegExp(`checksum does not match; expected sha256 [0-9a-f]{64} .*got ${hash}`),
    );
    await openCheckpoint(folder, { verify: false });
  });

  itWith('esm1b_sharded')('refuses a shard outside the folder', async () => {
    const folder = copyOf('esm1b_sharded');
    const index = path.join(folder, 'model.safetensors.index.json');
    for (const name of ['../x.safetensors', '/etc/passwd', 'a\\b', '..', '', 'C:x']) {
      writeFileSync(index, JSON.stringify({ weight_map: { 'lm_head.bias': name } }));
      expect(await failure(openCheckpoint(folder))).toContain('outside the folder');
    }
  });

  itWith('esm1b_sharded')('names what is missing or does not fit', async () => {
    const folder = copyOf('esm1b_sharded');
    const checkpoint = await openCheckpoint(folder);
    expect(() => requireTensor(checkpoint, 'lm_head.bias', [34])).toThrow(
      /tensor lm_head.bias does not fit config.json; expected shape \[34\] from config.json, got \[33\]/,
    );
    expect(() => requireTensor(checkpoint, 'lm_head.nothing', [34])).toThrow(
      /tensor lm_head.nothing is missing/,
    );
    rmSync(path.join(folder, 'model-00002-of-00003.safetensors'));
    expect(await failure(openCheckpoint(folder))).toContain(
      'model-00002-of-00003.safetensors: file not found',
    );
    rmSync(path.join(folder, 'model.safetensors.index.json'));
    expect(await failure(openCheckpoint(folder))).toContain('holds no weights');
    rmSync(path.join(folder, 'config.json'));
    expect(await failure(openCheckpoint(folder))).toContain('config.json: file not found');
    expect(await failure(openCheckpoint(path.join(folder, 'nowhere')))).toContain('model folder not found');
    expect(await failure(openCheckpoint(path.join(folder, 'vocab.txt')))).toContain('not a folder');
  });

  it.each([
    ['not JSON', '{"model_type": ', 'not JSON'],
    ['an array', '[]', 'JSON object'],
    ['no model_type', '{}', 'model_type is not given'],
  ])('refuses a config that is %s', async (_, text, message) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'biseq-checkpoint-'));
    made.push(folder);
    writeFileSync(path.join(folder, 'config.json'), text);
    expect(await failure(openCheckpoint(folder))).toContain(message);
  });

  itWith('esm2_tiny')(
    'accepts a folder given by a relative path and a config with a byte-order mark',
    async () => {
      const folder = copyOf('esm2_tiny');
      const config = path.join(folder, 'config.json');
      writeFileSync(config, `\uFEFF${readFileSync(config, 'utf8')}`);
      mkdirSync(path.join(folder, 'sub'));
      const checkpoint = await openCheckpoint(path.relative(process.cwd(), path.join(folder, 'sub', '..')));
      expect(checkpoint.files.every((file) => path.isAbsolute(file))).toBe(true);
    },
  );
});
