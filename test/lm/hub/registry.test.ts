import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findModel, isHubId, REGISTRY, registryModel } from '../../../src/lm/hub/registry.js';
import { countParameters, memoryNeed, type NetworkShape } from '../../../src/lm/hub/size.js';
import { openCheckpoint } from '../../../src/lm/io/checkpoint.js';
import { fixturePath } from '../../helpers/fixtures.js';

describe('the registry', () => {
  it('holds each family that a lab asks for', () => {
    expect(REGISTRY.map(({ name, hubId }) => [name, hubId])).toMatchSnapshot();
    expect(new Set(REGISTRY.map(({ name }) => name)).size).toBe(REGISTRY.length);
    expect(new Set(REGISTRY.map(({ hubId }) => hubId)).size).toBe(REGISTRY.length);
    for (const model of REGISTRY) {
      expect(isHubId(model.hubId)).toBe(true);
      for (const text of [
        model.family,
        model.licence,
        model.licenceSource,
        model.citation,
        model.note,
        model.lengthNote,
      ])
        expect(text.length).toBeGreaterThan(2);
    }
  });

  it('holds no hash, revision or exact size: they cannot be known without the hub', () => {
    const text = JSON.stringify(REGISTRY);
    expect(text).not.toMatch(/[0-9a-f]{40}/);
    expect(text).not.toMatch(/"(revision|commit|sha256|bytes)"/);
  });

  it('finds by name and hub id, without regard to case', () => {
    expect(registryModel('ESM2-8M')?.hubId).toBe('facebook/esm2_t6_8M_UR50D');
    expect(findModel('facebook/ESM2_t6_8m_UR50D').name).toBe('esm2-8m');
    expect(findModel('a-lab/own')).toEqual({ name: 'a-lab/own', hubId: 'a-lab/own' });
    expect(() => findModel('protbertt')).toThrow(/Did you mean 'protbert'\?/);
  });
});

describe('counted parameters', () => {
  /** Bytes of the published float32 weights, as the hub's file pages show them (read in stored copies of the pages). */
  const published: Record<string, number> = {
    'esm2-8m': 31.4e6,
    'esm2-35m': 136e6,
    'esm2-150m': 595e6,
    'esm2-650m': 2.61e9,
    'esm1v-3': 2.61e9,
    'protbert-bfd': 1.68e9,
    'dnabert-3': 347e6,
    'dnabert-4': 347e6,
    'dnabert-5': 350e6,
    'dnabert-6': 359e6,
    'nt-500m-human-ref': 1_942_934_337,
    'nt-500m-1000g': 1_942_934_337,
    'nt-2.5b-multi-species': 9.91e9 + 278e6,
  };

  it.each(Object.entries(published))('of %s fit the size of the published file', (name, bytes) => {
    const { parameters } = registryModel(name)!;
    // pages round to three digits; pickles and unused poolers add a little
    expect(Math.abs((4 * parameters) / bytes - 1)).toBeLessThan(0.012);
  });

  const root = fixturePath('lm');
  const folders = root
    ? readdirSync(root).filter((name) => name !== 'gpt2_tiny' && name !== 'esm2_body_odd')
    : [];

  it.skipIf(!root).each(folders)('of %s are exactly what its file holds', async (name) => {
    const checkpoint = await openCheckpoint(path.join(root!, name));
    const config = checkpoint.config as Record<string, number | boolean | string>;
    const has = (part: string) => checkpoint.names().some((tensor) => tensor.includes(part));
    const shape: NetworkShape = {
      type: checkpoint.modelType as NetworkShape['type'],
      layers: config.num_hidden_layers as number,
      width: config.hidden_size as number,
      heads: config.num_attention_heads as number,
      inner: config.intermediate_size as number,
      vocabulary: config.vocab_size as number,
      positions: has('position_embeddings') ? (config.max_position_embeddings as number) : 0,
      embeddingNorm: config.emb_layer_norm_before === true,
      ownDecoder: has('decoder.weight'),
    };
    let stored = 0;
    for (const tensor of checkpoint.names()) {
      if (/inv_freq|position_ids/.test(tensor)) continue;
      stored += checkpoint.location(tensor).shape.reduce((a, b) => a * b, 1);
    }
    expect(countParameters(shape)).toBe(stored);
  });

  it('give the memory by the stated rule', () => {
    expect(memoryNeed(150e6)).toBe(4 * 150e6 + 0.3e9);
  });
});
