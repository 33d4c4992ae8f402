/**
 * What is gained by taking designs by lower bounds, `mean - kappa sd`, in place of the best predicted, for several kappa.
 * Usage: npx tsx experiments/blocks/caution.ts [TASK,...] [draws] > experiments/blocks/caution.md
 */
import { mean, pairedDifference } from '../../src/stats/index.js';
import { taskOf } from './data.js';
import { byLowerBounds, fitDefault } from './tools.js';

const KAPPAS = [0, 0.5, 1, 2, 4];
/** Tables that are cut at a score are the same in every draw. */
const CUT = ['tfbind8r', 'tfbind8', 'gb1-half'];

/** Mean true score of the designs, for each kappa. */
async function scoresOf(name: string, plate: number): Promise<number[]> {
  const task = taskOf(name, plate);
  const fit = await fitDefault(task);
  const predicted = await fit.predict(task.pool.sequences);
  const found: number[] = [];
  for (const kappa of KAPPAS) {
    const designs = await byLowerBounds(fit, task, predicted, kappa);
    found.push(mean(designs.map((i) => task.pool.scores[i])));
  }
  return found;
}

const [names = 'aav,e4b,yeast,gb1,tfbind8r,tfbind8,gb1-half', draws = '4'] = process.argv.slice(2);
console.log(`# Designs by lower bounds

Made by \`npx tsx experiments/blocks/caution.ts\`: mean true score of the designs that are taken, of the 1,000 best predicted,
by \`mean - kappa sd\` (the default is kappa 1; 0 are the best predicted), and the paired gain over 0 with its 95 % interval over the draws.

| task | draws | ${KAPPAS.map((kappa) => `kappa ${kappa}`).join(' | ')} |
|---|---|${KAPPAS.map(() => '---').join('|')}|`);
for (const name of names.split(',')) {
  const rows: number[][] = [];
  for (let plate = 0; plate < (CUT.includes(name) ? 1 : Number(draws)); plate++)
    rows.push(await scoresOf(name, plate));
  const cells = KAPPAS.map((kappa, k) => {
    const own = rows.map((row) => row[k]);
    const centre = mean(own).toFixed(3);
    if (kappa === 0 || rows.length === 1) return centre;
    const gain = pairedDifference(
      own,
      rows.map((row) => row[0]),
    );
    return `${centre}, ${gain.mean.toFixed(3)} (${gain.low.toFixed(3)} to ${gain.high.toFixed(3)})`;
  });
  console.log(`| ${name} | ${rows.length} | ${cells.join(' | ')} |`);
}
