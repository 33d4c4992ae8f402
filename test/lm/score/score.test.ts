import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encode } from '../../../src/core/alphabet.js';
import { InputError, ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { serialise } from '../../../src/graph/serialise.js';
import { logitsGraph } from '../../../src/lm/feature-graph.js';
import { type LanguageModel, openLanguageModel } from '../../../src/lm/language-model.js';
import { causalScorer, maskedScorer } from '../../../src/lm/score/likelihood.js';
import { logLikelihoodRatio } from '../../../src/lm/score/llr-features.js';
import { letterLogProbabilities } from '../../../src/lm/score/marginals.js';
import { scoreSequences } from '../../../src/lm/score/score.js';
import { batchFeeds, feedsFor } from '../../../src/lm/training/batch.js';
import { createPool } from '../../../src/runtime/pool.js';
import { createSession } from '../../../src/runtime/session.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { collect, expectClose, logSoftmax, plainCases, references } from '../embed/references.js';

const pool = createPool(2);
afterAll(() => pool.close());
const open = (name: string) => openLanguageModel(references.get(name)!);
const named = (texts: readonly string[]) => texts.map((text, i) => ({ id: `s${i}`, text }));
const none = references.size === 0;

/** Bidirectional models with a head whose tokens do not overlap. */
const masked = [
  'esm2_tiny',
  'esm2_published_layout',
  'esm1b_sharded',
  'protbert_tiny',
  'esmc_tiny',
  'nt_v1_tiny',
];

/** log p of the vocabulary at one token of a row, from the plain logits graph, alone in its batch. */
async function bruteForce(model: LanguageModel) {
  const graph = logitsGraph(model.architecture, model.weights);
  const session = await createSession(serialise(graph));
  return async (ids: Int32Array, token: number) => {
    const feeds = batchFeeds(model.architecture, [{ ids }], ids.length, model.tokenizer.special.pad ?? 0);
    const { logits } = await session.run(feedsFor(graph.inputs, feeds));
    const V = logits.shape[2];
    return logSoftmax((logits.data as Float32Array).slice(token * V, (token + 1) * V));
  };
}

describe.skipIf(none)('causal log-likelihood', () => {
  it('is the log-probability of every token, as PyTorch gives it', async () => {
    const model = await open('gpt2_tiny');
    const { cases, tensor } = plainCases('gpt2_tiny', model);
    const scorer = causalScorer(model, pool);
    for (const { name, sequences, token_ids: ids, attention_mask: mask } of cases) {
      const expected = tensor(`${name}.token_logprob_f64`);
      const rows = sequences.map((text) => Int32Array.from(model.tokenizer.encodeResidues(text)));
      const scores = await scorer.score(rows);
      const sums = await collect(scoreSequences(model, pool, named(sequences), { method: 'log-likelihood' }));
      sequences.forEach((_text, b) => {
        const tokens = mask[b].reduce((a, c) => a + c, 0);
        const own = expected.data.slice(b * (ids[0].length - 1), b * (ids[0].length - 1) + tokens - 1);
        expectClose(scores[b], own, name);
        const sum = own.reduce((a, c) => a + c, 0);
        expect(sums[b].values[0]).toBeCloseTo(sum, 3);
        expect(sums[b].values[1]).toBeCloseTo(Math.exp(-sum / own.length), 3);
      });
    }
    await scorer.release();
  });

  it('of a reversed model reads from the other end', async () => {
    const folder = path.join(temporaryFolder(), 'reversed');
    cpSync(references.get('gpt2_tiny')!, folder, { recursive: true });
    const file = path.join(folder, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, biseq_reading_order: 'reverse' }));
    const [forward, reversed] = [await open('gpt2_tiny'), await openLanguageModel(folder)];
    const score = async (model: LanguageModel, text: string) =>
      (await collect(scoreSequences(model, pool, named([text]), { method: 'log-likelihood' })))[0].values;
    expect(await score(reversed, 'MKTAYI')).toEqual(await score(forward, 'IYATKM'));
    const wildType = encode(forward.alphabet, 'MKTAYI');
    const a = await letterLogProbabilities(reversed, forward.alphabet, pool, wildType);
    const b = await letterLogProbabilities(forward, forward.alphabet, pool, wildType.slice().reverse());
    const rows = (table: Float64Array) =>
      [...wildType.keys()].map((i) => [...table.slice(i * 20, i * 20 + 20)]);
    expect(rows(a)).toEqual(rows(b).reverse());
  });
});

