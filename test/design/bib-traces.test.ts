import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import type { Random } from '../../src/core/random.js';
import { runBib } from '../../src/design/bib.js';
import type { BibOptions } from '../../src/design/bib-options.js';
import type { BibStep } from '../../src/design/bib.js';
import { createObjective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { START_NOISE, startLogits } from '../../src/design/relaxation.js';
import { fitBibHead } from '../../src/proxy/bib-head.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';
import { fixturePath, readFixture } from '../helpers/fixtures.js';
import { toyFeatureMap } from './toy-feature-map.js';

interface ToyProblem {
  L: number;
  A: number;
  D: number;
  W: number[][];
  P: number[][];
  measured_sequences: number[][];
  Phi: number[][];
  y: number[];
  aux_w: number[][];
  aux_b: number[];
  w: number[];
  starts: { parent: number[]; noise: number[][]; theta0: number[][] }[];
  y_h: number;
  relative_ridge: number;
}

interface TraceStep {
  theta: number[][];
  sequence: number[];
  L_f: number;
  L_b: number;
  f: number;
  grad_L_f: number[][];
  grad_L_b: number[][];
  grad_f: number[][];
  gamma: number;
  eta: number;
  mixed_gradient: number[][];
  u: number[][];
  theta_after: number[][];
  dfdgamma_closed_at_theta?: number;
  dfdgamma_closed_at_theta_prime?: number;
  dfdgamma_autograd_through_inner_step?: number;
}

interface TraceFile {
  options: {
    steps: number;
    gamma0: number;
    adapt_gamma: boolean;
    g_at: 'theta' | 'theta_prime';
    eta0: number;
    adapt_eta: 'accumulate' | 'restart' | null;
    inner: 'adam' | 'sgd';
  };
  runs: { trace: TraceStep[]; final: { sequence: number[]; L_f: number; L_b: number; f: number } }[];
}

const TOLERANCE = 1e-8;
const folder = fixturePath('bib_traces');
const toy = readFixture<ToyProblem>('bib_traces/problem.json') as ToyProblem;
const files = folder === null ? [] : readdirSync(folder).filter((name) => name.endsWith('.json'));
const traces = files
  .map((file) => ({ file, content: readFixture<Partial<TraceFile>>(`bib_traces/${file}`) }))
  .filter((item): item is { file: string; content: TraceFile } => item.content?.runs !== undefined);

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]) / Math.max(1, Math.abs(want[i]));
    if (!(error <= TOLERANCE)) expect.fail(`entry ${i}: got ${got[i]}, want ${want[i]}`);
  }
}

function toyProblem() {
  return createProblem({
    alphabet: DNA,
    measured: toy.measured_sequences.map((codes) => Uint8Array.from(codes)),
    designable: Array.from({ length: toy.L }, (_, i) => i),
  });
}

function toyObjective() {
  const gram = createGramAccumulator(toy.D);
  gram.add(Float64Array.from(toy.Phi.flat()), toy.y);
  const head = fitBibHead(gram.finish(), {
    target: toy.y_h,
    relativeRidge: toy.relative_ridge,
    backwardRidge: { relative: toy.relative_ridge, absolute: 0 },
  });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const auxiliary = {
    weights: Float64Array.from(toy.aux_w[0], (_, j) => mean(toy.aux_w.map((head) => head[j]))),
    bias: mean(toy.aux_b),
  };
  return createObjective({ featureMap: toyFeatureMap(toy), head, auxiliary });
}

/** The fixture's noise as draws, whichever stream is asked for: one candidate a run. */
function replay(noise: number[][]): Random {
  const draws = noise.flat().map((value) => value / START_NOISE);
  const random: Random = { ...createRandom(0), normal: () => draws.shift() as number, fork: () => random };
  return random;
}

/** The options as published settings; modes by name where gamma is fixed at an end. */
function bibOptions({ options }: TraceFile): BibOptions {
  const fixed = options.gamma0 === 1 ? 'forward' : options.gamma0 === 0 ? 'backward' : 'both';
  return {
    mode: options.adapt_gamma ? 'both' : fixed,
    gamma: options.adapt_gamma ? 'adaptive' : options.gamma0,
    gamma0: options.gamma0,
    gammaAt: options.g_at === 'theta' ? 'current' : 'lookahead',
    eta: options.adapt_eta === null ? options.eta0 : 'adaptive',
    eta0: options.eta0,
    etaMode: options.adapt_eta ?? 'accumulate',
    steps: options.steps,
    inner: options.inner,
  };
}

function expectStep(got: BibStep, want: TraceStep, slopeName: 'theta' | 'theta_prime'): void {
  expectClose(got.theta, want.theta.flat());
  expect([...got.look.sequence]).toEqual(want.sequence);
  const { forward, backward, auxiliary } = got.look.evaluation;
  expectClose([forward, backward, auxiliary], [want.L_f, want.L_b, want.f]);
  expectClose(got.look.forward, want.grad_L_f.flat());
  expectClose(got.look.backward, want.grad_L_b.flat());
  expectClose(got.look.auxiliary, want.grad_f.flat());
  expectClose(got.mixedGradient, want.mixed_gradient.flat());
  expectClose(got.direction, want.u.flat());
  expectClose([got.gamma, got.eta], [want.gamma, want.eta]);
  expectClose(got.thetaAfter, want.theta_after.flat());
  const slope = want[`dfdgamma_closed_at_${slopeName}`];
  expect(got.gammaSlope === null).toBe(slope === undefined);
  if (got.gammaSlope !== null) expectClose([got.gammaSlope], [slope as number]);
  const autograd = want.dfdgamma_autograd_through_inner_step;
  if (slopeName === 'theta_prime' && autograd !== undefined)
    expectClose([got.gammaSlope as number], [autograd]);
}

describe.skipIf(traces.length === 0)('BIB against the traced runs', () => {
  it('starts from the same logits', () => {
    for (const { parent, noise, theta0 } of toy.starts) {
      const theta = startLogits(toyProblem(), Uint8Array.from(parent), Float64Array.from(noise.flat()));
      expect([...theta]).toEqual(theta0.flat());
    }
  });

  it.each(traces)('$file', async ({ content }) => {
    for (const [i, run] of content.runs.entries()) {
      const { parent, noise } = toy.starts[i];
      const steps: BibStep[] = [];
      const { finals } = await runBib({
        problem: toyProblem(),
        objective: toyObjective(),
        starts: [{ row: 0, sequence: Uint8Array.from(parent) }],
        random: replay(noise),
        options: bibOptions(content),
        onStep: (step) => steps.push(step),
      });
      expect(steps.length).toBe(run.trace.length);
      run.trace.forEach((want, t) => expectStep(steps[t], want, content.options.g_at));
      expect([...finals[0].sequence]).toEqual(run.final.sequence);
      const { forward, backward, auxiliary } = finals[0].evaluation;
      expectClose([forward, backward, auxiliary], [run.final.L_f, run.final.L_b, run.final.f]);
    }
  });
});
