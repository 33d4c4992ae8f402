import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import type { Graph } from '../../../src/graph/builder.js';
import { serialise } from '../../../src/graph/serialise.js';
import { featureGraph, hiddenGraph, logitsGraph, vjpGraph } from '../../../src/lm/feature-graph.js';
import { openSafetensors } from '../../../src/lm/io/safetensors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { languageModelFeatures } from '../../../src/lm/lm-feature-map.js';
import { openModel } from '../../../src/lm/onnx-model/open-model.js';
import { openOnnxModel } from '../../../src/lm/onnx-model/open.js';
import { batchFeeds, feedsFor } from '../../../src/lm/training/batch.js';
import { createPool } from '../../../src/runtime/pool.js';
import { createSession, type Feeds } from '../../../src/runtime/session.js';
import { fixturePath } from '../../helpers/fixtures.js';

interface Case {
  name: string;
  token_ids: number[][];
  attention_mask: number[][];
  residue_mask: number[][];
}

/** The kept files, and any that scripts/export-onnx.py --all wrote where BISEQ_ONNX says. */
const folders = [
  path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../onnx'),
  process.env.BISEQ_ONNX,
].filter((folder): folder is string => !!folder);
const references = fixturePath('lm');
const files = folders
  .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
  .filter((file) => file.endsWith('.onnx') && references !== null);
const named = files.map((file) => [path.basename(file, '.onnx'), file] as const);
const fixtureOf = (file: string) => path.join(references!, path.basename(file).split('.')[0]);

/** The fixtures' README: absolute and relative tolerance of float32 against float64. */
const [ABSOLUTE, RELATIVE] = [5e-5, 1e-5];

function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  meaningful: (index: number) => boolean = () => true,
) {
  expect(actual.length, what).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i] - expected[i]) - RELATIVE * Math.abs(expected[i]);
    if (meaningful(i)) worst = Math.max(worst, Number.isNaN(off) ? Infinity : off);
  }
  expect(worst, what).toBeLessThan(ABSOLUTE);
}

describe.skipIf(files.length === 0)('models that PyTorch exported, against transformers', () => {
  it.each(named)('%s: hidden states, phi, logits and gradients', async (_name, file) => {
    const base = fixtureOf(file);
    const { cases } = JSON.parse(readFileSync(path.join(base, 'ref.json'), 'utf8')) as { cases: Case[] };
    const reference = openSafetensors(path.join(base, 'ref.safetensors'));
    const { architecture, weights, tokenizer } = await openOnnxModel(file);
    const [V, D] = [architecture.vocabularySize, architecture.hiddenSize];
    const compile = async (graph: Graph) => ({ graph, session: await createSession(serialise(graph)) });
    const everyToken = Array.from({ length: V }, (_, id) => id);
    const graphs = {
      hidden: await compile(hiddenGraph(architecture, weights)),
      logits: await compile(logitsGraph(architecture, weights)),
      phi: await compile(featureGraph(architecture, weights)),
      onehot: await compile(vjpGraph(architecture, weights, everyToken)),
      twice: await compile(vjpGraph(architecture, weights, null, 2)),
    };
    for (const one of cases) {
      const [B, T] = [one.token_ids.length, one.token_ids[0].length];
      const total = (mask: readonly number[]) => mask.reduce((a, b) => a + b, 0);
      const examples = one.token_ids.map((ids, b) => ({ ids: ids.slice(0, total(one.attention_mask[b])) }));
      const pool = Float32Array.from(one.residue_mask.flatMap((mask) => mask.map((m) => m / total(mask))));
      const cotangent = reference.readTensor(`${one.name}.v`).data;
      const feeds: Record<string, Feeds[string]> = {
        ...batchFeeds(architecture, examples, T, tokenizer.special.pad ?? 0),
        pool: { data: pool, shape: [B, 1, T] },
        cotangent: { data: cotangent, shape: [B, D] },
      };
      const run = async ({ graph, session }: Awaited<ReturnType<typeof compile>>, output: string) =>
        (await session.run(feedsFor(graph.inputs, feeds)))[output].data as Float32Array;
      const token = (width: number) => (index: number) =>
        one.attention_mask.flat()[Math.floor(index / width)] === 1;
      const expected = (what: string) => reference.readTensorFloat64(`${one.name}.${what}_f64`).data;
      const has = (what: string) => reference.tensors.has(`${one.name}.${what}_f64`);

      expectClose(await run(graphs.hidden, 'hidden'), expected('hidden'), `${one.name} hidden`, token(D));
      expectClose(await run(graphs.phi, 'phi'), expected('phi'), `${one.name} phi`);
      if (has('logits'))
        expectClose(await run(graphs.logits, 'logits'), expected('logits'), `${one.name} logits`, token(V));
      if (has('vjp_onehot'))
        expectClose(await run(graphs.onehot, 'gradient'), expected('vjp_onehot'), `${one.name} gradient`);

      // Two cotangents that share one forward pass: v and -2 v.
      feeds.cotangent = {
        data: Float32Array.from([...cotangent, ...cotangent.map((x) => -2 * x)]),
        shape: [2 * B, D],
      };
      const both = await run(graphs.twice, 'gradient');
      const wanted = Array.from(expected('grad_embed'));
      expectClose(both, [...wanted, ...wanted.map((x) => -2 * x)], `${one.name} gradients at the look-up`);
    }
    for (const { session } of Object.values(graphs)) await session.release();
  });

  it.each(named)('%s: takes sequences as long as the model itself does', async (_name, file) => {
    const [imported, own] = [await openOnnxModel(file), await openLanguageModel(fixtureOf(file))];
    const rotary = own.architecture.family === 'ESM-2';
    if (rotary) expect(imported.architecture.maxTokens).toBe(Number.MAX_SAFE_INTEGER);
    else expect(imported.architecture.maxTokens).toBe(own.architecture.maxTokens);
  });
});

