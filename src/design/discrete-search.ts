import { decode } from '../core/alphabet.js';
import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { breathe } from './breathe.js';
import { adaptEta } from './adaptive-eta.js';
import { ascendGamma, gammaSlope, initGamma } from './adaptive-gamma.js';
import type { GammaState } from './adaptive-gamma.js';
import { applySubstitutions, atDistinctPositions, rankSubstitutions } from './discrete-moves.js';
import type { Substitution } from './discrete-moves.js';
import { checkDiscreteOptions } from './discrete-options.js';
import type { CheckedDiscreteOptions, DiscreteSearchOptions } from './discrete-options.js';
import { groupOf } from './frontier.js';
import { mixedGradient, mixedLoss } from './losses.js';
import { createVisitLog } from './method.js';
import type { Exploration, Method, MethodRun, Start, Visit, VisitLog } from './method.js';
import type { GradientEvaluation } from './objective.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';
import { feasibleStart } from './starts.js';

/** A candidate: the nodes it found and has not looked around yet, and everything that adapts. */
interface Candidate {
  start: Start;
  base: Sequence | null;
  open: Visit[];
  gamma: GammaState;
  eta: number;
  random: Random;
  best: Visit;
}

/** Step size of Adaptive-eta where eta counts substitutions: substitutions per unit of f gained by one of them. */
const ETA_STEP = 1;
/** Largest adaptive eta. */
const MOST_SUBSTITUTIONS = 8;

/**
 * The discrete search for BIB's objective as a {@link Method} (ours; the published method moves logits).
 *
 * The one-hot gradient g of the mixed loss ranks all changes of one letter to first order, `g[i, a] - g[i, x_i]`. Each
 * candidate repeats: look around its best node that it has not looked around yet; propose from the ranking, one letter or
 * up to eta letters at once, inside the mutation budget; keep what the exact loss says of the proposals. So it descends
 * while it can, and goes on from the next best node where it cannot. No sequence is proposed twice, by any candidate.
 *
 * gamma and eta keep their bi-level meaning: gamma ascends the weak supervision f by `-eta <g_f, grad L_f - grad L_b>`
 * (over all substitutions); eta, the number of substitutions that a step may make, by the first-order change of f along
 * the best substitutions.
 * @throws InputError naming the option that is wrong
 */
export function discreteSearch(options: DiscreteSearchOptions = {}): Method {
  const checked = checkDiscreteOptions(options);
  return {
    name: 'discrete',
    ranking: checked.mode === 'backward' ? 'backward' : 'prediction',
    design: (run) => runDiscreteSearch(run, checked),
  };
}

async function runDiscreteSearch(run: MethodRun, options: CheckedDiscreteOptions): Promise<Exploration> {
  const { objective, signal } = run;
  const log = createVisitLog();
  const seen = new Set<string>();
  const nameOf = namer(run.problem);
  const candidates = await createCandidates(run, options, log);
  for (const { best } of candidates) seen.add(nameOf(best.start, best.sequence));

  for (let step = 0; step < options.steps; step++) {
    await breathe(signal);
    const active = candidates.filter((candidate) => candidate.open.length > 0);
    if (active.length === 0) break;
    const nodes = active.map(takeBest);
    const looks = await objective.evaluate(
      nodes.map(({ sequence }) => sequence),
      signal,
    );
    const claimFor = (start: Start) => (sequence: Sequence) => {
      const name = nameOf(start, sequence);
      if (seen.has(name)) return false;
      seen.add(name);
      return true;
    };
    const proposals = active.map((candidate, i) =>
      lookAround(run.problem, candidate, nodes[i].sequence, looks[i], options, claimFor(candidate.start)),
    );
    await scoreProposals(run, active, proposals, log);
    run.onProgress?.({
      step: step + 1,
      steps: options.steps,
      visited: log.visits.length,
      passes: objective.passes(),
    });
  }
  throwIfAborted(signal);
  return { finals: candidates.map(({ best }) => best), visits: log.visits };
}

/** Names what must not be proposed twice: a sequence, per start where the start decides what can be reached from it. */
function namer(problem: Problem): (start: Start, sequence: Sequence) => string {
  const group = groupOf(problem);
  return (start, sequence) => group(start) + sequenceKey(sequence);
}

async function createCandidates(
  { problem, objective, starts, random, signal }: MethodRun,
  { gamma, eta }: CheckedDiscreteOptions,
  log: VisitLog,
): Promise<Candidate[]> {
  const seeds = starts.map((start, i) => random.fork(`${decode(problem.alphabet, start.sequence)}/${i}`));
  const sequences = starts.map(({ sequence }, i) => feasibleStart(problem, sequence, seeds[i].fork('start')));
  const evaluations = await objective.score(sequences, signal);
  return starts.map((start, i) => {
    const visit = { sequence: sequences[i], start, evaluation: evaluations[i] };
    log.add(visit);
    return {
      start,
      base: problem.budgetBase(start.sequence),
      open: [visit],
      gamma: initGamma(gamma.start),
      eta: eta.start,
      random: seeds[i],
      best: visit,
    };
  });
}

/** Takes the node with the lowest mixed loss off the open ones. */
function takeBest({ open, gamma }: Candidate): Visit {
  const lossOf = ({ evaluation }: Visit) => mixedLoss(gamma.gamma, evaluation.forward, evaluation.backward);
  let best = 0;
  for (let i = 1; i < open.length; i++) if (lossOf(open[i]) < lossOf(open[best])) best = i;
  return open.splice(best, 1)[0];
}

