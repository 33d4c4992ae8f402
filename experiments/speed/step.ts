/**
 * One BIB step at N = 500 and N = 50,000 measured rows, memo off, interleaved: its cost must not depend on N.
 *   npm run bench:step -- [--pairs 50] [--model data/models/protein-small]
 * Nothing else should run on the machine.
 */
import { parseArgs } from 'node:util';
import { encode, PROTEIN, type Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { bib } from '../../src/design/bib.js';
import { createObjective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { createPool } from '../../src/runtime/pool.js';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '50' },
    model: { type: 'string', default: 'data/models/protein-small' },
    rows: { type: 'string', default: '500,50000' },
    candidates: { type: 'string', default: '8' },
  },
});
const wildType = encode(PROTEIN, 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE');
const random = createRandom('step');

function mutant(): Sequence {
  const sequence = wildType.slice();
  for (let i = 0; i < 4; i++) sequence[random.integer(sequence.length)] = random.integer(PROTEIN.size);
  return sequence;
}

const pool = createPool();
const model = await openLanguageModel(values.model);
const featureMap = languageModelFeatures(model, PROTEIN, pool);

async function setUp(rows: number) {
  const sequences = Array.from({ length: rows }, mutant);
  const scores = Float64Array.from(sequences, () => random.normal());
  const { head, auxiliary } = await fitProxy({ featureMap, sequences, scores, random: random.fork(rows) });
  const problem = createProblem({ alphabet: PROTEIN, measured: sequences, reference: wildType });
  const objective = createObjective({ featureMap, head, auxiliary, memoBytes: 0 });
  const starts = sequences.slice(0, Number(values.candidates)).map((sequence, row) => ({ row, sequence }));
  return async () => {
    const began = performance.now();
    await bib({ steps: 1 }).design({ problem, objective, starts, random: createRandom(1) });
    return performance.now() - began;
  };
}

const median = (xs: number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const [few, many] = values.rows.split(',').map(Number);
const [small, large] = [await setUp(few), await setUp(many)];
for (let i = 0; i < 3; i++) await small().then(large);
const pairs: [number, number][] = [];
for (let i = 0; i < Number(values.pairs); i++) {
  // The order alternates, so that a drift of the machine's speed favours neither.
  const first = i % 2 === 0 ? await small() : await large();
  const second = i % 2 === 0 ? await large() : await small();
  pairs.push(i % 2 === 0 ? [first, second] : [second, first]);
}
console.log(
  `one step of ${values.candidates} candidates, memo off, median of ${pairs.length} interleaved pairs`,
);
console.log(
  `N = ${few}: ${median(pairs.map(([a]) => a)).toFixed(1)} ms; N = ${many}: ${median(pairs.map(([, b]) => b)).toFixed(1)} ms`,
);
console.log(`ratio ${median(pairs.map(([a, b]) => b / a)).toFixed(3)}`);
await pool.close();