describe.skipIf(none)('masked scores', () => {
  it.each(masked)('%s: pseudo-perplexity is that of brute force from logits', async (name) => {
    const model = await open(name);
    const { mask } = model.tokenizer.special;
    const logProbability = await bruteForce(model);
    const { cases } = plainCases(name, model);
    const texts = cases
      .filter(({ sequences }) => sequences.length === 1)
      .map(({ sequences }) => sequences[0]);
    const scored = await collect(scoreSequences(model, pool, named(texts), { method: 'pseudo-perplexity' }));
    for (const [b, text] of texts.entries()) {
      const row = Int32Array.from(model.tokenizer.encodeResidues(text));
      const residues = model.tokenizer.residueMask(row);
      const logs: number[] = [];
      for (const [token, id] of row.entries()) {
        if (residues[token] === 0) continue;
        const hidden = row.slice();
        hidden[token] = mask!;
        logs.push((await logProbability(hidden, token))[id]);
      }
      const sum = logs.reduce((a, c) => a + c, 0);
      expect(Math.abs(scored[b].values[0] - sum)).toBeLessThan(2e-5 * logs.length);
      expect(Math.abs(Math.log(scored[b].values[1]) + sum / logs.length)).toBeLessThan(2e-5);
    }
  });

  it('are refused by causal models, overlapping k-mers and models without a head', async () => {
    const gpt2 = await open('gpt2_tiny');
    expect(() => maskedScorer(gpt2, pool)).toThrow(ModelError);
    const dnabert = await open('dnabert3_tiny');
    expect(() => maskedScorer(dnabert, pool)).toThrow(/k-mers end to end/);
    const esm = await open('esm2_tiny');
    expect(() => causalScorer(esm, pool)).toThrow(/expected a causal model, got ESM-2/);
    const body = await open('esm2_body_odd');
    const run = collect(scoreSequences(body, pool, named(['MKT']), { method: 'pseudo-perplexity' }));
    await expect(run).rejects.toThrow(/lm_head/);
    await expect(run).rejects.toThrow(ModelError);
  });
});

