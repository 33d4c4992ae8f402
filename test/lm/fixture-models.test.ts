import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/builder.js';
import { serialise } from '../../src/graph/serialise.js';
import { featureGraph, hiddenGraph, logitsGraph, vjpGraph } from '../../src/lm/feature-graph.js';
import { openSafetensors } from '../../src/lm/io/safetensors.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { letterGradient } from '../../src/lm/tokenizers/letter-gradient.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { batchFeeds, feedsFor } from '../../src/lm/training/batch.js';
import { createPool } from '../../src/runtime/pool.js';
import { createSession, type Feeds } from '../../src/runtime/session.js';
import { fixturePath } from '../helpers/fixtures.js';

interface Case {
  name: string;
  sequences: string[];
  token_ids: number[][];
  attention_mask: number[][];
  residue_mask: number[][];
}

const folder = fixturePath('lm');
const names = folder ? readdirSync(folder) : [];

/** The fixtures' README: absolute and relative tolerance of float32 against float64. */
const [ABSOLUTE, RELATIVE] = [5e-5, 1e-5];

function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  rows?: (index: number) => boolean,
) {
  expect(actual.length, what).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (rows && !rows(i)) continue;
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) - RELATIVE * Math.abs(expected[i]));
  }
  expect(worst, what).toBeLessThan(ABSOLUTE);
}

describe.skipIf(names.length === 0)('whole models against transformers', () => {
  it.each(names)('%s: hidden states, phi, logits and gradients to the one-hot input', async (name) => {
    const base = path.join(folder!, name);
    const { cases } = JSON.parse(readFileSync(path.join(base, 'ref.json'), 'utf8')) as { cases: Case[] };
    const reference = openSafetensors(path.join(base, 'ref.safetensors'));
    const expected = (key: string) => reference.readTensorFloat64(key).data;
    const model = await openLanguageModel(base);
    const { architecture, weights } = model;
    const V = architecture.vocabularySize;
    const D = architecture.hiddenSize;
    const compile = async (graph: Graph) => ({ graph, session: await createSession(serialise(graph)) });
    const hidden = await compile(hiddenGraph(architecture, weights));
    const features = await compile(featureGraph(architecture, weights));
    const toVocabulary = await compile(
      vjpGraph(
        architecture,
        weights,
        Array.from({ length: V }, (_, id) => id),
      ),
    );
    const toLookup = await compile(vjpGraph(architecture, weights, null));
    const twice = await compile(vjpGraph(architecture, weights, null, 2));
    const withHead = reference.tensors.has(`${cases[0].name}.logits_f64`);
    const head = withHead ? await compile(logitsGraph(architecture, weights)) : null;

    for (const one of cases) {
      const [B, T] = [one.token_ids.length, one.token_ids[0].length];
      const lengths = one.attention_mask.map((mask) => mask.reduce((a, b) => a + b, 0));
      const examples = one.token_ids.map((ids, b) => ({ ids: ids.slice(0, lengths[b]) }));
      const pool = Float32Array.from(
        one.residue_mask.flatMap((mask) => mask.map((m) => m / mask.reduce((a, b) => a + b, 0))),
      );
      const cotangent = reference.readTensor(`${one.name}.v`).data;
      const feeds: Record<string, Feeds[string]> = {
        ...batchFeeds(architecture, examples, T, model.tokenizer.special.pad ?? 0),
        pool: { data: pool, shape: [B, 1, T] },
        cotangent: { data: cotangent, shape: [B, D] },
      };
      const run = async ({ graph, session }: Awaited<ReturnType<typeof compile>>, output: string) =>
        (await session.run(feedsFor(graph.inputs, feeds)))[output].data as Float32Array;
      const meaningful = (width: number) => (index: number) =>
        one.attention_mask.flat()[Math.floor(index / width)] === 1;
      const label = (what: string) => `${name} ${one.name} ${what}`;

      expectClose(
        await run(hidden, 'hidden'),
        expected(`${one.name}.hidden_f64`),
        label('hidden'),
        meaningful(D),
      );
      expectClose(await run(features, 'phi'), expected(`${one.name}.phi_f64`), label('phi'));
      // Of large vocabularies the fixtures hold only the first case.
      const vjpKey = `${one.name}.vjp_onehot_f64`;
      if (reference.tensors.has(vjpKey)) {
        expectClose(await run(toVocabulary, 'gradient'), expected(vjpKey), label('vjp'));
      }
      const embedded = await run(toLookup, 'gradient');
      expectClose(embedded, expected(`${one.name}.grad_embed_f64`), label('gradient at the look-up'));
      if (head && reference.tensors.has(`${one.name}.logits_f64`))
        expectClose(
          await run(head, 'logits'),
          expected(`${one.name}.logits_f64`),
          label('logits'),
          meaningful(V),
        );

      // Two cotangents that share one forward pass: v and -2 v.
      feeds.cotangent = {
        data: Float32Array.from([...cotangent, ...cotangent.map((x) => -2 * x)]),
        shape: [2 * B, D],
      };
      const both = await run(twice, 'gradient');
      expectClose(both.subarray(0, embedded.length), embedded, label('first of two cotangents'));
      expectClose(
        both.subarray(embedded.length),
        embedded.map((x) => -2 * x),
        label('second of two cotangents'),
      );
    }
    for (const { session } of [hidden, features, toVocabulary, toLookup, twice, ...(head ? [head] : [])])
      await session.release();
  });
});

describe.skipIf(names.length === 0)('the feature map', () => {
  const pool = createPool(2);
  afterAll(() => pool.close());

  it.each(names)('%s: phi and letter gradients of plain sequences', async (name) => {
    const base = path.join(folder!, name);
    const { cases } = JSON.parse(readFileSync(path.join(base, 'ref.json'), 'utf8')) as { cases: Case[] };
    const reference = openSafetensors(path.join(base, 'ref.safetensors'));
    const model = await openLanguageModel(base);
    const map = languageModelFeatures(model, model.alphabet, pool);
    const plain = cases.filter(
      ({ name: key, sequences }) =>
        reference.tensors.has(`${key}.vjp_onehot_f64`) &&
        sequences.length === 1 &&
        [...sequences[0]].every((l) => model.alphabet.code(l) >= 0),
    );
    expect(plain.length).toBeGreaterThan(0);
    for (const one of plain) {
      const sequence = Uint8Array.from(one.sequences[0], (letter) => model.alphabet.code(letter));
      expectClose(
        await map.features([sequence]),
        reference.readTensorFloat64(`${one.name}.phi_f64`).data,
        one.name,
      );
      const v = Float64Array.from(reference.readTensor(`${one.name}.v`).data);
      const { data } = await map.vjp([sequence], v, 1);
      const full = reference.readTensorFloat64(`${one.name}.vjp_onehot_f64`);
      const letters = model.tokenizer.letters;
      const wanted = letterGradient(letters, model.alphabet, sequence, full.data, full.shape[2]);
      expectClose(data, wanted, `${one.name} letter gradients`);
    }
    await map.release();
  });
});
