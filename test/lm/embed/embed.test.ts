import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encode } from '../../../src/core/alphabet.js';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { embed } from '../../../src/lm/embed/embed.js';
import { residueFeatures } from '../../../src/lm/embed/sites.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { letterGradient } from '../../../src/lm/tokenizers/letter-gradient.js';
import { createPool } from '../../../src/runtime/pool.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';
import { collect, expectClose, plainCases, references } from './references.js';

const pool = createPool(2);
afterAll(() => pool.close());
const names = [...references.keys()];
const named = (texts: readonly string[]) => texts.map((text, i) => ({ id: `s${i}`, text }));

describe.skipIf(names.length === 0)('embeddings against transformers', () => {
  it.each(names)('%s: mean, residues and sites', async (name) => {
    const model = await openLanguageModel(references.get(name)!);
    const { cases, tensor } = plainCases(name, model);
    const D = model.architecture.hiddenSize;
    const { letters } = model.tokenizer;
    expect(cases.length).toBeGreaterThan(0);
    for (const { name: key, sequences, token_ids: ids } of cases) {
      const phi = tensor(`${key}.phi_f64`).data;
      const hidden = tensor(`${key}.hidden_f64`).data;
      const means = await collect(embed(model, pool, named(sequences)));
      const residues = await collect(embed(model, pool, named(sequences), { what: 'residues' }));
      for (const [b, text] of sequences.entries()) {
        expectClose(means[b].data, phi.slice(b * D, (b + 1) * D), `${key} mean`);
        const expected = new Float64Array(text.length * D);
        for (let i = 0; i < text.length; i++) {
          const own = letters.windows(text.length).filter((w) => w.start <= i && i < w.start + w.length);
          for (const { token } of own)
            for (let d = 0; d < D; d++)
              expected[i * D + d] += hidden[(b * ids[0].length + token) * D + d] / own.length;
        }
        expect(residues[b].rows).toBe(text.length);
        expectClose(residues[b].data, expected, `${key} residues`);
        const sites = [text.length - 1, 0];
        const [chosen] = await collect(embed(model, pool, named([text]), { what: { sites } }));
        expectClose(chosen.data, [...expected.slice(-D), ...expected.slice(0, D)], `${key} sites`);
      }
    }
  });

  it.each(names)('%s: features at sites, and their gradients to letters', async (name) => {
    const model = await openLanguageModel(references.get(name)!);
    const { cases, tensor, has } = plainCases(name, model);
    const { alphabet, tokenizer } = model;
    const D = model.architecture.hiddenSize;
    for (const { name: key, sequences } of cases) {
      if (sequences.length !== 1 || !has(`${key}.vjp_onehot_f64`)) continue;
      const sequence = encode(alphabet, sequences[0]);
      const L = sequence.length;
      const map = residueFeatures(model, alphabet, pool, [...sequence.keys()]);
      expect(map.width).toBe(L * D);
      const [{ data: rows }] = await collect(embed(model, pool, named(sequences), { what: 'residues' }));
      expectClose(await map.features([sequence]), rows, key);
      // The mean over tokens is a sum over sites, with the weight that each token's letters give it.
      const windows = tokenizer.letters.windows(L);
      const holders = [...sequence.keys()].map((i) =>
        windows.filter((w) => w.start <= i && i < w.start + w.length),
      );
      if (holders.every((own) => own.length === 1) && windows.every(({ length }) => length === 1)) {
        const v = tensor(`${key}.v`).data;
        const cotangent = Float64Array.from(
          { length: 2 * L * D },
          (_, at) => (v[at % D] / L) * (at < L * D ? 1 : -3),
        );
        const full = tensor(`${key}.vjp_onehot_f64`);
        const expected = letterGradient(tokenizer.letters, alphabet, sequence, full.data, full.shape[2]);
        const { data } = await map.vjp([sequence], cotangent, 2);
        expectClose(data, [...expected, ...expected.map((x) => -3 * x)], `${key} gradient`, 1.5e-4);
      }
      await map.release();
    }
  });
});

