/**
 * Start-up time and private memory of a model of ESM-2 150M's size (random weights, written to a temporary folder):
 *   npm run bench:memory
 * Linux only: memory is read from /proc/self/status (RssAnon is private, RssFile is mapped and shared).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRandom } from '../../src/core/random.js';
import { serialise } from '../../src/graph/serialise.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { vjpGraph } from '../../src/lm/feature-graph.js';
import { writeSafetensors } from '../../src/lm/io/safetensors-writer.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { batchFeeds, feedsFor } from '../../src/lm/training/batch.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';
import { parseRecipe } from '../../src/lm/training/recipe.js';
import { createSession } from '../../src/runtime/session.js';

const recipe = parseRecipe(JSON.parse(readFileSync('experiments/lm/protein.json', 'utf8')));
const sizes = { hidden_size: 640, num_hidden_layers: 30, num_attention_heads: 20, intermediate_size: 2560 };
const config = { ...recipe.model, ...sizes };

function writeModel(folder: string): void {
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'vocab.txt'), recipe.vocabulary.join('\n'));
  writeFileSync(
    path.join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'EsmTokenizer' }),
  );
  const random = createRandom(0);
  const noise = Float32Array.from({ length: 1 << 16 }, () => 0.02 * random.normal());
  const tensors = lossGraph(esm(parseEsmConfig(config))).parameters.map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++)
      data[i] = /norm.*\.weight$/i.test(name) ? 1 : noise[i % noise.length];
    return { name, shape, data };
  });
  writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
}

function megabytes(key: string): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)![1]) / 1024;
}

const report = (what: string, since: number) =>
  console.log(
    `| ${what} | ${(performance.now() - since).toFixed(0)} | ${megabytes('RssAnon').toFixed(0)} | ${megabytes('RssFile').toFixed(0)} |`,
  );

const folder = mkdtempSync(path.join(tmpdir(), 'biseq-memory-'));
if (process.argv[2] === 'write') {
  writeModel(process.argv[3]);
} else {
  const { spawnSync } = await import('node:child_process');
  // Written by another process, so that this one's memory is that of using the model alone.
  spawnSync(process.execPath, [...process.execArgv, process.argv[1], 'write', folder], { stdio: 'inherit' });
  await import('onnxruntime-node');
  console.log('| | ms | private MB | mapped MB |');
  console.log('|---|---|---|---|');
  report('before', performance.now());
  let since = performance.now();
  const model = await openLanguageModel(folder);
  report('model opened, files hashed', since);
  since = performance.now();
  const graph = vjpGraph(
    model.architecture,
    model.weights,
    Array.from({ length: 20 }, (_, i) => i + 4),
  );
  const session = await createSession(serialise(graph), { externalFolder: model.externalFolder });
  report('session of features and gradients ready', since);
  const T = 66;
  const feeds = {
    ...batchFeeds(
      model.architecture,
      [{ ids: Int32Array.from({ length: T }, (_, i) => 4 + (i % 20)) }],
      T,
      1,
    ),
    pool: { data: new Float32Array(T).fill(1 / T), shape: [1, 1, T] },
    cotangent: { data: new Float32Array(640).fill(1), shape: [1, 640] },
  };
  for (const run of ['first run, L = 64', 'second run']) {
    since = performance.now();
    await session.run(feedsFor(graph.inputs, feeds));
    report(run, since);
  }
}
rmSync(folder, { recursive: true, force: true });
