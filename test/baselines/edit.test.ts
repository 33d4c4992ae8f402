import { describe, expect, it } from 'vitest';
import { DNA, hammingDistance } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { createMethod } from '../../src/baselines/registry.js';
import { createProblem } from '../../src/design/problem.js';
import { chooseStarts } from '../../src/design/starts.js';
import { meanHead, modelObjective } from '../../src/baselines/model-objective.js';
import { standardise } from '../../src/proxy/standardise.js';
import { mean } from '../../src/stats/index.js';

const L = 8;
const random = createRandom('edit');
const weights = Array.from({ length: L * 4 }, () => random.normal());
/** The truth, which the objective knows. */
const score = (x: Uint8Array) => x.reduce((sum, code, i) => sum + weights[4 * i + code], 0);
const drawn = (count: number) =>
  Array.from({ length: count }, () => Uint8Array.from({ length: L }, () => random.integer(4)));
const measured = drawn(120);
const { y, mean: centre, std } = standardise(measured.map(score));
const objective = () =>
  modelObjective({
    head: meanHead(1),
    model: {
      key: 'truth',
      outputs: 1,
      evaluate: async (sequences) => Float64Array.from(sequences, (x) => (score(x) - centre) / std),
      gradients: async (sequences) => new Float64Array(sequences.length * L * 4),
    },
  });

async function edits(options: Record<string, unknown>) {
  const problem = createProblem({
    ...{ alphabet: DNA, measured, designable: [0, 1, 2, 3, 4, 5, 6, 7], length: L, count: 1 },
  });
  const starts = chooseStarts(problem, measured, measured.map(score), 6);
  const method = createMethod('edit', {
    leads: 4,
    draws: 16,
    noiseSteps: 16,
    trainingSteps: 160,
    hidden: 24,
    ...options,
  });
  const { visits, notes } = await method.design({
    ...{
      problem,
      starts,
      measured: { sequences: measured, y },
      objective: objective(),
      random: createRandom(1),
    },
  });
  return { found: visits.filter(({ sequence }) => !problem.isMeasured(sequence)), notes, starts };
}

describe('edit', () => {
  it('finds by diffusion what is better than as many random changes of the same leads', async () => {
    const { found, starts } = await edits({ back: [0.6, 1], pool: 300 });
    expect(found.length).toBeGreaterThan(10);
    // only the leads are edited
    expect(new Set(found.map(({ start }) => start.row)).size).toBeLessThanOrEqual(4);
    for (const { sequence, evaluation } of found)
      expect(evaluation.prediction).toBeCloseTo((score(sequence) - centre) / std, 10);
    const chance = found.map(({ sequence, start }) => {
      const mutant = start.sequence.slice();
      const places = random.shuffle([0, 1, 2, 3, 4, 5, 6, 7]).slice(0, hammingDistance(sequence, mutant));
      for (const i of places) mutant[i] = (mutant[i] + 1 + random.integer(3)) % 4;
      return score(mutant);
    });
    const reached = mean(found.map(({ sequence }) => score(sequence)));
    expect(reached).toBeGreaterThan(mean(chance) + std / 2);
    const best = (sequences: readonly Uint8Array[]) => Math.max(...sequences.map(score));
    expect(best(found.map(({ sequence }) => sequence))).toBeGreaterThan(
      best(starts.map(({ sequence }) => sequence)),
    );
  });

  it('changes more the further back it goes', async () => {
    const distance = async (back: number) => {
      const { found } = await edits({ back: [back], pool: 300 });
      return mean(found.map(({ sequence, start }) => hammingDistance(sequence, start.sequence)));
    };
    expect(await distance(1)).toBeGreaterThan((await distance(0.4)) + 0.2);
  });

  it('learns from the measured rows alone where there is no pool, and says how exactly it returns', async () => {
    const { found, notes } = await edits({ pool: 0, back: [1] });
    expect(found.length).toBeGreaterThan(5);
    expect(notes).toEqual([expect.stringMatching(/^\d+ edits of 4 leads; .* errors of up to \de-1\d$/)]);
  });
});
