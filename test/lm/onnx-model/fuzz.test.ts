import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { readOnnxFile } from '../../../src/graph/import/model-file.js';
import { onnxArchitecture } from '../../../src/lm/onnx-model/architecture.js';
import { parseDescription } from '../../../src/lm/onnx-model/description.js';
import { externalFiles } from '../../../src/lm/onnx-model/external.js';
import { disturb, mutate, structure } from './mutate.js';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../onnx');
/** Far above what any takes, far below what a file that claims 2^60 bytes could take. */
const [LONGEST_MS, MOST_BYTES] = [10_000, 600e6];

/** Opens damaged copies of a model: each is accepted or refused with a ModelError. */
function openAll(name: string, copies: number, damage: (bytes: Uint8Array) => Uint8Array): number {
  const file = path.join(folder, `${name}.onnx`);
  const bytes = new Uint8Array(readFileSync(file));
  const json = path.join(folder, `${name}.json`);
  const description = parseDescription(JSON.parse(readFileSync(json, 'utf8')), json);
  const before = process.memoryUsage().rss;
  let accepted = 0;
  for (let i = 0; i < copies; i++) {
    const damaged = damage(bytes);
    const started = process.cpuUsage();
    try {
      onnxArchitecture(readOnnxFile(damaged, file, externalFiles(file)), description);
      accepted++;
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
    }
    // Time of the processor, not of the clock: the machine may be busy.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(LONGEST_MS);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_BYTES);
  return accepted;
}

describe('damaged ONNX files', () => {
  it.each(['protbert_tiny.dynamo-eager-18', 'esm2_tiny.dynamo-sdpa-23'])('%s with damaged bytes', (name) => {
    const random = createRandom(`bytes of ${name}`);
    const stretches = structure(new Uint8Array(readFileSync(path.join(folder, `${name}.onnx`))));
    openAll(name, 1200, (bytes) => mutate(bytes, stretches, random));
  });

  it.each(['protbert_tiny.dynamo-eager-18', 'gpt2_tiny.dynamo-sdpa-18'])(
    '%s with other nodes and tensors',
    (name) => {
      const random = createRandom(`nodes of ${name}`);
      const accepted = openAll(name, 300, (bytes) => disturb(bytes, random));
      // Some changes are harmless: the fuzzing reaches every depth.
      expect(accepted).toBeGreaterThan(0);
    },
  );
});
