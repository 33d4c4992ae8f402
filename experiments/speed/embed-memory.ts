/**
 * Peak memory of embedding 5,000, 50,000 and 100,000 sequences of 8 letters, each in a process of its own:
 *   npx tsx experiments/speed/embed-memory.ts
 * The model is one layer of width 320 with random weights: the embeddings alone are 61 MB of 50,000.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRandom } from '../../src/core/random.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { writeSafetensors } from '../../src/lm/io/safetensors-writer.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';
import { parseRecipe } from '../../src/lm/training/recipe.js';
import { embedToFile } from '../../src/run/lm/embed-file.js';

const LETTERS = 'ACDEFGHIKLMNPQRSTVWY';
const LENGTH = 8;

function writeModel(folder: string): void {
  const recipe = parseRecipe(JSON.parse(readFileSync('experiments/lm/protein.json', 'utf8')));
  const sizes = { hidden_size: 320, num_hidden_layers: 1, num_attention_heads: 20, intermediate_size: 64 };
  const config = { ...recipe.model, ...sizes };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'vocab.txt'), recipe.vocabulary.join('\n'));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), '{"tokenizer_class": "EsmTokenizer"}');
  const random = createRandom(0);
  const tensors = lossGraph(esm(parseEsmConfig(config))).parameters.map(({ name, shape }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return { name, shape, data: Float32Array.from({ length: count }, () => 0.05 * random.normal()) };
  });
  writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
}

function writeFasta(file: string, count: number): void {
  const random = createRandom(count);
  const letters = () =>
    Array.from({ length: LENGTH }, () => LETTERS[random.integer(LETTERS.length)]).join('');
  writeFileSync(file, Array.from({ length: count }, (_, i) => `>s${i}\n${letters()}\n`).join(''));
}

/** Embeds in this process, and says how large it grew, in MB. */
async function child([model, fasta, out]: string[]): Promise<void> {
  await embedToFile(fasta, out, { model, workers: 1 });
  process.stdout.write(`${process.resourceUsage().maxRSS / 1024}`);
}

function parent(): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'biseq-embed-'));
  try {
    writeModel(folder);
    console.log('| file | sequences | size MB | peak MB |\n|---|---|---|---|');
    for (const ending of ['npy', 'parquet']) {
      for (const count of [5_000, 50_000, 100_000]) {
        const [fasta, out] = [path.join(folder, 'in.fasta'), path.join(folder, `out-${count}.${ending}`)];
        writeFasta(fasta, count);
        const args = [...process.execArgv, process.argv[1], 'child', folder, fasta, out];
        const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
        if (status !== 0) throw new Error(stderr);
        const size = (statSync(out).size / 2 ** 20).toFixed(0);
        console.log(
          `| .${ending} | ${count.toLocaleString('en-US')} | ${size} | ${Number(stdout).toFixed(0)} |`,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'child') await child(process.argv.slice(3));
else parent();
