import { InputError } from '../../core/errors.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { createPool, type Pool } from '../../runtime/pool.js';
import { checkDirected, directedModel } from './directed-model.js';
import { cutCandidates, otherStrand, type Region, trimFlanks } from './flanks.js';
import {
  type Candidate,
  checkAlpha,
  combine,
  type DirectedPair,
  type Recall,
  scoreTrlm,
  type TrlmScore,
} from './score.js';

/**
 * Which strand of a DNA is read: as written; the other one, 5' to 3' (the reverse complement, which is not the reversal
 * that the reverse model reads by); or both, whose log-probabilities are averaged.
 */
export type Strand = 'given' | 'reverse-complement' | 'both';

/** A pair of language models. */
export interface ModelPair {
  /** Causal, reads as written. */
  readonly forward: LanguageModel;
  /** Causal, reads from the other end. */
  readonly reverse: LanguageModel;
}

/** Options of {@link rankByTrlm}. */
export interface TrlmRankOptions extends ModelPair {
  /** Whole sequences in capital letters. */
  readonly sequences: readonly string[];
  /** The designed region of the first sequence; all sequences have its flanks. See `variedRegion`. */
  readonly region: Region;
  /** Weight of the reverse model; 0 is the forward ranking, exactly. */
  readonly alpha: number;
  /** DNA only; default `given`. */
  readonly strand?: Strand;
  /** Default `left-flank`. */
  readonly recall?: Recall;
  /** Letters of each flank that are used, those next to the region; default as many as the models take. */
  readonly context?: number;
  /** Default: a pool of its own, closed afterwards. */
  readonly pool?: Pool;
  readonly signal?: AbortSignal;
}

/**
 * Scores whole sequences by a time-reversed pair, in their order: the higher the better, see `scoreTrlm` and
 * `rankingOf`.
 * @throws ModelError for models that are not causal, read letters otherwise, or do not read the same alphabet
 * @throws InputError for a region, flanks, letters or options that do not fit
 * @throws CancelledError when the signal fires
 */
export async function rankByTrlm(options: TrlmRankOptions): Promise<TrlmScore[]> {
  checkOptions(options);
  const { sequences, region, alpha, strand = 'given', recall, signal } = options;
  const candidates = fitting(options, cutCandidates(sequences, region));
  return withPair(options, options.pool, async (pair) => {
    const settings = { alpha, recall, signal };
    const given = strand === 'reverse-complement' ? null : await scoreTrlm(pair, candidates, settings);
    if (strand === 'given') return given!;
    const other = await scoreTrlm(pair, candidates.map(otherStrand), settings);
    return given === null ? other : given.map((one, i) => averageOf(one, other[i], alpha));
  });
}

/** Both models compiled for the time of some work. */
export async function withPair<T>(
  { forward, reverse }: ModelPair,
  given: Pool | undefined,
  work: (pair: DirectedPair, pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = given ?? createPool();
  const pair = {
    forward: directedModel(forward, pool, 'forward'),
    reverse: directedModel(reverse, pool, 'reverse'),
  };
  try {
    return await work(pair, pool);
  } finally {
    await pair.forward.release();
    await pair.reverse.release();
    if (given === undefined) await pool.close();
  }
}

/** @throws ModelError where the models are no pair */
export function checkPair({ forward, reverse }: ModelPair): void {
  checkDirected(forward, 'forward');
  checkDirected(reverse, 'reverse');
  if (forward.alphabet === reverse.alphabet) return;
  throw new InputError({
    what: `models ${forward.name} and ${reverse.name} are no pair`,
    expected: 'two models of one kind of sequence',
    got: `${forward.alphabet.name} and ${reverse.alphabet.name}`,
  });
}

function checkOptions(options: TrlmRankOptions): void {
  const { forward, alpha, strand = 'given', context } = options;
  checkPair(options);
  checkAlpha(alpha);
  if (strand !== 'given' && forward.alphabet.name !== 'dna') {
    throw new InputError({
      what: 'only DNA has another strand',
      expected: 'strand given',
      got: `${strand} with a ${forward.alphabet.name} model`,
    });
  }
  if (context === undefined || (Number.isInteger(context) && context >= 0)) return;
  throw new InputError({
    what: 'context is not usable',
    expected: 'a whole number, 0 or more',
    got: `${context}`,
  });
}

/** Flanks cut to what both models have room for beside the longest region, the same for every candidate. */
export function fitting(
  { forward, reverse, context = Infinity }: ModelPair & { context?: number },
  candidates: readonly Candidate[],
): Candidate[] {
  const longest = candidates.reduce((most, { region }) => Math.max(most, region.length), 0);
  const room = Math.min(...[forward, reverse].map(lettersOf)) - longest;
  return candidates.map((candidate) => trimFlanks(candidate, room, context));
}

/** Letters that a model takes, special tokens aside. */
function lettersOf({ architecture, tokenizer }: LanguageModel): number {
  return architecture.maxTokens - tokenizer.letters.tokenCount(0);
}

function averageOf(a: TrlmScore, b: TrlmScore, alpha: number): TrlmScore {
  return combine((a.forward + b.forward) / 2, (a.reverse + b.reverse) / 2, alpha);
}
