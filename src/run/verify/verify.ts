import { type Alphabet, decode, encode, type Sequence } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import { createRandom } from '../../core/random.js';
import { createPool, type Pool } from '../../runtime/pool.js';
import { guessAlphabet } from '../../table/letters.js';
import { createNumbering } from '../../table/numbering.js';
import type { Table } from '../../table/table.js';
import {
  type FobarResult,
  openPair,
  rankByTrlm,
  type Region,
  type TrlmScore,
  variedRegion,
  verifyByTable,
} from '../../verify/index.js';
import { openModelFor } from '../model.js';
import type { Candidate, CandidateList } from './candidates.js';
import { type CheckedVerifyOptions, checkVerifyOptions, type VerifyOptions } from './options.js';

/** Progress of a verification. */
export interface VerifyProgress {
  phase: 'learning' | 'hiding';
  step: number;
  steps: number;
}

/** What a caller may want to do while a verification goes on. */
export interface VerifyHooks {
  signal?: AbortSignal;
  onProgress?: (progress: VerifyProgress) => void;
}

/** Verified candidates, in the order of their file. */
export interface Verification {
  list: CandidateList;
  options: CheckedVerifyOptions;
  fobar: FobarResult | null;
  trlm: { scores: TrlmScore[]; region: Region; regionText: string; models: [string, string] } | null;
  /** Indices of candidates, best first. */
  order: number[];
  /** What to be wary of, a sentence each. */
  notes: string[];
}

/**
 * Verifies candidates by one or both companions of the method: forward-backward verification against the measured table
 * (FOBAR), and a pair of time-reversed language models (TRLM), and ranks them anew.
 * @param table the measured variants; may be null where only TRLM is asked for
 * @throws InputError for options that are wrong and candidates that do not fit the table, with the line
 * @throws ModelError for a model that cannot be used
 * @throws CancelledError when the signal fires
 */
export async function verifyCandidates(
  list: CandidateList,
  table: Table | null,
  options: VerifyOptions = {},
  hooks: VerifyHooks = {},
): Promise<Verification> {
  const checked = checkVerifyOptions(options);
  const alphabet = table?.alphabet ?? guessAlphabet(list.candidates.map(({ text }) => text).join(''));
  const sequences = list.candidates.map((candidate) => encodeCandidate(candidate, alphabet, list, table));
  const pool = createPool(checked.workers);
  try {
    const fobar = checked.fobar ? await byFobar(requireTable(table), sequences, checked, pool, hooks) : null;
    const trlm = checked.trlm ? await byTrlm(list, table, alphabet, checked, pool, hooks) : null;
    const order = checked.rankBy === 'fobar' ? fobar!.order : orderByTrlm(trlm!.scores, fobar);
    const notes = [...(fobar?.notes ?? []), ...trlmNotes(trlm, checked)];
    return { list, options: checked, fobar, trlm, order, notes };
  } finally {
    await pool.close();
  }
}

function requireTable(table: Table | null): Table {
  if (table !== null) return table;
  throw new InputError({
    what: 'forward-backward verification needs the measured variants',
    expected: '--table TABLE (table in the library)',
    got: 'none',
    fix: 'Name the table that the candidates were designed from, or ask for --trlm alone.',
  });
}

function encodeCandidate(
  { text, line }: Candidate,
  alphabet: Alphabet,
  { source }: CandidateList,
  table: Table | null,
): Sequence {
  const sequence = encode(alphabet, text, { file: source, line });
  if (table === null || table.rows.some((row) => row.sequence.length === sequence.length)) return sequence;
  throw new InputError({
    what: 'the candidate has a length that was not measured',
    ...{ file: source, line },
    expected: `${table.rows[0].sequence.length} letters, as in ${table.source}`,
    got: `${sequence.length}`,
    fix: 'Verify candidates against the table that they were designed from.',
  });
}

