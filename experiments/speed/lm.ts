/**
 * Speed of the engine beside PyTorch eager, alternating in one run, one thread each, CPU time:
 *   npm run bench:lm -- --python /path/to/venv/bin/python [--pairs 9] [--full]
 * `--full`: graphs for rows without padding, which need no attention mask.
 * Nothing else should run on the machine.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/core/random.js';
import { type Graph, GraphBuilder } from '../../src/graph/builder.js';
import { serialise } from '../../src/graph/serialise.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { featureGraph, vjpGraph } from '../../src/lm/feature-graph.js';
import { batchFeeds, feedsFor } from '../../src/lm/training/batch.js';
import { initialWeights } from '../../src/lm/training/initialise.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';
import { createSession, type Feeds, type Session } from '../../src/runtime/session.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    pairs: { type: 'string', default: '9' },
    lengths: { type: 'string', default: '8,56,64,237' },
    kinds: { type: 'string', default: 'fwd,vjp' },
    batch: { type: 'string', default: '1' },
    hidden: { type: 'string', default: '320' },
    layers: { type: 'string', default: '6' },
    heads: { type: 'string', default: '20' },
    full: { type: 'boolean', default: false },
  },
});
const [hidden, layers, heads] = [values.hidden, values.layers, values.heads].map(Number);
const sizes = { hidden, layers, heads, ffn: 4 * hidden };
const architecture = esm(
  parseEsmConfig({
    vocab_size: 33,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: sizes.ffn,
    max_position_embeddings: 1026,
    layer_norm_eps: 1e-12,
    position_embedding_type: 'rotary',
    token_dropout: true,
    pad_token_id: 1,
    mask_token_id: 32,
  }),
);
const random = createRandom(0);
const loss = lossGraph(architecture);
const weights = initialWeights(loss.parameters, random);
const read = (name: string) => weights.get(name)!;

async function compile(graph: Graph): Promise<{ graph: Graph; session: Session }> {
  return { graph, session: await createSession(serialise(graph)) };
}

const graphs = {
  fwd: await compile(featureGraph(architecture, { read }, 1, !values.full)),
  vjp: await compile(
    vjpGraph(
      architecture,
      { read },
      Array.from({ length: 33 }, (_, id) => id),
      1,
      1,
      !values.full,
    ),
  ),
  train: await compile(loss.graph),
};

function feedsOf(L: number, B: number): Feeds {
  const T = L + 2;
  const examples = Array.from({ length: B }, () => {
    const ids = Int32Array.from({ length: T }, () => 4 + random.integer(20));
    ids[0] = 0;
    ids[T - 1] = 2;
    return { ids, labels: ids };
  });
  const pool = new Float32Array(B * T).fill(1 / L);
  for (let b = 0; b < B; b++) pool[b * T] = pool[b * T + T - 1] = 0;
  const cotangent = Float32Array.from({ length: B * hidden }, () => random.normal());
  const asWeights = Object.fromEntries(
    loss.parameters.map(({ name, shape }) => [name, { data: read(name), shape }]),
  );
  return {
    ...batchFeeds(architecture, examples, T, 1, 1 / (B * T)),
    ...asWeights,
    pool: { data: pool, shape: [B, 1, T] },
    cotangent: { data: cotangent, shape: [B, hidden] },
  };
}

async function ours(kind: keyof typeof graphs, L: number, B: number): Promise<number> {
  const { graph, session } = graphs[kind];
  const feeds = feedsFor(graph.inputs, feedsOf(L, B));
  const before = process.cpuUsage();
  await session.run(feeds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'torch_lm.py');
const torch = spawn(values.python, [script, '1', JSON.stringify(sizes)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({ input: torch.stdout })[Symbol.asyncIterator]();
await lines.next();
async function theirs(kind: string, L: number, B: number): Promise<number> {
  torch.stdin.write(`${kind} ${L} ${B}\n`);
  return Number(((await lines.next()).value as string).split(' ')[0]);
}

/** Floating-point operations of one sequence: forward; with gradients to the input; with gradients to the weights. */
function operations(kind: keyof typeof graphs, L: number): number {
  const T = L + 2;
  const products = 2 * T * (4 * hidden * hidden + 2 * hidden * sizes.ffn);
  const attention = 4 * T * T * hidden;
  const backward = products + 2 * attention + (kind === 'train' ? products : 0);
  return layers * (products + attention + (kind === 'fwd' ? 0 : backward));
}

/** The machine's own matrix-multiplication rate: best of a few float32 products 512 x 512 x 512, one thread, in operations/s. */
async function productRate(): Promise<number> {
  const size = 512;
  const g = new GraphBuilder();
  const [a, b] = [
    g.input('a', 'float32', [size, size]),
    g.constant(new Float32Array(size * size).fill(0.5), [size, size]),
  ];
  const session = await createSession(serialise(g.build({ y: g.matMul(a, b) })));
  const feeds = { a: { data: new Float32Array(size * size).fill(0.5), shape: [size, size] } };
  let best = Infinity;
  for (let i = 0; i < 30; i++) {
    const began = performance.now();
    await session.run(feeds);
    best = Math.min(best, (performance.now() - began) / 1e3);
  }
  return (2 * size ** 3) / best;
}

const median = (xs: number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const B = Number(values.batch);
const rate = await productRate();
console.log(`own product rate: ${(rate / 1e9).toFixed(0)} GFLOP/s a thread\n`);
console.log(
  '| run | L | B | ours ms | PyTorch ms | ratio (median of pairs) | ours seq/s | share of the own product rate |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const kind of values.kinds.split(',') as (keyof typeof graphs)[]) {
  for (const L of values.lengths.split(',').map(Number)) {
    const pairs: [number, number][] = [];
    for (let i = 0; i < Number(values.pairs) + 2; i++) {
      const pair: [number, number] = [await ours(kind, L, B), await theirs(kind, L, B)];
      if (i >= 2) pairs.push(pair);
    }
    const [us, them] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
    const ratio = median(pairs.map(([a, b]) => b / a));
    const cells = [
      kind,
      L,
      B,
      (1e3 * us).toFixed(1),
      (1e3 * them).toFixed(1),
      ratio.toFixed(2),
      (B / us).toFixed(1),
      `${((100 * operations(kind, L) * B) / us / rate).toFixed(0)} %`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
torch.stdin.end();
