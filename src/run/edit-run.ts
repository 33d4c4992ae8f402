import type { Sequence } from '../core/alphabet.js';
import { InfeasibleError, InputError, internal } from '../core/errors.js';
import { createRandom } from '../core/random.js';
import { createNearestIndex } from '../design/nearest.js';
import type { Problem } from '../design/problem.js';
import { sequenceKey } from '../design/sequence-key.js';
import { createDenoiser } from '../diffusion/denoiser.js';
import { type Edit, editLead, type EditResult, requireLead } from '../diffusion/edit-lead.js';
import { fitPredictor, type MeasuredData, type ScorePredictor } from '../diffusion/edit-model.js';
import type { TrainedDenoiser } from '../diffusion/training.js';
import type { MeasuredRow, Table } from '../table/table.js';
import { findLead, type Lead } from './edit-lead.js';
import { type CheckedEditOptions, checkEditOptions, type EditRunOptions } from './edit-options.js';
import { editModel } from './edit-training.js';
import { parseTarget, targetScore } from './edit-target.js';
import { problemOfTable } from './table-problem.js';

/** Progress of an edit run. */
export interface EditProgress {
  phase: 'proxy' | 'training' | 'editing';
  step: number;
  steps: number;
}

/** What a caller may want to do while a run goes on. */
export interface EditHooks {
  /** Cancels the run; `editFromTable` then throws a CancelledError. */
  signal?: AbortSignal;
  onProgress?: (progress: EditProgress) => void;
}

/** One edit as people read it. */
export interface EditRow {
  sequence: Sequence;
  /** Predicted score, in the user's unit. */
  predicted: number;
  /** Share of the way to noise that it came back from; the smallest that gave it. */
  back: number;
  /** Positions at which it differs from the lead. */
  distance: number;
  /** Draws of that rung that came out as this. */
  draws: number;
  /** The nearest measured variant, and how far it is. */
  nearest: MeasuredRow;
  nearestDistance: number;
}

/** What one share of the way to noise gave. */
export interface RungSummary {
  back: number;
  /** Distinct new sequences, before the best were taken. */
  found: number;
  /** Draws that came back as the lead, and as another measured variant. */
  returned: number;
  measured: number;
}

/** A finished run. */
export interface EditRun {
  /** Best predicted first. */
  rows: EditRow[];
  rungs: RungSummary[];
  lead: Lead;
  /** The lead's score as the diffusion model was told it, and the score asked for; in the user's unit. */
  leadScore: number;
  target: number;
  table: Table;
  options: CheckedEditOptions;
  problem: Problem;
  model: Pick<TrainedDenoiser, 'step' | 'heldOutLoss' | 'untrainedLoss'> & { loaded: boolean };
  reconstructionError: number;
  warnings: string[];
  seconds: Record<EditProgress['phase'], number>;
}

/**
 * Edits a lead towards a better score by exact diffusion inversion (BDIA): fits the default proxy to the table, trains a
 * score-conditioned diffusion model on it (or loads it), takes the lead up to noise and brings it back under the target.
 * The same table, options and seed give the same edits on the same machine.
 * @param leadText see `findLead`
 * @throws InputError for options, a lead or a target that make no sense, or scores that cannot be learned from
 * @throws ModelError for a model file of another table or other options
 * @throws InfeasibleError where nothing new came out, or the lead breaks the constraints
 * @throws CancelledError when the signal fires
 */
export async function editFromTable(
  table: Table,
  leadText: string,
  options: EditRunOptions = {},
  hooks: EditHooks = {},
): Promise<EditRun> {
  const checked = checkEditOptions(options, table.alphabet);
  const direction = checked.run.direction;
  const asked = parseTarget(checked.target ?? (direction === 'max' ? '+2 sd' : '-2 sd'));
  requireOneLength(table);
  const lead = findLead(leadText, table, direction);
  const problem = problemOfTable(table, checked.run);
  requireLead(problem, lead.sequence);
  const sign = direction === 'max' ? 1 : -1;
  const data = measuredData(table, problem, sign);
  const random = createRandom(checked.run.seed);
  const clock = createClock(hooks);

  clock.enter('proxy', 1);
  const predictor = await fitPredictor(data, random.fork('proxy'), { signal: hooks.signal });
  const leadScore = sign * (await scoreOfLead(lead, predictor, checked, sign));
  const target = targetScore(asked, leadScore, predictor.sd);
  requireBetter(sign, target, leadScore, checked);
  clock.enter('training', checked.trainingSteps);
  const { trained, loaded } = await editModel(data, predictor, checked, hooks.signal, clock.step);
  clock.enter('editing', checked.back.length + 2);
  const denoiser = await createDenoiser(trained);
  const edited = await editLead({
    ...{ denoiser, problem, draws: checked.draws, back: checked.back },
    ...{ lead: lead.sequence, leadScore: sign * leadScore, target: sign * target },
    options: { g: checked.g, steps: checked.noiseSteps, guidance: checked.guidance },
    random: random.fork('draws'),
    signal: hooks.signal,
    onProgress: clock.step,
  }).finally(() => denoiser.release());
  const rows = await describe(edited, table, predictor, checked.count, sign);
  requireRows(rows, edited);
  return {
    ...{ rows, lead, leadScore, target, table, options: checked, problem },
    rungs: edited.rungs.map(({ edits, ...rung }) => ({ ...rung, found: edits.length })),
    model: {
      ...{ step: trained.step, heldOutLoss: trained.heldOutLoss, untrainedLoss: trained.untrainedLoss },
      loaded,
    },
    reconstructionError: edited.reconstructionError,
    warnings: warningsOf(trained, edited, target, sign),
    seconds: clock.finish(),
  };
}

