/**
 * What a second worker brings, and what is left when another program keeps one core busy:
 *   npm run bench:workers
 * ESM-2 8M architecture, features and their gradient to the letters, 64 residues, batches of one; wall time, alternating.
 * Nothing else should run on the machine.
 */
import { spawn } from 'node:child_process';
import { createRandom } from '../../src/core/random.js';
import { serialise } from '../../src/graph/serialise.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { vjpGraph } from '../../src/lm/feature-graph.js';
import { batchFeeds, feedsFor } from '../../src/lm/training/batch.js';
import { initialWeights } from '../../src/lm/training/initialise.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';
import { createPool, type Pool, type PooledSession } from '../../src/runtime/pool.js';

const HIDDEN = 320;
const TOKENS = 66;
const RUNS = 60;
const PAIRS = 7;
const architecture = esm(
  parseEsmConfig({
    vocab_size: 33,
    hidden_size: HIDDEN,
    num_hidden_layers: 6,
    num_attention_heads: 20,
    intermediate_size: 4 * HIDDEN,
    max_position_embeddings: 1026,
    layer_norm_eps: 1e-12,
    position_embedding_type: 'rotary',
    token_dropout: true,
    pad_token_id: 1,
    mask_token_id: 32,
  }),
);
const random = createRandom(0);
const weights = initialWeights(lossGraph(architecture).parameters, random);
const letters = Array.from({ length: 33 }, (_, id) => id);
const graph = vjpGraph(architecture, { read: (name: string) => weights.get(name)! }, letters);
const bytes = serialise(graph);
const feeds = feedsFor(graph.inputs, {
  ...batchFeeds(
    architecture,
    [{ ids: Int32Array.from({ length: TOKENS }, () => 4 + random.integer(20)) }],
    TOKENS,
    1,
  ),
  pool: { data: new Float32Array(TOKENS).fill(1 / TOKENS), shape: [1, 1, TOKENS] },
  cotangent: { data: Float32Array.from({ length: HIDDEN }, () => random.normal()), shape: [1, HIDDEN] },
});

/** Sequences a second over `RUNS` runs dealt out to the workers of the pool. */
async function rate(session: PooledSession): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: RUNS }, () => session.run(feeds)));
  return (1e3 * RUNS) / (performance.now() - began);
}

const median = (xs: number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const pools: Pool[] = [createPool(1), createPool(2)];
const [one, two] = await Promise.all(pools.map((pool) => pool.create(bytes)));
await rate(one);
await rate(two);

async function compare(baseline: PooledSession, other: () => Promise<number>): Promise<number[]> {
  const rows: number[][] = [];
  for (let i = 0; i < PAIRS; i++) rows.push([await rate(baseline), await other()]);
  return [median(rows.map(([a]) => a)), median(rows.map(([, b]) => b)), median(rows.map(([a, b]) => b / a))];
}

async function besideBusyCore(session: PooledSession): Promise<number> {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return await rate(session);
  } finally {
    busy.kill('SIGKILL');
  }
}

console.log('| | one worker, idle machine: seq/s | seq/s | ratio (median of pairs) |\n|---|---|---|---|');
const rows: [string, () => Promise<number>][] = [
  ['two workers', () => rate(two)],
  ['one worker, another program on one core', () => besideBusyCore(one)],
  ['two workers, another program on one core', () => besideBusyCore(two)],
];
for (const [name, run] of rows) {
  const [base, other, ratio] = await compare(one, run);
  console.log(`| ${name} | ${base.toFixed(1)} | ${other.toFixed(1)} | ${ratio.toFixed(2)} |`);
}
await Promise.all(pools.map((pool) => pool.close()));
