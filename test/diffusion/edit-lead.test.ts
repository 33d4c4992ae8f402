import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DNA, encode, hammingDistance, type Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { createProblem } from '../../src/design/problem.js';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser.js';
import { editLead } from '../../src/diffusion/edit-lead.js';
import {
  checkpointOf,
  loadCheckpoint,
  loadDenoiser,
  removeCheckpoint,
  saveCheckpoint,
  saveDenoiser,
} from '../../src/diffusion/model-file.js';
import { labelledPool } from '../../src/diffusion/pool.js';
import { type DenoisingState, type TrainedDenoiser, trainDenoiser } from '../../src/diffusion/training.js';
import { temporaryFolder } from '../helpers/temp-folder.js';

/** 60 random DNA 8-mers whose ends are AA; larger scores have more T. */
const random = createRandom('rows');
const sequences = Array.from({ length: 60 }, () =>
  Uint8Array.from({ length: 8 }, (_, i) => (i === 0 || i === 7 ? 0 : random.integer(4))),
);
const countT = (sequence: Sequence) => sequence.filter((code) => code === 3).length;
const scores = Float64Array.from(sequences, countT);
const positions = [1, 2, 3, 4, 5, 6];
const lead = encode(DNA, 'ACGCAGCA');
const training = { hidden: 16, blocks: 1, steps: 150, batch: 64, learningRate: 1e-2, every: 50 };

let trained: TrainedDenoiser;
let denoiser: Denoiser;
let checkpoint: DenoisingState;
beforeAll(async () => {
  trained = await trainDenoiser({ alphabet: DNA, positions, sequences, scores }, training, createRandom(1), {
    onCheckpoint: (state) => (checkpoint = state),
  });
  denoiser = await createDenoiser(trained);
});
afterAll(() => denoiser.release());

const problemWith = (options: object = {}) =>
  createProblem({ alphabet: DNA, measured: sequences, designable: positions, ...options });

const request = (options: object = {}) => ({
  ...{ denoiser, problem: problemWith(), lead, leadScore: 0, target: 5, back: [0.3, 0.6, 1], draws: 24 },
  random: createRandom('draws'),
  ...options,
});

