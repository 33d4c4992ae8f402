import { type Alphabet, decode, type Sequence } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { maskedScorer } from '../../lm/score/likelihood.js';
import { requireLetterTokens, tokenise } from '../../lm/token-text.js';
import type { Pool } from '../../runtime/pool.js';

/** What {@link hideResidues} works on. */
export interface HiddenResiduesRequest {
  alphabet: Alphabet;
  measured: readonly Sequence[];
  candidates: readonly Sequence[];
  model: LanguageModel;
  pool: Pool;
  /** Residues hidden in each candidate, those nearest to its changes. */
  count: number;
  signal?: AbortSignal;
}

/** What the model made of one candidate. */
export interface HiddenResidues {
  /** 0-based positions that were hidden, one at a time. */
  positions: number[];
  /** How many of them the model filled with the conserved letter. */
  recovered: number;
}

/**
 * Hides, in each candidate, conserved residues (letters that all measured sequences share at a position, and the candidate
 * has too), one at a time, and lets the language model fill them: recovered where the conserved letter is the most
 * probable of the alphabet's. Taken are the positions nearest along the sequence to those at which the candidate differs
 * from the measured sequences' commonest letters.
 * @throws InputError where the measured sequences differ in length or no position is conserved
 * @throws ModelError for a model that cannot fill single letters
 */
export async function hideResidues(request: HiddenResiduesRequest): Promise<HiddenResidues[]> {
  const { alphabet, candidates, model, pool, count, signal } = request;
  requireLetterTokens(model, 'hidden residues');
  const consensus = consensusOf(alphabet, request.measured);
  const places = candidates.map((candidate) => nearestConserved(candidate, consensus, count));
  const windows = model.tokenizer.letters.windows(consensus.letters.length);
  const columns = model.tokenizer.letters.columns(alphabet, 1);
  const items = places.flatMap((positions, c) => {
    const row = tokenise(model, { id: `candidate ${c + 1}`, text: decode(alphabet, candidates[c]) });
    return positions.map((position) => ({ row, token: windows[position].token, candidate: c, position }));
  });
  const recovered = new Uint32Array(candidates.length);
  const scorer = maskedScorer(model, pool);
  const receive = (index: number, logProbability: ArrayLike<number>) => {
    const { candidate, position } = items[index];
    const own = logProbability[columns[consensus.letters[position]]];
    if (columns.every((column) => logProbability[column] <= own)) recovered[candidate]++;
  };
  await scorer.hide(items, receive, signal).finally(scorer.release);
  return places.map((positions, c) => ({ positions, recovered: recovered[c] }));
}

interface Consensus {
  /** [L] commonest letter of each position. */
  letters: Sequence;
  /** Positions at which all measured sequences agree. */
  conserved: number[];
}

function consensusOf(alphabet: Alphabet, measured: readonly Sequence[]): Consensus {
  const L = measured[0].length;
  if (measured.some(({ length }) => length !== L)) {
    throw new InputError({
      what: 'conserved residues need sequences of one length',
      expected: `${L} letters in every measured sequence`,
      got: 'several lengths',
      fix: 'Hide scores instead.',
    });
  }
  const letters = new Uint8Array(L);
  const conserved: number[] = [];
  for (let i = 0; i < L; i++) {
    const counts = new Uint32Array(alphabet.size);
    for (const sequence of measured) counts[sequence[i]]++;
    letters[i] = counts.indexOf(counts.reduce((most, value) => Math.max(most, value)));
    if (counts[letters[i]] === measured.length) conserved.push(i);
  }
  if (conserved.length > 0) return { letters, conserved };
  throw new InputError({
    what: 'the measured sequences have no conserved residue',
    expected: 'a position at which all of them agree',
    got: `${L} positions at which they differ`,
    fix: 'Hide scores instead.',
  });
}

function nearestConserved(candidate: Sequence, { letters, conserved }: Consensus, count: number): number[] {
  if (candidate.length !== letters.length) {
    throw new InputError({
      what: 'a candidate has another length than the measured sequences',
      expected: `${letters.length} letters`,
      got: `${candidate.length}`,
    });
  }
  const changed = Array.from(letters, (_, i) => i).filter((i) => candidate[i] !== letters[i]);
  const distance = (i: number) => changed.reduce((least, j) => Math.min(least, Math.abs(i - j)), Infinity);
  return conserved
    .filter((i) => candidate[i] === letters[i])
    .map((position) => ({ position, distance: distance(position) }))
    .sort((a, b) => (a.distance < b.distance ? -1 : a.distance > b.distance ? 1 : a.position - b.position))
    .slice(0, count)
    .map(({ position }) => position);
}
