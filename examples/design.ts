/** The main job in ten lines: npx tsx examples/design.ts */
import { designFromTable, exampleTable, readTable } from '../src/index.js'; // from 'biseq' in a project of yours

const { file, options } = exampleTable('gb1');
const table = await readTable(file, options);
const run = await designFromTable(table, { count: 10, seed: 1 });
for (const { id, mutations, predicted, nearestId } of run.rows) {
  console.log(id, mutations, predicted.toFixed(3), `nearest measured: ${nearestId}`);
}