describe('editLead', () => {
  it('gives new sequences with the score asked for, further from the lead the further back it goes', async () => {
    const { rungs, reconstructionError } = await editLead(request());
    expect(reconstructionError).toBeLessThan(1e-9);
    expect(rungs.map(({ back }) => back)).toEqual([0.3, 0.6, 1]);
    const mean = ({ edits }: (typeof rungs)[number], of: (edit: (typeof edits)[number]) => number) =>
      edits.reduce((sum, edit) => sum + of(edit) * edit.draws, 0) /
      edits.reduce((sum, edit) => sum + edit.draws, 0);
    expect(mean(rungs[2], ({ sequence }) => countT(sequence))).toBeGreaterThan(3);
    expect(mean(rungs[2], ({ distance }) => distance)).toBeGreaterThan(
      mean(rungs[0], ({ distance }) => distance),
    );
    for (const { edits, returned, measured } of rungs) {
      expect(edits.reduce((sum, edit) => sum + edit.draws, 0) + returned + measured).toBe(24);
      expect(new Set(edits.map(({ sequence }) => sequence.join())).size).toBe(edits.length);
    }
  });

  it('keeps every constraint, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.subarray(positions, { minLength: 3 }),
        fc.constantFrom('ACGT', 'ACG', 'ACGT'),
        async (seed, maxMutations, designable, letters) => {
          const fixed = positions.filter((position) => !designable.includes(position));
          const problem = problemWith({
            ...{ designable: positions, fixed, letters, maxMutations, reference: lead, measured: [lead] },
          });
          const { rungs } = await editLead(request({ problem, draws: 8, random: createRandom(seed) }));
          for (const { edits } of rungs) {
            for (const { sequence, distance } of edits) {
              expect(problem.whyInfeasible(sequence, lead)).toBeNull();
              expect(distance).toBe(hammingDistance(sequence, lead));
              expect(distance).toBeLessThanOrEqual(maxMutations);
              fixed.forEach((position) => expect(sequence[position]).toBe(lead[position]));
              expect([...sequence].every((code) => letters.includes(DNA.letters[code]))).toBe(true);
            }
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('is a function of its arguments', async () => {
    const [a, b, c] = [
      await editLead(request()),
      await editLead(request()),
      await editLead(request({ random: createRandom('others') })),
    ];
    expect(a).toEqual(b);
    expect(a.rungs).not.toEqual(c.rungs);
  });

  it('refuses a lead of another length, and one that breaks the constraints', async () => {
    await expect(editLead(request({ lead: encode(DNA, 'ACGT') }))).rejects.toThrow(
      'another length than the sequences of the table; expected 8 letters, got 4',
    );
    const problem = problemWith({ letters: 'ACT' });
    await expect(editLead(request({ problem }))).rejects.toThrow(
      'the lead itself breaks the constraints: position 3 may hold ACT, not G',
    );
  });

  it('can be cancelled', async () => {
    await expect(editLead(request({ signal: AbortSignal.abort() }))).rejects.toThrow('cancelled');
  });
});

describe('a pool', () => {
  it('holds distinct unmeasured sequences inside the letters, half of them the best of what was drawn', async () => {
    const problem = problemWith({ letters: 'ACT' });
    let drawn = 0;
    const pool = await labelledPool({
      ...{ problem, sequences, scores, size: 100, random: createRandom('pool') },
      predict: async (batch) => {
        drawn += batch.length;
        return Float64Array.from(batch, countT);
      },
    });
    expect(pool.sequences).toHaveLength(100);
    expect(drawn).toBe(200);
    expect(new Set(pool.sequences.map((sequence) => sequence.join())).size).toBe(100);
    for (const [i, sequence] of pool.sequences.entries()) {
      expect(problem.whyInfeasible(sequence, sequence)).toBeNull();
      expect(pool.scores[i]).toBe(countT(sequence));
    }
    const least = Math.min(...pool.scores.subarray(0, 50));
    expect(Math.max(...pool.scores.subarray(50))).toBeLessThanOrEqual(least);
  });

  it('ends where the space does', async () => {
    const problem = problemWith({ designable: [1, 2], measured: [lead] });
    const pool = await labelledPool({
      ...{ problem, sequences: [lead], scores: [1], size: 100, random: createRandom('pool') },
      predict: async (batch) => Float64Array.from(batch, countT),
    });
    expect(pool.sequences).toHaveLength(15);
  });
});

describe('a model file', () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'model.safetensors');

  it('holds the model to the bit', () => {
    expect(loadDenoiser(file, 'key')).toBeNull();
    saveDenoiser(file, trained, 'key');
    const { weights, ...rest } = loadDenoiser(file, 'key')!;
    const { weights: own, ...others } = trained;
    expect(rest).toEqual(others);
    expect(new Map([...weights].sort())).toEqual(new Map([...own].sort()));
  });

  it('holds a training to go on with', () => {
    expect(loadCheckpoint(file, 'key')).toBeNull();
    saveCheckpoint(file, checkpoint, 'key');
    const loaded = loadCheckpoint(file, 'key')!;
    expect(loaded.step).toBe(150);
    expect(new Map([...loaded.moments].sort())).toEqual(new Map([...checkpoint.moments].sort()));
    expect(loaded.best?.loss).toBe(checkpoint.best?.loss);
    removeCheckpoint(file);
    expect(loadCheckpoint(file, 'key')).toBeNull();
  });

  it('is refused where it is of something else', () => {
    saveDenoiser(file, trained, 'key');
    expect(() => loadDenoiser(file, 'another')).toThrow('was trained on another table');
    mkdirSync(path.join(folder, 'other'));
    const other = path.join(folder, 'other', 'text');
    writeFileSync(other, 'no model at all');
    expect(() => loadDenoiser(other, 'key')).toThrow('header length does not fit the file');
    expect(checkpointOf(file)).toBe(`${file}.partial`);
  });
});