/**
 * Adapts gamma and eta at a node and proposes new sequences around it.
 * @param claim says whether a sequence is new, and takes it
 */
function lookAround(
  problem: Problem,
  candidate: Candidate,
  node: Sequence,
  { gradients }: GradientEvaluation,
  options: CheckedDiscreteOptions,
  claim: (sequence: Sequence) => boolean,
): Sequence[] {
  const [forward, backward, auxiliary] = [0, 1, 2].map((k) => slopes(problem, node, gradients, k));
  if (options.gamma.adapt) {
    const slope = gammaSlope(candidate.eta, auxiliary, forward, backward);
    candidate.gamma = ascendGamma(candidate.gamma, slope);
  }
  const mixed = mixedGradient(candidate.gamma.gamma, forward, backward);
  const ranked = rankSubstitutions(problem, node, mixed);
  if (options.eta.adapt) candidate.eta = adaptCount(problem, candidate.eta, ranked, auxiliary);
  return propose(problem, candidate, node, ranked, mixed, options.proposals, claim);
}

/** [L x A] slopes of one scalar along each substitution, `g[i, a] - g[i, x_i]`; 0 where there is none. */
function slopes(
  { mask, designable, alphabet, length }: Problem,
  sequence: Sequence,
  gradients: GradientEvaluation['gradients'],
  scalar: number,
): Float64Array {
  const A = alphabet.size;
  const out = new Float64Array(length * A);
  for (const i of designable) {
    const row = scalar * length * A + i * A;
    for (let a = 0; a < A; a++)
      if (mask[i * A + a] === 1) out[i * A + a] = gradients[row + a] - gradients[row + sequence[i]];
  }
  return out;
}

/** Adaptive-eta for a number of substitutions: u is the mean of the substitutions that a step of eta would make. */
function adaptCount(
  problem: Problem,
  eta: number,
  ranked: readonly Substitution[],
  auxiliary: Float64Array,
): number {
  const A = problem.alphabet.size;
  const step = atDistinctPositions(ranked, Math.round(eta));
  const g = Float64Array.from(step, ({ position, letter }) => auxiliary[position * A + letter]);
  const u = new Float64Array(g.length).fill(-1 / Math.max(1, g.length));
  const max = Math.min(MOST_SUBSTITUTIONS, problem.budget?.max ?? Infinity, problem.designable.length);
  return adaptEta(eta, g, u, { step: ETA_STEP, min: 1, max });
}

/**
 * Up to `count` sequences not proposed before: by turns the best single substitution, the best few together, and a few
 * drawn by rank (Gumbel noise on the first-order changes), so that one wrong slope does not decide everything.
 */
function propose(
  problem: Problem,
  { base, eta, random }: Candidate,
  node: Sequence,
  ranked: readonly Substitution[],
  gradient: Float64Array,
  count: number,
  claim: (sequence: Sequence) => boolean,
): Sequence[] {
  const found: Sequence[] = [];
  const offer = (substitutions: readonly Substitution[]): boolean => {
    const sequence = applySubstitutions(problem, base, node, substitutions, gradient);
    if (sequence === null || substitutions.length === 0 || !claim(sequence)) return false;
    found.push(sequence);
    return true;
  };
  const most = Math.max(1, Math.round(eta));
  const spread = spreadOf(ranked);
  for (let size = most; size > 1 && found.length < count / 4; size--)
    offer(atDistinctPositions(ranked, size));
  for (let tries = 0; tries < count && found.length < count / 2 && most > 1; tries++)
    offer(atDistinctPositions(shaken(ranked, spread, random), 1 + random.integer(most)));
  for (const substitution of ranked) {
    if (found.length >= count) break;
    offer([substitution]);
  }
  return found;
}

/** Standard deviation of the first-order changes. */
function spreadOf(ranked: readonly Substitution[]): number {
  const n = Math.max(1, ranked.length);
  const mean = ranked.reduce((sum, { change }) => sum + change, 0) / n;
  return Math.sqrt(ranked.reduce((sum, { change }) => sum + (change - mean) ** 2, 0) / n);
}

/** The substitutions ranked again with Gumbel noise, which draws them by softmax of their changes. */
function shaken(ranked: readonly Substitution[], spread: number, random: Random): Substitution[] {
  return ranked
    .map((substitution) => ({
      substitution,
      key: substitution.change + (spread / 2) * Math.log(-Math.log(1 - random.uniform())),
    }))
    .sort((a, b) => a.key - b.key)
    .map(({ substitution }) => substitution);
}

/** Scores all proposals in one batch and hands them to their candidates as open nodes. */
async function scoreProposals(
  { objective, signal }: MethodRun,
  candidates: readonly Candidate[],
  proposals: readonly (readonly Sequence[])[],
  log: VisitLog,
): Promise<void> {
  const evaluations = await objective.score(proposals.flat(), signal);
  let at = 0;
  candidates.forEach((candidate, i) => {
    for (const sequence of proposals[i]) {
      const visit = { sequence, start: candidate.start, evaluation: evaluations[at++] };
      log.add(visit);
      candidate.open.push(visit);
      if (lossAt(candidate, visit) < lossAt(candidate, candidate.best)) candidate.best = visit;
    }
  });
}

function lossAt({ gamma }: Candidate, { evaluation }: Visit): number {
  return mixedLoss(gamma.gamma, evaluation.forward, evaluation.backward);
}
