import type { Sequence } from '../core/alphabet.js';
import { decode, hammingDistance } from '../core/alphabet.js';
import { InfeasibleError, InputError, internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Problem } from '../design/problem.js';
import { decodeLogits } from '../design/relaxation.js';
import { explainViolation } from '../design/rules.js';
import { sequenceKey } from '../design/sequence-key.js';
import type { Denoiser } from './denoiser.js';
import { logitsOf } from './encoding.js';
import { createEditor, EDITOR_DEFAULTS, type EditorOptions, indexOfBack, leadStates } from './editor.js';

/** What is to be edited, and to what. */
export interface EditRequest {
  denoiser: Denoiser;
  problem: Problem;
  lead: Sequence;
  /** The lead's score, larger is better. */
  leadScore: number;
  /** The score that is asked for. */
  target: number;
  /** How far back to go, each above 0 and at most 1. */
  back: readonly number[];
  /** States that are taken up to noise and brought back, each with noise of its own. Default 64. */
  draws?: number;
  options?: EditorOptions;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** One edit of a lead. */
export interface Edit {
  sequence: Sequence;
  /** Positions at which it differs from the lead. */
  distance: number;
  /** How many of the rung's draws came out as this. */
  draws: number;
}

/** What came of going back by one share. */
export interface EditRung {
  back: number;
  /** Distinct feasible unmeasured sequences other than the lead, in the order of the draws. */
  edits: Edit[];
  /** Draws that came back as the lead, as another measured sequence. */
  returned: number;
  measured: number;
}

/** A ladder of edits, and how exactly the way back returns. */
export interface EditResult {
  rungs: EditRung[];
  /** Largest error over all numbers of all draws when the lead is regenerated at its own score from the noise. */
  reconstructionError: number;
}

/** Default of {@link EditRequest}. */
export const DEFAULT_DRAWS = 64;

/**
 * Edits a lead: takes it up to noise under its own score, as far as each rung says, brings it back under the target, and
 * takes the best letter at each position inside the constraints. At its own score the lead would come back exactly, so
 * what changes is what the target asks for.
 * @throws InputError for a lead of another length, or a model that scores do not steer
 * @throws InfeasibleError for a lead that breaks the constraints
 * @throws CancelledError when the signal fires
 */
export async function editLead(request: EditRequest): Promise<EditResult> {
  const { denoiser, problem, lead, leadScore, target, back, signal, onProgress } = request;
  requireLead(problem, lead);
  const draws = request.draws ?? DEFAULT_DRAWS;
  const steps = request.options?.steps ?? EDITOR_DEFAULTS.steps;
  const editor = createEditor(denoiser, request.options);
  const own = new Float64Array(draws).fill(leadScore);
  const wanted = new Float64Array(draws).fill(target);
  const data = leadStates(denoiser, editor.schedule, lead, draws, request.random);
  const indices = back.map((share) => indexOfBack(share, steps));
  const top = Math.max(...indices);
  const states = await editor.invert(data, own, top, signal);
  onProgress?.(1, back.length + 2);
  const again = await editor.regenerate(states, top, own, signal);
  onProgress?.(2, back.length + 2);
  const rungs: EditRung[] = [];
  for (const [i, index] of indices.entries()) {
    const z = await editor.regenerate(states, index, wanted, signal);
    rungs.push({ back: back[i], ...collect(problem, lead, decodeStates(denoiser, problem, lead, z)) });
    onProgress?.(i + 3, back.length + 2);
  }
  return { rungs, reconstructionError: largestDifference(data, again) };
}

/** The sequences that states [B x D] stand for, inside the constraints. */
export function decodeStates(
  { shape, width }: Denoiser,
  problem: Problem,
  lead: Sequence,
  z: Float64Array,
): Sequence[] {
  const base = problem.budgetBase(lead);
  return Array.from({ length: z.length / width }, (_, b) =>
    decodeLogits(problem, logitsOf(shape, z, b * width, problem.length), base),
  );
}

/** Sorts out what came back. */
function collect(problem: Problem, lead: Sequence, sequences: readonly Sequence[]): Omit<EditRung, 'back'> {
  const found = new Map<string, Edit>();
  let [returned, measured] = [0, 0];
  for (const sequence of sequences) {
    const distance = hammingDistance(sequence, lead);
    if (distance === 0) returned++;
    else if (problem.isMeasured(sequence)) measured++;
    else {
      const key = sequenceKey(sequence);
      const known = found.get(key) ?? { sequence, distance, draws: 0 };
      known.draws++;
      found.set(key, known);
    }
  }
  const edits = [...found.values()];
  const wrong = edits.find(({ sequence }) => problem.whyInfeasible(sequence, lead) !== null);
  if (wrong) throw internal(`an edit breaks the constraints: ${decode(problem.alphabet, wrong.sequence)}`);
  return { edits, returned, measured };
}

/**
 * Checks that a lead can be edited, before any work.
 * @throws InputError for another length
 * @throws InfeasibleError where it breaks the constraints itself
 */
export function requireLead(problem: Problem, lead: Sequence): void {
  if (lead.length !== problem.length) {
    throw new InputError({
      what: 'the lead has another length than the sequences of the table',
      expected: `${problem.length} letters`,
      got: `${lead.length}`,
    });
  }
  const why = explainViolation(problem, lead, lead);
  if (why === null) return;
  throw new InfeasibleError({
    what: `the lead itself breaks the constraints: ${why}`,
    fix: 'Choose another lead, or allow what it holds.',
  });
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k])), 0);
}
