/**
 * Designs by exhaustive scoring with the proxy, for the default choice of blocks and for simple tools.
 * Usage: npx tsx experiments/blocks/run.ts TASK[,TASK...] [plates from] [plates to]
 */
import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import type { BlocksFit } from '../../src/proxy/blocks/fit-blocks.js';
import { aav, e4b, gb1LowerHalf, gb1Plate, gfp, pbm, yeast } from './data.js';
import type { Landscape } from './data.js';

const CHUNK = 2048;

async function predictAll(fit: BlocksFit, sequences: readonly Sequence[]): Promise<Float64Array> {
  const out = new Float64Array(sequences.length);
  const D = fit.featureMap.width;
  for (let from = 0; from < sequences.length; from += CHUNK) {
    const batch = sequences.slice(from, from + CHUNK);
    const phi = await fit.featureMap.features(batch);
    batch.forEach((_, b) => (out[from + b] = fit.head.predict(phi.subarray(b * D, (b + 1) * D))));
  }
  return out;
}

function judge(task: Landscape, predicted: Float64Array, count: number) {
  const order = Uint32Array.from(predicted, (_, i) => i).sort((a, b) => predicted[b] - predicted[a] || a - b);
  const scores = Array.from(order.subarray(0, count), (i) => task.pool.scores[i]).sort((a, b) => a - b);
  return {
    mean: scores.reduce((sum, score) => sum + score, 0) / count,
    median: (scores[count >> 1] + scores[(count - 1) >> 1]) / 2,
    hits: scores.filter((score) => score >= task.top100).length,
  };
}

async function one(task: Landscape, count: number, name: string, options: { only?: string[] }) {
  const started = performance.now();
  const fit = await fitBlocks({
    alphabet: task.alphabet,
    ...task.measured,
    positions: task.positions,
    random: createRandom(0),
    only: options.only,
  });
  const fitted = (performance.now() - started) / 1000;
  const result = judge(task, await predictAll(fit, task.pool.sequences), count);
  console.log(
    name.padEnd(20),
    `mean ${result.mean.toFixed(3)} median ${result.median.toFixed(3)} hits ${result.hits} fit ${fitted.toFixed(1)} s`,
  );
  if (process.env.VERBOSE) console.log(JSON.stringify(fit.report, null, 1));
  return result;
}

const [names = 'tfbind8r', from = '0', to = '1'] = process.argv.slice(2);
for (const name of names.split(',')) {
  for (let plate = Number(from); plate < Number(to); plate++) {
    const choosing = { gb1: gb1Plate, e4b, aav, yeast, gfp }[name];
    const [task, count] = choosing
      ? [choosing(plate), 96]
      : name === 'tfbind8r'
        ? [pbm('tfbind8/SIX6_REF_R1_8mers.txt.gz', 5000), 128]
        : name === 'tfbind8'
          ? [pbm('tfbind8/SIX6_REF_R1_8mers.txt.gz', 32898), 128]
          : name === 'gb1-half'
            ? [gb1LowerHalf(), 96]
            : [pbm(name, 5000), 128];
    console.log(`# ${name} plate ${plate}`);
    await one(task, count, 'default', {});
    if (process.env.TOOLS) await one(task, count, 'onehot', { only: ['onehot'] });
  }
}
