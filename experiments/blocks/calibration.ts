/**
 * How well the posterior knows its errors, on rows that were not measured.
 * Usage: npx tsx experiments/blocks/calibration.ts [TASK,...] [draws] > experiments/blocks/calibration.md
 */
import { createRandom } from '../../src/core/random.js';
import { meanInterval, normalQuantile, spearman } from '../../src/stats/index.js';
import { taskOf } from './data.js';
import { fitDefault } from './tools.js';

const LEVELS = [0.5, 0.8, 0.95];
/** Rows asked for a draw: the variance of each costs rows times features. */
const ASKED = 400;

/** Coverages, mean standardised squared error, and rank correlation of absolute errors with standard deviations. */
async function calibration(name: string, plate: number): Promise<number[]> {
  const task = taskOf(name, plate);
  const fit = await fitDefault(task);
  const random = createRandom(`calibration ${name} ${plate}`);
  const rows = random.shuffle(task.pool.sequences.map((_, i) => i)).slice(0, ASKED);
  const phi = await fit.featureMap.features(rows.map((row) => task.pool.sequences[row]));
  const D = fit.featureMap.width;
  const errors: number[] = [];
  const deviations: number[] = [];
  rows.forEach((row, i) => {
    const x = phi.subarray(i * D, (i + 1) * D);
    errors.push(fit.scale.fromUserUnits(task.pool.scores[row]) - fit.head.predict(x));
    deviations.push(Math.sqrt(fit.posterior.variance(x)));
  });
  const within = LEVELS.map((level) => {
    const z = normalQuantile((1 + level) / 2);
    return errors.filter((error, i) => Math.abs(error) <= z * deviations[i]).length / errors.length;
  });
  const squared = errors.reduce((sum, error, i) => sum + (error / deviations[i]) ** 2, 0) / errors.length;
  return [...within, squared, spearman(errors.map(Math.abs), deviations)];
}

const [names = 'gb1,aav,e4b,yeast', draws = '8'] = process.argv.slice(2);
console.log(`# Calibration of the posterior

Made by \`npx tsx experiments/blocks/calibration.ts ${names} ${draws}\`: ${draws} draws of 384 measured rows (seed of the fit 0), ${ASKED} other rows asked for each.
Errors and standard deviations are on the working scale of the scores. A perfect posterior covers 50, 80 and 95 %, and has a mean standardised squared error of 1. ± is half of the 95 % interval by Student's t over the draws.

| task | 50 % | 80 % | 95 % | standardised squared error | Spearman of abs(error) and sd |
|---|---|---|---|---|---|`);
for (const name of names.split(',')) {
  const found: number[][] = [];
  for (let plate = 0; plate < Number(draws); plate++) found.push(await calibration(name, plate));
  const columns = found[0].map((_, c) => {
    const { mean, high } = meanInterval(found.map((row) => row[c]));
    return `${mean.toFixed(3)} ± ${(high - mean).toFixed(3)}`;
  });
  console.log(`| ${name} | ${columns.join(' | ')} |`);
}
