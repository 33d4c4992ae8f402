import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { serialise } from '../../../src/graph/serialise.js';
import { featureGraph, vjpGraph } from '../../../src/lm/feature-graph.js';
import { openSafetensors } from '../../../src/lm/io/safetensors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { batchFeeds, feedsFor } from '../../../src/lm/training/batch.js';
import { createSession } from '../../../src/runtime/session.js';
import { fixturePath } from '../../helpers/fixtures.js';

interface Case {
  name: string;
  token_ids: number[][];
  attention_mask: number[][];
  residue_mask: number[][];
}

const folder = fixturePath('lm');
const names = folder ? readdirSync(folder) : [];

/** The fixtures' README: absolute and relative tolerance of float32 against float64. */
const [ABSOLUTE, RELATIVE] = [5e-5, 1e-5];

function worstExcess(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) - RELATIVE * Math.abs(expected[i]));
  return worst;
}

describe.skipIf(names.length === 0)('graphs of rows without padding, against transformers', () => {
  it.each(names)('%s: phi and its gradient at the look-up', async (name) => {
    const base = path.join(folder!, name);
    const { cases } = JSON.parse(readFileSync(path.join(base, 'ref.json'), 'utf8')) as { cases: Case[] };
    const reference = openSafetensors(path.join(base, 'ref.safetensors'));
    const { architecture, weights, tokenizer } = await openLanguageModel(base);
    const features = featureGraph(architecture, weights, 1, false);
    const gradients = vjpGraph(architecture, weights, null, 1, 1, false);
    if (!architecture.causal) expect(features.inputs.map((input) => input.name)).not.toContain('mask');
    const full = cases.filter((one) => one.attention_mask.flat().every((token) => token === 1));
    expect(full.length).toBeGreaterThan(0);
    const sessions = await Promise.all([features, gradients].map((graph) => createSession(serialise(graph))));
    for (const one of full) {
      const [B, T] = [one.token_ids.length, one.token_ids[0].length];
      const examples = one.token_ids.map((ids) => ({ ids }));
      const pool = one.residue_mask.flatMap((mask) => {
        const residues = mask.reduce((a, b) => a + b, 0);
        return mask.map((residue) => residue / residues);
      });
      const feeds = {
        ...batchFeeds(architecture, examples, T, tokenizer.special.pad ?? 0),
        pool: { data: Float32Array.from(pool), shape: [B, 1, T] },
        cotangent: {
          data: reference.readTensor(`${one.name}.v`).data,
          shape: [B, architecture.hiddenSize],
        },
      };
      const { phi } = await sessions[0].run(feedsFor(features.inputs, feeds));
      const { gradient } = await sessions[1].run(feedsFor(gradients.inputs, feeds));
      const expected = (key: string) => reference.readTensorFloat64(`${one.name}.${key}`).data;
      expect(worstExcess(phi.data as Float32Array, expected('phi_f64')), `${one.name} phi`).toBeLessThan(
        ABSOLUTE,
      );
      expect(
        worstExcess(gradient.data as Float32Array, expected('grad_embed_f64')),
        `${one.name} gradient`,
      ).toBeLessThan(ABSOLUTE);
    }
    await Promise.all(sessions.map((session) => session.release()));
  });
});