async function byFobar(
  table: Table,
  candidates: readonly Sequence[],
  options: CheckedVerifyOptions,
  pool: Pool,
  { signal, onProgress }: VerifyHooks,
): Promise<FobarResult> {
  const { alphabet, rows, sites } = table;
  const sign = options.direction === 'max' ? 1 : -1;
  const measured = {
    alphabet,
    sequences: rows.map(({ sequence }) => sequence),
    scores: Float64Array.from(rows, ({ score }) => sign * score),
    spreads: rows.map(({ spread }) => spread),
  };
  const random = createRandom(options.seed).fork('verify');
  // the model first: a missing one is known before any work
  const language =
    options.hide === 'scores'
      ? undefined
      : { model: await openModelFor(table, options.model, signal, { workers: pool.workers }), pool };
  const result = await verifyByTable({
    ...{ measured, candidates, hide: options.hide, language, random, signal },
    positions: sites ?? undefined,
    chains: options.chains,
    options: { alpha: options.alpha, eps: options.eps, best: options.best, hidden: options.hidden },
    onProgress: (phase, step, steps) => onProgress?.({ phase, step, steps }),
  });
  return {
    ...result,
    candidates: result.candidates.map((one) => ({
      ...one,
      predicted: sign * one.predicted,
      scores: one.scores.map((hidden) => ({
        ...hidden,
        score: sign * hidden.score,
        predicted: sign * hidden.predicted,
        predictedWithout: sign * hidden.predictedWithout,
      })),
    })),
  };
}

async function byTrlm(
  list: CandidateList,
  table: Table | null,
  alphabet: Alphabet,
  options: CheckedVerifyOptions,
  pool: Pool,
  { signal }: VerifyHooks,
): Promise<Verification['trlm']> {
  const texts = list.candidates.map(({ text }) => text);
  const firstPosition = table?.numbering.firstPosition ?? 1;
  const region = options.region
    ? namedRegion(options.region, texts[0].length, { alphabet, firstPosition })
    : foundRegion(texts, table);
  const names = { forward: options.forwardModel, reverse: options.reverseModel };
  const { forward, reverse } = await openPair(alphabet, names, signal);
  const { trlmAlpha: alpha, recall, strand } = options;
  const scores = await rankByTrlm({
    ...{ forward, reverse, sequences: texts, region, alpha, recall, strand, pool, signal },
  });
  const regionText = `${region.from + firstPosition}-${region.to - 1 + firstPosition}`;
  return { scores, region, regionText, models: [forward.name, reverse.name] };
}

/** In the table's numbering, counted from 1 without a table. */
function namedRegion(
  [first, last]: readonly [number, number],
  length: number,
  { alphabet, firstPosition }: { alphabet: Alphabet; firstPosition: number },
): Region {
  const numbering = createNumbering({ alphabet, length, firstPosition });
  return { from: numbering.parse(first), to: numbering.parse(last) + 1 };
}

/** The smallest region that holds all that differs between the candidates, the wild type and the measured variants. */
function foundRegion(texts: readonly string[], table: Table | null): Region {
  const known =
    table === null ? [] : [...(table.wildType ? [table.wildType] : []), ...table.rows.map((r) => r.sequence)];
  const region = variedRegion([...texts, ...known.map((sequence) => decode(table!.alphabet, sequence))]);
  if (region.from < region.to) return region;
  throw new InputError({
    what: 'the designed region cannot be told, since the candidates are all the same',
    expected: '--region FIRST-LAST (region in the library)',
    got: 'none',
  });
}

/** Ties by the verification against the table, where there is one. */
function orderByTrlm(scores: readonly TrlmScore[], fobar: FobarResult | null): number[] {
  const place = new Map(fobar?.order.map((c, rank) => [c, rank]));
  return scores
    .map((_, c) => c)
    .sort((a, b) => scores[b].score - scores[a].score || (place.get(a) ?? a) - (place.get(b) ?? b));
}

function trlmNotes(trlm: Verification['trlm'], { trlmAlpha, recall }: CheckedVerifyOptions): string[] {
  if (trlm === null || trlm.region.from > 0 || recall === 'whole' || trlmAlpha === 0) return [];
  return [
    'the region begins with the sequence, so there is no left flank to recall and the reverse model says nothing: ' +
      'recall the whole sequence instead',
  ];
}