describe.skipIf(files.length === 0)('the feature map of an imported model', () => {
  const pool = createPool(2);
  afterAll(() => pool.close());

  it.each(named)('%s: phi and letter gradients as of the model it was exported from', async (_name, file) => {
    const [imported, own] = [await openModel(file), await openModel(fixtureOf(file))];
    const { alphabet } = own;
    expect(imported.alphabet).toBe(alphabet);
    const random = createRandom(file);
    const L = 11;
    const sequences = Array.from({ length: 5 }, () =>
      Uint8Array.from({ length: L }, () => random.integer(alphabet.size)),
    );
    const maps = [imported, own].map((model) => languageModelFeatures(model, alphabet, pool));
    const [phi, expectedPhi] = await Promise.all(maps.map((map) => map.features(sequences)));
    expectClose(phi, expectedPhi, 'phi');
    const K = 3;
    const cotangents = Float64Array.from({ length: 5 * K * maps[0].width }, () => random.normal());
    const [gradients, expected] = await Promise.all(maps.map((map) => map.vjp(sequences, cotangents, K)));
    expect(gradients.data.length).toBe(5 * K * L * alphabet.size);
    expectClose(gradients.data, expected.data, 'letter gradients');
    // Bits depend on the sequence alone.
    const [again] = await Promise.all([maps[0].features([sequences[3]])]);
    expect([...again]).toEqual([...phi.subarray(3 * maps[0].width, 4 * maps[0].width)]);
    await Promise.all(maps.map((map) => map.release()));
  });

  const withData = files.filter((file) => existsSync(`${file}.data`));
  it.each(withData)('%s: weights that stay in their file', async (file) => {
    const models = [await openOnnxModel(file, { mapFrom: 0 }), await openOnnxModel(file)];
    expect(models.map((model) => model.externalFolder !== undefined)).toEqual([true, false]);
    const { architecture, weights } = models[0];
    const { constants } = featureGraph(architecture, weights);
    expect([...constants.values()].some(({ data }) => 'location' in data)).toBe(true);
    const sequence = Uint8Array.from({ length: 9 }, (_, i) => i % models[0].alphabet.size);
    const maps = models.map((model) => languageModelFeatures(model, model.alphabet, pool));
    const [mapped, held] = await Promise.all(maps.map((map) => map.features([sequence])));
    expectClose(mapped, held, 'phi');
    await Promise.all(maps.map((map) => map.release()));
  });
});
