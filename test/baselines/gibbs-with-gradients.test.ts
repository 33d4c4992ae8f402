import { describe, expect, it } from 'vitest';
import { movesFrom, predictionSlopes } from '../../src/baselines/gibbs-with-gradients.js';
import { meanHead, modelObjective } from '../../src/baselines/model-objective.js';
import { createMethod } from '../../src/baselines/registry.js';
import { DNA } from '../../src/core/alphabet.js';
import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import type { Objective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { walkSpace } from '../../src/design/space-walk.js';

const reference = Uint8Array.of(0, 0, 0);
const problem = createProblem({
  alphabet: DNA,
  measured: [reference],
  reference,
  designable: [0, 1, 2],
  letters: 'ACG',
  maxMutations: 2,
});

/** A score with an interaction, and its gradient in the letters (of the multilinear continuation). */
const weights = [0, 0.4, -0.3, 0, 0, 0.5, 0.2, 0, 0, -0.6, 0.7, 0];
const scoreOf = (x: Sequence) =>
  x.reduce((sum, letter, i) => sum + weights[4 * i + letter], 0) + (x[0] === 1 && x[1] === 1 ? 0.5 : 0);
function gradientOf(x: Sequence): number[] {
  const gradient = weights.slice();
  if (x[1] === 1) gradient[1] += 0.5;
  if (x[0] === 1) gradient[5] += 0.5;
  return gradient;
}

function objective(seen?: (x: Sequence) => void): Objective {
  return modelObjective({
    head: meanHead(1),
    model: {
      key: 'toy',
      outputs: 1,
      evaluate: async (list) => {
        list.forEach((x) => seen?.(x));
        return Float64Array.from(list, scoreOf);
      },
      gradients: async (list) => Float64Array.from(list.flatMap(gradientOf)),
    },
  });
}

describe('Gibbs with gradients', () => {
  it('proposes by the softmax of half the first-order gains, within the constraints', async () => {
    const x = Uint8Array.of(1, 1, 0);
    const [evaluation] = await objective().evaluate([x]);
    const slopes = predictionSlopes(evaluation, 10);
    gradientOf(x).forEach((slope, k) => expect(slopes[k]).toBeCloseTo(slope, 10));
    const moves = movesFrom(problem, reference, x, slopes, 0.5);
    // at the budget: only the two mutated positions may change
    expect(moves.map(({ position, letter }) => `${position}${letter}`)).toEqual(['00', '02', '10', '12']);
    const gains = moves.map(
      ({ position, letter }) => slopes[4 * position + letter] - slopes[4 * position + x[position]],
    );
    const total = gains.reduce((sum, gain) => sum + Math.exp(gain), 0);
    moves.forEach(({ logProbability }, i) =>
      expect(logProbability).toBeCloseTo(gains[i] - Math.log(total), 10),
    );
  });

  it('samples exp(score / T) on the feasible sequences', async () => {
    const method = createMethod('gibbs-with-gradients', { proxy: 'run', temperature: 0.5, steps: 150 });
    const chains = 100;
    const counts = new Map<string, number>();
    // each chain's last state is one independent draw of the density
    for (let repeat = 0; repeat < 15; repeat++) {
      const { finals } = await method.design({
        problem,
        objective: objective(),
        starts: Array.from({ length: chains }, () => ({ row: 0, sequence: reference })),
        random: createRandom(repeat),
      });
      for (const { sequence } of finals) counts.set(sequence.join(), (counts.get(sequence.join()) ?? 0) + 1);
    }
    const space = { mask: problem.mask, length: 3, alphabetSize: 4, base: reference, max: 2 };
    const density = [...walkSpace(space)].length;
    expect(density).toBe(19);
    let total = 0;
    for (const x of walkSpace(space)) total += Math.exp(scoreOf(x) / 0.5);
    let chi = 0;
    for (const x of walkSpace(space)) {
      const expected = (1500 * Math.exp(scoreOf(x) / 0.5)) / total;
      chi += ((counts.get(x.join()) ?? 0) - expected) ** 2 / expected;
    }
    // 18 degrees of freedom
    expect(chi).toBeLessThan(18 + 4 * Math.sqrt(36));
  });
});
