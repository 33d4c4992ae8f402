import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import { sequenceKey } from './sequence-key.js';
import type { Random } from '../core/random.js';
import { residueFeatures } from '../lm/embed/sites.js';
import type { LanguageModel } from '../lm/language-model.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import { logLikelihoodRatio } from '../lm/score/llr-features.js';
import type { Block } from '../proxy/blocks/block.js';
import { lmSites } from '../proxy/blocks/lm-sites.js';
import type { ResidueFeatureMap } from '../proxy/blocks/lm-sites.js';
import type { Pool } from '../runtime/pool.js';
import type { LmBlock } from './lm-block-names.js';
import { createMemo } from './memo.js';

/** What the blocks of a language model are made of. */
export interface LmBlocksRequest {
  model: LanguageModel;
  alphabet: Alphabet;
  pool: Pool;
  names: readonly LmBlock[];
  /** What `llr` compares with. */
  wildType: Sequence | null;
  /** 0-based designed positions, for `lm-sites`. */
  sites: readonly number[];
  /** The measured sequences. */
  sequences: readonly Sequence[];
  random: Random;
  /** Memory for the features of each block, so that no measured sequence takes two passes. Default 64 MiB. */
  memoBytes?: number;
  signal?: AbortSignal;
  /** Told how many sequences were read, for `lm-sites`. */
  onProgress?: (rows: number, total: number) => void;
}

const MEMO_BYTES = 64 * 2 ** 20;

/**
 * The blocks of a language model, in the order of their names.
 * @throws InputError where `llr` is asked for without a wild type
 */
export async function languageModelBlocks(request: LmBlocksRequest): Promise<Block[]> {
  const { model, alphabet, pool, names, signal, memoBytes = MEMO_BYTES } = request;
  const blocks: Block[] = [];
  for (const name of names) {
    if (name === 'lm-mean') {
      blocks.push({ name, map: remembering(languageModelFeatures(model, alphabet, pool), memoBytes) });
    } else if (name === 'llr') {
      const map = await logLikelihoodRatio(model, alphabet, pool, wildTypeOf(request), { signal });
      blocks.push({ name, map });
    } else {
      const { map, error } = await sitesBlock(request);
      blocks.push({ name, map: remembering(map, memoBytes), error });
    }
  }
  return blocks;
}

function wildTypeOf({ wildType }: LmBlocksRequest): Sequence {
  if (wildType !== null) return wildType;
  throw new InputError({
    what: 'the block llr compares with the wild type, and none is known',
    expected: 'a wild type',
    got: 'none',
    fix: 'Name the wild type, or leave the block out.',
  });
}

/** Rows that the principal components of `lm-sites` are fitted to. */
const COMPONENT_ROWS = 400;

async function sitesBlock(request: LmBlocksRequest) {
  const { model, alphabet, pool, sites, sequences, random, signal, onProgress } = request;
  const map = residueFeatures(model, alphabet, pool, sites);
  const total = Math.min(COMPONENT_ROWS, sequences.length);
  let read = 0;
  const residues: ResidueFeatureMap = {
    width: map.width / sites.length,
    key: map.key,
    async residues(asked, _positions, stop) {
      const states = await map.features(asked, stop);
      read += asked.length;
      if (read <= total) onProgress?.(read, total);
      return states;
    },
    vjp: (asked, _positions, cotangents, K, stop) => map.vjp(asked, cotangents, K, stop),
  };
  return lmSites(residues, sites, sequences, random.fork('lm-sites'), { rows: COMPONENT_ROWS, signal });
}

/** The same map, which reads no sequence twice while its features are remembered. */
function remembering(map: FeatureMap, maxBytes: number): FeatureMap {
  const memo = createMemo<Float64Array>(maxBytes);
  const D = map.width;
  return {
    ...map,
    async features(sequences, signal) {
      const keys = sequences.map(sequenceKey);
      const known = keys.map((key) => memo.get(key));
      const misses = sequences.filter((_, i) => known[i] === undefined);
      const fresh = misses.length === 0 ? [] : await map.features(misses, signal);
      const out = new Float64Array(sequences.length * D);
      let at = 0;
      known.forEach((remembered, i) => {
        const row = remembered ?? Float64Array.from(fresh.slice(at * D, ++at * D));
        out.set(row, i * D);
        if (remembered === undefined) memo.set(keys[i], row, row.byteLength + 2 * keys[i].length + 128);
      });
      return out;
    },
  };
}