describe('any number of sequences', async () => {
  const folder = path.join(temporaryFolder(), 'tiny');
  await writeTinyModel(folder);
  const model = await openLanguageModel(folder);
  const random = createRandom('texts');
  const texts = Array.from({ length: 700 }, () =>
    Array.from({ length: 1 + random.integer(60) }, () => model.alphabet.letters[random.integer(20)]).join(''),
  );

  it('come in their order, each with the bits that it has alone, from a stream as from a list', async () => {
    async function* stream() {
      yield* named(texts);
    }
    const all = await collect(embed(model, pool, stream()));
    expect(all.map(({ sequence }) => sequence.text)).toEqual(texts);
    for (const i of [0, 17, 350, 699]) {
      const [alone] = await collect(embed(model, pool, named([texts[i]])));
      expect(all[i].data).toEqual(alone.data);
    }
  });

  it('are read only as far as they are asked for', async () => {
    let read = 0;
    function* endless() {
      for (;;) yield { id: String(read++), text: texts[read % 700] };
    }
    let seen = 0;
    for await (const { rows } of embed(model, pool, endless(), { what: 'residues' })) {
      expect(rows).toBeGreaterThan(0);
      if (++seen === 100) break;
    }
    expect(read).toBeLessThan(1000);
  });

  it('stop when the signal fires', async () => {
    const controller = new AbortController();
    const run = async () => {
      for await (const { rows } of embed(model, pool, named(texts), { signal: controller.signal }))
        if (rows > 0) controller.abort();
    };
    await expect(run()).rejects.toThrow(CancelledError);
  });

  it('are refused where the model cannot read them, with the place', async () => {
    const refuse = (text: string, what: 'residues' | { sites: number[] } = 'residues') =>
      collect(embed(model, pool, [{ id: 'odd', text, file: 'a.fa', line: 7 }], { what }));
    await expect(refuse('MK*L')).rejects.toThrow(
      /a\.fa:7: letter '\*' at position 3 of odd is not in the vocabulary/,
    );
    await expect(refuse('M'.repeat(63))).rejects.toThrow(
      /a\.fa:7: sequence odd is too long.*at most 64 tokens.*got 65/,
    );
    await expect(refuse('MKL', { sites: [3] })).rejects.toThrow(
      /a\.fa:7: site 4 lies outside sequence odd; expected 1 to 3/,
    );
    await expect(refuse('MK*L')).rejects.toThrow(InputError);
    expect(() => residueFeatures(model, model.alphabet, pool, [])).toThrow(InputError);
    const map = residueFeatures(model, model.alphabet, pool, [5]);
    await expect(map.features([encode(model.alphabet, 'MKL')])).rejects.toThrow(
      /site 6 lies outside the sequence/,
    );
  });

  it('are read from the other end by a reversed model, and their rows are turned back', async () => {
    const reversed = path.join(temporaryFolder(), 'reversed');
    cpSync(folder, reversed, { recursive: true, filter: (source) => !source.endsWith('checksums.json') });
    const file = path.join(reversed, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, biseq_reading_order: 'reverse' }));
    const other = await openLanguageModel(reversed);
    const D = model.architecture.hiddenSize;
    const [forward] = await collect(embed(model, pool, named(['LKTM']), { what: 'residues' }));
    const [backward] = await collect(embed(other, pool, named(['MTKL']), { what: 'residues' }));
    const rows = (data: Float32Array) => [0, 1, 2, 3].map((i) => [...data.slice(i * D, (i + 1) * D)]);
    expect(rows(backward.data)).toEqual(rows(forward.data).reverse());
    const [site] = await collect(embed(other, pool, named(['MTKL']), { what: { sites: [1] } }));
    expectClose(site.data, rows(backward.data)[1], 'site');
    expect(() => residueFeatures(other, other.alphabet, pool, [0])).toThrow(ModelError);
  });
});
