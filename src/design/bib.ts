import { decode } from '../core/alphabet.js';
import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { adaptEta } from './adaptive-eta.js';
import { ascendGamma, gammaSlope, initGamma } from './adaptive-gamma.js';
import type { GammaState } from './adaptive-gamma.js';
import { checkBibOptions, defaultSteps } from './bib-options.js';
import type { BibOptions, CheckedBibOptions } from './bib-options.js';
import { mixedGradient } from './losses.js';
import { createVisitLog } from './method.js';
import type { Exploration, Method, MethodRun, Start, VisitLog } from './method.js';
import type { Evaluation, GradientEvaluation } from './objective.js';
import { adam, sgd, start } from './optimisers.js';
import type { RunningOptimiser } from './optimisers.js';
import type { Problem } from './problem.js';
import { decodeLogits, softmaxRows, softmaxVjp, startLogits, startNoise } from './relaxation.js';

/** A candidate: its logits and everything that adapts, its own from the first step to the last. */
interface Candidate {
  start: Start;
  /** [L x A] logits. */
  theta: Float64Array;
  gamma: GammaState;
  eta: number;
  inner: RunningOptimiser;
}

/** A candidate's sequence with its losses and their straight-through gradients in theta, [L x A] each. */
interface Look {
  sequence: Sequence;
  evaluation: Evaluation;
  forward: Float64Array;
  backward: Float64Array;
  auxiliary: Float64Array;
}

/** One candidate's step as it was taken: what was seen at theta, and what followed. */
export interface BibStep {
  candidate: number;
  step: number;
  /** Logits before the step. */
  theta: Float64Array;
  /** The sequence at theta with its losses and gradients in theta. */
  look: Look;
  /** df/dgamma; null where gamma is fixed. */
  gammaSlope: number | null;
  /** gamma and eta that the step was taken with. */
  gamma: number;
  eta: number;
  mixedGradient: Float64Array;
  /** u, the inner optimiser's direction. */
  direction: Float64Array;
  /** Logits after the step. */
  thetaAfter: Float64Array;
}

/** A run of BIB. */
export interface BibRun extends MethodRun {
  options?: BibOptions;
  /** Sees every step of every candidate, for figures and tests. */
  onStep?: (step: BibStep) => void;
}

/**
 * BIB as a {@link Method}. Its designs rank by predicted score or, in mode `backward`, by backward loss.
 * @throws InputError naming the option that is wrong
 */
export function bib(options: BibOptions = {}): Method {
  checkBibOptions(options);
  return {
    name: 'bib',
    ranking: options.mode === 'backward' ? 'backward' : 'prediction',
    design: (run) => runBib({ ...run, options }),
  };
}

/**
 * BIB (arXiv 2301.02931): every start is optimised on its own by straight-through gradients of
 * `gamma L_f + (1 - gamma) L_b`, with gamma and eta adapted by the weak supervision f. Candidates step together only so
 * that the model's batches are full; none sees another.
 */
export async function runBib(run: BibRun): Promise<Exploration> {
  const { problem, starts, random } = run;
  const options = checkBibOptions(run.options ?? {});
  const steps = options.steps ?? defaultSteps(problem.alphabet);
  const log = createVisitLog();
  let candidates = createCandidates(problem, starts, options, random);

  for (let step = 0; step < steps; step++) {
    throwIfAborted(run.signal);
    const looks = await lookAll(run, candidates, log);
    const gammas = await adaptGammas(run, candidates, looks, options, log);
    candidates = candidates.map((candidate, i) => {
      const taken = takeStep(candidate, looks[i], gammas[i], options);
      run.onStep?.({ candidate: i, step, look: looks[i], gammaSlope: gammas[i].slope, ...taken.record });
      return taken.next;
    });
    run.onProgress?.({
      step: step + 1,
      steps,
      visited: log.visits.length,
      passes: run.objective.passes(),
    });
  }
  throwIfAborted(run.signal);
  return { finals: await finish(run, candidates, log), visits: log.visits };
}

function createCandidates(
  problem: Problem,
  starts: readonly Start[],
  { gamma, eta, inner }: CheckedBibOptions,
  random: Random,
): Candidate[] {
  const repeats = new Map<string, number>();
  return starts.map((from) => {
    // named by the start and not by its place, so that no other candidate can change the draws
    const text = decode(problem.alphabet, from.sequence);
    const repeat = repeats.get(text) ?? 0;
    repeats.set(text, repeat + 1);
    const noise = startNoise(random.fork(`${text}/${repeat}`), problem.length, problem.alphabet.size);
    const theta = startLogits(problem, from.sequence, noise);
    const optimiser = inner === 'adam' ? start(adam(), theta.length) : start(sgd, theta.length);
    return { start: from, theta, gamma: initGamma(gamma.start), eta: eta.start, inner: optimiser };
  });
}

