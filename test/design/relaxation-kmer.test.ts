import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { createProblem } from '../../src/design/problem.js';
import { decodeLogits, softmaxRows, softmaxVjp } from '../../src/design/relaxation.js';
import { kmerProbabilities, kmerProbabilitiesVjp, kmerTokens } from '../../src/design/relaxation-kmer.js';
import { readFixture } from '../helpers/fixtures.js';

interface Case {
  k: number;
  letters: string;
  theta: number[][];
  softmax: number[][];
  token_probability: number[][];
  argmax_sequence: number[];
  hard_tokens: number[];
  cotangent_on_tokens: number[][];
  grad_theta: number[][];
}

const fixture = readFixture<{ cases: Case[] }>('bib_traces/kmer_straight_through.json');

function expectClose(got: ArrayLike<number>, want: number[]): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
}

describe.skipIf(fixture === null)('k-mer straight-through', () => {
  it.each(fixture?.cases ?? [])('k = $k', (item) => {
    const length = item.theta.length;
    const shape = { length, alphabetSize: item.letters.length, k: item.k };
    const problem = createProblem({
      alphabet: DNA,
      measured: [new Uint8Array(length)],
      designable: Array.from({ length }, (_, i) => i),
    });
    const theta = Float64Array.from(item.theta.flat());
    const p = softmaxRows(problem, theta);
    expectClose(p, item.softmax.flat());
    expectClose(kmerProbabilities(shape, p), item.token_probability.flat());
    const sequence = decodeLogits(problem, theta, null);
    expect([...sequence]).toEqual(item.argmax_sequence);
    expect([...kmerTokens(shape, sequence)]).toEqual(item.hard_tokens);
    const gradient = kmerProbabilitiesVjp(shape, p, item.cotangent_on_tokens.flat());
    expectClose(softmaxVjp(problem, p, gradient, 0), item.grad_theta.flat());
  });
});
