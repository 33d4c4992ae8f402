import { InputError, internal } from '../../core/errors.js';
import type { DirectedModel } from './directed-model.js';

/** What is scored: a designed region in its fixed surroundings, left to right. */
export interface Candidate {
  /** Letters before the region (the query of the publication); may be empty. */
  readonly leftFlank: string;
  /** The designed letters (the answer). */
  readonly region: string;
  /** Letters after it; empty in the published form. */
  readonly rightFlank: string;
}

/** Two causal models of the same kind of sequence. */
export interface DirectedPair {
  /** Reads N to C, or 5' to 3'. */
  readonly forward: DirectedModel;
  /** Reads C to N, or 3' to 5'. */
  readonly reverse: DirectedModel;
}

/**
 * What the reverse model is asked for: the left flank given the rest (`left-flank`, as published), or every letter
 * (`whole`, ours), which is of use where designs have no left flank in common.
 */
export type Recall = 'left-flank' | 'whole';

/** Options of {@link scoreTrlm}. */
export interface TrlmOptions {
  /** Weight of the reverse model; 0 is the forward ranking, exactly. */
  readonly alpha: number;
  /** Default `left-flank`. */
  readonly recall?: Recall;
  readonly signal?: AbortSignal;
}

/** Natural logarithms. */
export interface TrlmScore {
  /** log P_forward(region, right flank | left flank). */
  readonly forward: number;
  /** log P_reverse(left flank | right flank, region); of the whole sequence for `recall: 'whole'`. */
  readonly reverse: number;
  /** forward + alpha reverse. */
  readonly score: number;
}

/**
 * Scores regions by a time-reversed pair:
 * log P_fw(region, right | left) + alpha log P_rev(left | right, region), in the order of the candidates. With an empty
 * right flank it is the published form; no length is normalised away, since the query is fixed.
 * @throws InputError for an alpha that is negative or not a number, and for letters that a model cannot read
 * @see TRLM, arXiv 2412.02626
 */
export async function scoreTrlm(
  { forward, reverse }: DirectedPair,
  candidates: readonly Candidate[],
  { alpha, recall = 'left-flank', signal }: TrlmOptions,
): Promise<TrlmScore[]> {
  checkAlpha(alpha);
  if (forward.order !== 'forward' || reverse.order !== 'reverse')
    throw internal('a time-reversed pair is a forward and a reverse model');
  const texts = candidates.map(({ leftFlank, region, rightFlank }) => leftFlank + region + rightFlank);
  const ahead = await forward.letterLogProbabilities(texts, signal);
  const back = await reverse.letterLogProbabilities(texts, signal);
  return candidates.map(({ leftFlank }, c) => {
    const before = leftFlank.length;
    return combine(sum(ahead[c], before), sum(back[c], 0, recall === 'whole' ? undefined : before), alpha);
  });
}

/** forward + alpha reverse; with alpha = 0 the forward score itself, whatever the other is. */
export function combine(forward: number, reverse: number, alpha: number): TrlmScore {
  return { forward, reverse, score: alpha === 0 ? forward : forward + alpha * reverse };
}

function sum(values: Float64Array, from: number, to = values.length): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i];
  return total;
}

/** @throws InputError for an alpha that is negative or not a number */
export function checkAlpha(alpha: number): void {
  if (Number.isFinite(alpha) && alpha >= 0) return;
  throw new InputError({ what: 'alpha is not usable', expected: 'a number of 0 or more', got: `${alpha}` });
}

/** Indices of the best scores first; equal scores keep their order. */
export function rankingOf(scores: readonly Pick<TrlmScore, 'score'>[]): number[] {
  return scores.map((_, i) => i).sort((a, b) => scores[b].score - scores[a].score || a - b);
}

/**
 * The optimal policy restricted to some answers: P_fw(answer | query) P_rev(query | answer)^alpha, normalised over
 * them; [one share an answer].
 */
export function policyOver(scores: readonly Pick<TrlmScore, 'score'>[]): Float64Array {
  const largest = scores.reduce((most, { score }) => Math.max(most, score), -Infinity);
  const shares = Float64Array.from(scores, ({ score }) => Math.exp(score - largest));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}
