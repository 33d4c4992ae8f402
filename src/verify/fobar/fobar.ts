import type { Sequence } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import type { LanguageModel } from '../../lm/language-model.js';
import type { BlocksFit } from '../../proxy/blocks/fit-blocks.js';
import type { Pool } from '../../runtime/pool.js';
import { combineVotes, type CombineOptions } from './combine.js';
import { hideResidues, type HiddenResidues } from './hidden-residues.js';
import { hideScores, type HiddenScore, type MeasuredScores } from './hidden-scores.js';
import { type CountSpread, spreadOfCounts } from './spread.js';
import { forwardShares } from './votes.js';

/** Options of {@link verifyByFobar}. */
export interface FobarOptions extends CombineOptions {
  /** Candidates that each chain votes for. Default: a quarter of them. */
  best?: number;
  /** Things hidden for each candidate (of each kind). Default 8, the publication's number of backward draws. */
  hidden?: number;
  /** Most measured rows in the refits; of larger tables a seeded sample. Default 2,000. */
  rows?: number;
}

/** What {@link verifyByFobar} works on. */
export interface FobarRequest {
  measured: MeasuredScores;
  /** The proxy, fitted to the same rows; its bootstraps (`options.heads` of `fitBlocks`) are the forward chains. */
  fit: BlocksFit;
  candidates: readonly Sequence[];
  /**
   * What is hidden: `scores` of measured rows (default), conserved `residues` of the candidates, or both, whose recoveries
   * are added up.
   */
  hide?: 'scores' | 'residues' | 'both';
  /** A masked language model; needed for residues. */
  language?: { model: LanguageModel; pool: Pool };
  options?: FobarOptions;
  /** Draws the sample of rows, nothing else. */
  random: Random;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** What was found of one candidate. */
export interface VerifiedCandidate {
  /** Predicted score, in the user's units. */
  predicted: number;
  /** Share of the chains that put it among their best. */
  forward: number;
  /** Z: hidden things that were recovered, of `asked`. */
  recovered: number;
  asked: number;
  /** `recovered / asked`; 0 where nothing could be hidden. */
  backward: number;
  /** The publication's probability, adding up to 1 over the candidates. */
  combined: number;
  /** The hidden scores, nearest row first. */
  scores: HiddenScore[];
  /** The hidden residues, or null. */
  residues: HiddenResidues | null;
}

/** Verified candidates, in the order in which they were given, and what to make of it. */
export interface FobarResult {
  candidates: VerifiedCandidate[];
  /** Indices of candidates by `combined`, best first; ties by the predicted score, then as given. */
  order: number[];
  /** Forward chains. */
  chains: number;
  /** Votes of each chain. */
  best: number;
  /** Whether nothing was recovered, so that the forward vote decided alone. */
  fallback: boolean;
  spread: CountSpread;
  /** Hidden scores that are recovered with the candidate and not without it, and the other way round. */
  moved: { gained: number; lost: number; of: number };
  /** What to be wary of, a sentence each. */
  notes: string[];
}

/**
 * Forward-backward verification of candidates. Forward: the share of independent chains that put a candidate among their
 * best. Backward: known things are hidden, the candidate is supposed to be as good as predicted, and what was hidden is
 * asked for; the recoveries are counted. Both are combined by {@link combineVotes}.
 * @throws InputError for no candidates, a candidate of a length that was not measured, and options out of range
 * @throws CancelledError when the signal fires
 * @see Jiang et al., arXiv 2308.07758
 */
export async function verifyByFobar(request: FobarRequest): Promise<FobarResult> {
  const { fit, candidates, hide = 'scores', measured, random, signal, onProgress } = request;
  const { best, hidden, rows, alpha, eps } = checkOptions(request);
  const found = await hideScores({
    ...{ measured, fit, candidates, rows, signal, onProgress },
    neighbours: hide === 'residues' ? 0 : hidden,
    random: random.fork('rows'),
  });
  const residues = hide === 'scores' ? null : await residuesOf(request, hidden);
  const chains = fit.auxiliary.heads.map((_, m) => found.map((one) => one.chains[m]));
  const votes = forwardShares(chains, best);
  const asked = found.map(({ hidden: scores }, c) => scores.length + (residues?.[c].positions.length ?? 0));
  const recovered = found.map(
    ({ hidden: scores }, c) => count(scores, (one) => one.recovered) + (residues?.[c].recovered ?? 0),
  );
  const { combined, fallback } = combineVotes({ votes, recovered }, { alpha, eps });
  const verified = found.map(({ predicted, hidden: scores }, c): VerifiedCandidate => ({
    ...{ predicted, scores, forward: votes[c], recovered: recovered[c], asked: asked[c] },
    backward: asked[c] === 0 ? 0 : recovered[c] / asked[c],
    combined: combined[c],
    residues: residues?.[c] ?? null,
  }));
  const every = found.flatMap((one) => one.hidden);
  const result = {
    candidates: verified,
    order: orderOf(verified),
    chains: chains.length,
    best,
    fallback,
    spread: spreadOfCounts(recovered, asked),
    moved: {
      gained: count(every, (one) => one.recovered && !one.recoveredWithout),
      lost: count(every, (one) => !one.recovered && one.recoveredWithout),
      of: every.length,
    },
  };
  return { ...result, notes: notesOf(result) };
}

function checkOptions({ candidates, measured, options = {} }: FobarRequest) {
  const { best = Math.ceil(candidates.length / 4), hidden = 8, rows = 2000 } = options;
  if (candidates.length === 0)
    throw new InputError({
      what: 'there are no candidates to verify',
      expected: 'at least one',
      got: 'none',
    });
  for (const [name, value, least] of [
    ['hidden', hidden, 1],
    ['rows', rows, 3],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new InputError({
      what: `option ${name} is wrong`,
      expected: `a whole number of at least ${least}`,
      got: `${value}`,
    });
  }
  const lengths = new Set(measured.sequences.map(({ length }) => length));
  const odd = candidates.findIndex(({ length }) => !lengths.has(length));
  if (odd >= 0) {
    throw new InputError({
      what: `candidate ${odd + 1} has a length that was not measured`,
      expected: [...lengths].sort((a, b) => a - b).join(' or '),
      got: `${candidates[odd].length} letters`,
    });
  }
  // the votes are checked with the chains, alpha and eps with the formula
  return { best, hidden, rows, alpha: options.alpha, eps: options.eps };
}

async function residuesOf(
  { measured, candidates, language, signal }: FobarRequest,
  hidden: number,
): Promise<HiddenResidues[]> {
  if (language === undefined)
    throw new InputError({
      what: 'residues cannot be hidden without a language model',
      expected: 'a masked language model',
      got: 'none',
    });
  const { alphabet, sequences } = measured;
  return hideResidues({ alphabet, measured: sequences, candidates, ...language, count: hidden, signal });
}

const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;

function orderOf(candidates: readonly VerifiedCandidate[]): number[] {
  return candidates
    .map((_, c) => c)
    .sort(
      (a, b) =>
        candidates[b].combined - candidates[a].combined ||
        candidates[b].predicted - candidates[a].predicted ||
        a - b,
    );
}

function notesOf({ fallback, spread, moved, candidates }: Omit<FobarResult, 'notes'>): string[] {
  const notes: string[] = [];
  if (fallback) notes.push('nothing that was hidden was recovered, so the forward vote decided alone');
  else if (spread.distinct === 1 && candidates.length > 1)
    notes.push(
      `every candidate has ${spread.min} recoveries: the backward direction does not tell them apart`,
    );
  else if (!spread.apart && candidates.length > 1)
    notes.push(
      `the counts of recoveries differ no more than by chance (deviation ${spread.deviation.toFixed(2)}, chance ` +
        `${spread.chance.toFixed(2)}): the backward direction does not tell the candidates apart`,
    );
  if (moved.of > 0 && moved.gained + moved.lost < 0.05 * moved.of)
    notes.push(
      `of ${moved.of} hidden scores the candidates changed ${moved.gained + moved.lost}: the counts say how well the ` +
        'neighbourhood is understood, and little of the candidates',
    );
  return notes;
}