describe.skipIf(none)('log-likelihood ratios', () => {
  const characters = masked.filter((name) => name !== 'nt_v1_tiny');

  it.each([...characters, 'gpt2_tiny'])(
    '%s: wild-type marginals are those of the reference logits',
    async (name) => {
      const model = await open(name);
      const { cases, tensor } = plainCases(name, model);
      const { alphabet } = model;
      const columns = model.tokenizer.letters.columns(alphabet, 1);
      for (const { name: key, sequences } of cases.filter((one) => one.sequences.length === 1)) {
        const wildType = encode(alphabet, sequences[0]);
        const logits = tensor(`${key}.logits_f64`);
        const V = logits.shape[2];
        const shift = model.architecture.causal ? 1 : 0;
        const expected = [...wildType.keys()].flatMap((i) => {
          const at = (i + 1 - shift) * V;
          const logs = logSoftmax(logits.data.slice(at, at + V));
          return Array.from(columns, (column) => logs[column]);
        });
        const marginals = 'wild-type';
        const found = await letterLogProbabilities(model, alphabet, pool, wildType, { marginals });
        expectClose(found, expected, key, name === 'esmc_tiny' ? 4e-4 : 1e-4);
      }
    },
  );

  it('by masked marginals are those of brute force, summed over mutations', async () => {
    const model = await open('esm2_tiny');
    const { alphabet } = model;
    const text = 'MKTAYIAKQR';
    const wildType = encode(alphabet, text);
    const columns = model.tokenizer.letters.columns(alphabet, 1);
    const logProbability = await bruteForce(model);
    const row = Int32Array.from(model.tokenizer.encodeResidues(text));
    const table = await Promise.all(
      Array.from(wildType, async (_code, i) => {
        const hidden = row.slice();
        hidden[i + 1] = model.tokenizer.special.mask!;
        return logProbability(hidden, i + 1);
      }),
    );
    const ratio = (variant: string) =>
      [...variant].reduce(
        (sum, letter, i) => sum + table[i][columns[alphabet.code(letter)]] - table[i][columns[wildType[i]]],
        0,
      );
    const variants = [text, 'MKTAYIAKQA', 'AKTAYIWKQR', 'WWWWWWWWWW'];
    const method = { method: 'llr', wildType, alphabet, marginals: 'masked' } as const;
    const scored = await collect(scoreSequences(model, pool, named(variants), method));
    expect(scored.map(({ values }) => values[0])).toEqual([0, 1, 2, 10]);
    scored.forEach(({ values }, i) => expect(Math.abs(values[1] - ratio(variants[i]))).toBeLessThan(1e-4));
    expect(scored[0].values[1]).toBe(0);
  });

  it('are a feature map whose gradient is exact everywhere', async () => {
    const model = await open('esm2_tiny');
    const { alphabet } = model;
    const wildType = encode(alphabet, 'MKTAYIAKQR');
    const map = await logLikelihoodRatio(model, alphabet, pool, wildType);
    const other = await logLikelihoodRatio(model, alphabet, pool, wildType, { marginals: 'wild-type' });
    expect(map.key).not.toBe(other.key);
    expect(map.width).toBe(1);
    const random = createRandom('variants');
    const variants = [wildType, ...[1, 2, 3].map(() => wildType.map(() => random.integer(20)))];
    const features = await map.features(variants);
    expect(features[0]).toBe(0);
    const [L, A, K] = [wildType.length, 20, 2];
    const cotangents = Float64Array.from({ length: variants.length * K }, () => random.normal());
    const { data } = await map.vjp(variants, cotangents, K);
    // Linear: a substitution changes the feature by the difference of two entries of the gradient.
    for (const [b, variant] of variants.entries()) {
      for (let i = 0; i < L; i++) {
        const changed = variant.slice();
        changed[i] = (variant[i] + 7) % A;
        const [value] = await map.features([changed]);
        for (let k = 0; k < K; k++) {
          const at = ((b * K + k) * L + i) * A;
          const step = data[at + changed[i]] - data[at + variant[i]];
          expect(step).toBeCloseTo(cotangents[b * K + k] * (value - features[b]), 10);
        }
      }
    }
  });

  it('refuse other lengths, other letters, and models that read k-mers', async () => {
    const model = await open('esm2_tiny');
    const { alphabet } = model;
    const method = { method: 'llr', wildType: encode(alphabet, 'MKT'), alphabet } as const;
    const score = (text: string) =>
      collect(scoreSequences(model, pool, [{ id: 'odd', text, file: 'v.csv', line: 3 }], method));
    await expect(score('MKTA')).rejects.toThrow(
      /v\.csv:3: sequence odd is not of the wild type's length; expected 3/,
    );
    await expect(score('MKX')).rejects.toThrow(/v\.csv:3: letter 'X' at position 3/);
    await expect(score('MKX')).rejects.toThrow(InputError);
    const nt = await open('nt_v1_tiny');
    const wildType = encode(nt.alphabet, 'ACGTACGT');
    await expect(logLikelihoodRatio(nt, nt.alphabet, pool, wildType)).rejects.toThrow(/tokens of 6 letters/);
    const gpt2 = await open('gpt2_tiny');
    await expect(
      letterLogProbabilities(gpt2, gpt2.alphabet, pool, encode(gpt2.alphabet, 'MKT'), {
        marginals: 'masked',
      }),
    ).rejects.toThrow(ModelError);
  });
});