/** Losses and straight-through gradients of every candidate at its theta. */
async function lookAll(run: BibRun, candidates: readonly Candidate[], log: VisitLog): Promise<Look[]> {
  const { problem, objective, signal } = run;
  const sequences = candidates.map(({ theta, start: from }) =>
    decodeLogits(problem, theta, problem.budgetBase(from.sequence)),
  );
  const evaluations = await objective.evaluate(sequences, signal);
  return candidates.map((candidate, i) => {
    const { gradients: _, ...evaluation } = evaluations[i];
    log.add({ sequence: sequences[i], start: candidate.start, evaluation });
    return { sequence: sequences[i], evaluation, ...pullToLogits(problem, candidate.theta, evaluations[i]) };
  });
}

function pullToLogits(
  problem: Problem,
  theta: Float64Array,
  { gradients }: GradientEvaluation,
): Pick<Look, 'forward' | 'backward' | 'auxiliary'> {
  const p = softmaxRows(problem, theta);
  const [forward, backward, auxiliary] = [0, 1, 2].map((k) =>
    softmaxVjp(problem, p, gradients, k * theta.length),
  );
  return { forward, backward, auxiliary };
}

/** Adaptive-gamma: one ascent step of each candidate's gamma on the weak supervision after the inner step. */
async function adaptGammas(
  run: BibRun,
  candidates: readonly Candidate[],
  looks: readonly Look[],
  { gamma, eta }: CheckedBibOptions,
  log: VisitLog,
): Promise<{ state: GammaState; slope: number | null }[]> {
  if (gamma.adapt === null) return candidates.map((candidate) => ({ state: candidate.gamma, slope: null }));
  const etas = candidates.map((candidate) => (eta.adapt === 'restart' ? eta.start : candidate.eta));
  const ahead =
    gamma.adapt === 'current' ? looks : await lookAll(run, innerStep(candidates, looks, etas), log);
  return candidates.map((candidate, i) => {
    const slope = gammaSlope(etas[i], ahead[i].auxiliary, looks[i].forward, looks[i].backward);
    return { state: ascendGamma(candidate.gamma, slope), slope };
  });
}

/** theta' = theta - eta (gamma grad L_f + (1 - gamma) grad L_b), the inner step of the bi-level problem. */
function innerStep(
  candidates: readonly Candidate[],
  looks: readonly Look[],
  etas: readonly number[],
): Candidate[] {
  return candidates.map((candidate, i) => {
    const gradient = mixedGradient(candidate.gamma.gamma, looks[i].forward, looks[i].backward);
    return { ...candidate, theta: descend(candidate.theta, etas[i], gradient) };
  });
}

/** Mixes the gradients, asks the inner optimiser for its direction, adapts eta, and moves theta. */
function takeStep(
  candidate: Candidate,
  look: Look,
  { state: gamma }: { state: GammaState },
  { eta }: CheckedBibOptions,
): { next: Candidate; record: Omit<BibStep, 'candidate' | 'step' | 'look' | 'gammaSlope'> } {
  const gradient = mixedGradient(gamma.gamma, look.forward, look.backward);
  const { direction, next: inner } = candidate.inner.next(gradient);
  const from = eta.adapt === 'restart' ? eta.start : candidate.eta;
  const stepSize = eta.adapt === null ? from : adaptEta(from, look.auxiliary, direction);
  const theta = descend(candidate.theta, stepSize, direction);
  return {
    next: { ...candidate, theta, gamma, eta: stepSize, inner },
    record: {
      theta: candidate.theta,
      gamma: gamma.gamma,
      eta: stepSize,
      mixedGradient: gradient,
      direction,
      thetaAfter: theta,
    },
  };
}

function descend(theta: Float64Array, eta: number, direction: Float64Array): Float64Array {
  return theta.map((value, i) => value - eta * direction[i]);
}

/** The candidates' last iterates, scored without gradients. */
async function finish(
  run: BibRun,
  candidates: readonly Candidate[],
  log: VisitLog,
): Promise<Exploration['finals']> {
  const { problem, objective, signal } = run;
  const sequences = candidates.map(({ theta, start: from }) =>
    decodeLogits(problem, theta, problem.budgetBase(from.sequence)),
  );
  const evaluations = await objective.score(sequences, signal);
  const finals = candidates.map((candidate, i) => ({
    sequence: sequences[i],
    start: candidate.start,
    evaluation: evaluations[i],
  }));
  finals.forEach(log.add);
  return finals;
}
