import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encode, hammingDistance } from '../../src/core/alphabet.js';
import type { LanguageModel } from '../../src/lm/language-model.js';
import { compileGraph } from '../../src/lm/runner.js';
import { logLikelihoodRatio } from '../../src/lm/score/llr-features.js';
import { tokenProbabilityGraph } from '../../src/lm/score/graphs.js';
import type { Pool } from '../../src/runtime/pool.js';
import { type DirectedModel, directedModel } from '../../src/verify/trlm/directed-model.js';
import { otherStrand } from '../../src/verify/trlm/flanks.js';
import { type Candidate, type DirectedPair, scoreTrlm } from '../../src/verify/trlm/score.js';
import type { Problem } from './tables.js';

/** The models that are compared. */
export interface Models {
  forward: LanguageModel;
  reverse: LanguageModel;
  masked: LanguageModel;
}

/** Log-probabilities of each candidate of a pool, by what was asked. */
export type Columns = Record<string, number[]>;

const textOf = ({ leftFlank, region, rightFlank }: Candidate) => leftFlank + region + rightFlank;

/** Answers a repeated question (another recall of the same texts) from memory. */
function remembering(model: DirectedModel): DirectedModel {
  let last: { texts: string; answer: Promise<Float64Array[]> } | null = null;
  return {
    order: model.order,
    letterLogProbabilities(texts, signal) {
      const asked = texts.join();
      if (last?.texts !== asked) last = { texts: asked, answer: model.letterLogProbabilities(texts, signal) };
      return last.answer;
    },
  };
}

/** Terms of the pair: `forward`, `reverse` (the left flank), `whole` (every letter, backwards), with a prefix. */
async function terms(pair: DirectedPair, candidates: readonly Candidate[], prefix: string): Promise<Columns> {
  const flank = await scoreTrlm(pair, candidates, { alpha: 0 });
  const whole = await scoreTrlm(pair, candidates, { alpha: 0, recall: 'whole' });
  return {
    [`${prefix}forward`]: flank.map(({ forward }) => forward),
    [`${prefix}reverse`]: flank.map(({ reverse }) => reverse),
    [`${prefix}whole`]: whole.map(({ reverse }) => reverse),
  };
}

/** What the pair says; of both strands for DNA. */
export async function pairColumns(
  { forward, reverse }: Models,
  pool: Pool,
  candidates: readonly Candidate[],
): Promise<Columns> {
  const compiled = [directedModel(forward, pool, 'forward'), directedModel(reverse, pool, 'reverse')];
  const [ahead, back] = compiled.map(remembering);
  const pair = { forward: ahead, reverse: back };
  try {
    const given = await terms(pair, candidates, '');
    if (forward.alphabet.name !== 'dna') return given;
    return { ...given, ...(await terms(pair, candidates.map(otherStrand), 'other ')) };
  } finally {
    for (const one of compiled) await one.release();
  }
}

/** Masked marginals of the wild type: sum over positions of log p(letter) - log p(wild-type letter). */
export async function marginalColumns(
  { masked }: Models,
  pool: Pool,
  { wildType, alphabet }: Problem,
  candidates: readonly Candidate[],
): Promise<Columns> {
  if (wildType === null) return {};
  const sequences = candidates.map((candidate) => encode(alphabet, textOf(candidate)));
  const map = await logLikelihoodRatio(masked, alphabet, pool, encode(alphabet, textOf(wildType)));
  return { marginals: [...(await map.features(sequences))] };
}

/** Minus the number of mutations: the simplest guess of what still works. */
export function mutationColumns({ wildType, alphabet }: Problem, candidates: readonly Candidate[]): Columns {
  if (wildType === null) return {};
  const origin = encode(alphabet, wildType.region);
  return { fewest: candidates.map(({ region }) => -hammingDistance(encode(alphabet, region), origin)) };
}

/**
 * The masked model's pseudo-log-likelihood of the region: sum of log p(letter | the rest), the letters of a group hidden
 * at once. Exp of minus its mean is the pseudo-perplexity, so the two rank alike.
 */
export async function pseudoColumns(
  { masked }: Models,
  pool: Pool,
  { hidden, alphabet }: Problem,
  candidates: readonly Candidate[],
): Promise<Columns> {
  const mask = masked.tokenizer.special.mask!;
  const items = candidates.flatMap((candidate, c) => {
    const ids = masked.tokenizer.encodeSequence(alphabet, encode(alphabet, textOf(candidate)));
    return hidden.map((group) => {
      const tokens = group.map((i) => 1 + candidate.leftFlank.length + i);
      return { c, ids, tokens, row: ids.map((id, t) => (tokens.includes(t) ? mask : id)) };
    });
  });
  const sums = candidates.map(() => 0);
  const parts = new Map<number, number>();
  const compiled = compileGraph(pool, masked, () => tokenProbabilityGraph(masked), 'log_probability');
  await compiled.run(
    items.map(({ row }) => row),
    ({ data, shape }, plan) =>
      plan.rows.forEach((index, b) => {
        const { ids, tokens } = items[index];
        const at = (t: number) => Number(data[(b * plan.length + t) * shape[2] + ids[t]]);
        parts.set(
          index,
          tokens.reduce((sum, t) => sum + at(t), 0),
        );
      }),
  );
  await compiled.release();
  items.forEach(({ c }, index) => (sums[c] += parts.get(index)!));
  return { pseudo: sums };
}

/** Lines of a file that hold columns by key: what was computed once is read back. */
export function columnStore(file: string) {
  const known = new Map<string, Columns>();
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file)) {
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { key, columns } = JSON.parse(line) as { key: string; columns: Columns };
      known.set(key, columns);
    }
  }
  return {
    get: (key: string) => known.get(key),
    async compute(key: string, work: () => Promise<Columns>): Promise<Columns> {
      const columns = known.get(key) ?? (await work());
      if (!known.has(key)) appendFileSync(file, `${JSON.stringify({ key, columns })}\n`);
      known.set(key, columns);
      return columns;
    },
  };
}