function requireOneLength({ unequalLengths, source }: Table): void {
  if (!unequalLengths) return;
  throw new InputError({
    what: 'editing needs sequences of one length',
    file: source,
    expected: 'sequences of one length',
    got: 'several lengths',
    fix: 'Align the sequences.',
  });
}

function measuredData({ rows }: Table, problem: Problem, sign: number): MeasuredData {
  return {
    problem,
    sequences: rows.map(({ sequence }) => sequence),
    scores: Float64Array.from(rows, ({ score }) => sign * score),
  };
}

/** On the scale that the diffusion model learns: predicted scores where it learns a pool, else measured ones. */
async function scoreOfLead(
  { sequence, row }: Lead,
  predictor: ScorePredictor,
  { pool }: CheckedEditOptions,
  sign: number,
): Promise<number> {
  if (pool === 0 && row) return sign * row.score;
  const [predicted] = await predictor.predict([sequence]);
  return predicted;
}

function requireBetter(
  sign: number,
  target: number,
  leadScore: number,
  { target: text }: CheckedEditOptions,
) {
  if (sign * target > sign * leadScore) return;
  throw new InputError({
    what: `the target${text === undefined ? '' : ` '${text}'`} is no better than the lead`,
    expected: `a score ${sign > 0 ? 'above' : 'below'} ${Number(leadScore.toPrecision(6))}, which the lead has`,
    got: String(Number(target.toPrecision(6))),
    fix: 'Ask for more, or say --direction (direction in the library) where smaller scores are better.',
  });
}

/** The best of each rung, each sequence at the first rung that gave it. */
async function describe(
  { rungs }: EditResult,
  table: Table,
  { predict }: ScorePredictor,
  count: number,
  sign: number,
): Promise<EditRow[]> {
  const nearest = createNearestIndex(table.rows.map(({ sequence }) => sequence));
  const seen = new Set<string>();
  const rows: (EditRow & { key: string })[] = [];
  for (const { back, edits } of [...rungs].sort((a, b) => a.back - b.back)) {
    const fresh = edits.filter(({ sequence }) => !seen.has(sequenceKey(sequence)));
    const predicted = await predict(fresh.map(({ sequence }) => sequence));
    const ranked = fresh
      .map((edit, i) => ({ edit, merit: predicted[i], key: sequenceKey(edit.sequence) }))
      .sort(byMerit)
      .slice(0, count);
    for (const { edit, merit, key } of ranked) {
      seen.add(key);
      rows.push({ ...rowOf(edit, back, sign * merit), ...nearestOf(edit.sequence, nearest, table), key });
    }
  }
  return rows
    .map(({ key, ...row }) => ({ row, merit: sign * row.predicted, key }))
    .sort(byMerit)
    .map(({ row }) => row);
}

const byMerit = (a: { merit: number; key: string }, b: { merit: number; key: string }) =>
  b.merit - a.merit || (a.key < b.key ? -1 : 1);

function rowOf({ sequence, distance, draws }: Edit, back: number, predicted: number) {
  return { sequence, predicted, back, distance, draws };
}

function nearestOf(sequence: Sequence, index: ReturnType<typeof createNearestIndex>, { rows }: Table) {
  const found = index.find(sequence);
  // an edit has the table's length, so something measured has it too
  if (found === null) throw internal('an edit has no nearest measured variant');
  return { nearest: rows[found.row], nearestDistance: found.distance };
}

function requireRows(rows: readonly EditRow[], { rungs }: EditResult): void {
  if (rows.length > 0) return;
  const [returned, measured] = [
    rungs.reduce((sum, rung) => sum + rung.returned, 0),
    rungs.reduce((sum, rung) => sum + rung.measured, 0),
  ];
  throw new InfeasibleError({
    what: 'no draw came back as a new sequence',
    got: `the lead ${returned} times, other measured variants ${measured} times`,
    fix: 'Go further back (--back), ask for more (--target, --guidance), or draw more often (--draws).',
  });
}

function warningsOf(trained: TrainedDenoiser, { rungs }: EditResult, target: number, sign: number): string[] {
  const best = trained.scale?.quantiles.at(-1);
  const empty = rungs.filter(({ edits }) => edits.length === 0).map(({ back }) => back);
  return [
    best !== undefined && sign * target > best
      ? `the target ${Number(target.toPrecision(6))} is better than anything that the diffusion model has learned from (${Number((sign * best).toPrecision(6))}): it extrapolates`
      : '',
    empty.length > 0 ? `nothing new came back from ${empty.join(', ')} of the way to noise` : '',
  ].filter(Boolean);
}

function createClock({ onProgress }: EditHooks) {
  const seconds = { proxy: 0, training: 0, editing: 0 };
  let running: { phase: EditProgress['phase']; since: number } | null = null;
  const end = () => {
    if (running) seconds[running.phase] += (performance.now() - running.since) / 1000;
    running = null;
  };
  return {
    enter(phase: EditProgress['phase'], steps: number) {
      end();
      running = { phase, since: performance.now() };
      onProgress?.({ phase, step: 0, steps });
    },
    step(step: number, steps: number) {
      if (running) onProgress?.({ phase: running.phase, step, steps });
    },
    finish() {
      end();
      return { ...seconds };
    },
  };
}
