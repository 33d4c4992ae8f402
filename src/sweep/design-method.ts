import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import { merit, type Method, type Ranking } from '../design/method.js';
import type { Objective, PassCounts } from '../design/objective.js';
import type { Problem } from '../design/problem.js';
import { shortlistDesigns } from '../design/batch-designs.js';
import { defaultBatchRule, type BatchRuleName } from '../design/batch-rules.js';
import { sequenceKey } from '../design/sequence-key.js';
import { chooseStarts } from '../design/starts.js';
import { standardise } from '../proxy/standardise.js';
import { batchChooser, type Chooser } from './chooser.js';
import type { Companionship } from './companion.js';
import { fitObjective, type FittedObjective, type ObjectiveRequest } from './fit-objective.js';
import type { SweepDesigns, SweepRun } from './method.js';
import type { ProxySettings } from './proxy-settings.js';
import { problemOfTask } from './task-problem.js';

/**
 * Runs a design method on a task: free design, or choosing among the task's candidates.
 * @param companionship what a companion changes; by default designs are chosen by the settings' rule for batches
 */
export async function runDesignMethod(
  run: SweepRun,
  method: Method,
  settings: ProxySettings,
  companionship: Companionship = {},
): Promise<SweepDesigns> {
  const { ensemble } = companionship;
  const chooser = companionship.chooser ?? batchChooser(ruleFor(method, settings, ensemble));
  const choosing = run.task.mode === 'choose';
  const began = performance.now();
  // where every candidate is scored once there is nothing to remember
  const fitted = await fitFor(run, method, settings, { memoBytes: choosing ? 0 : undefined, ensemble });
  const learned = performance.now();
  try {
    const { designs, notes } = await (choosing
      ? choose(run, method, chooser, fitted)
      : search(run, method, settings, chooser, fitted));
    return {
      designs,
      passes: passesOf(run, method, fitted.objective.passes()),
      seconds: { learn: (learned - began) / 1000, design: (performance.now() - learned) / 1000 },
      notes: [...fitted.notes, ...notes],
    };
  } finally {
    await fitted.close();
  }
}

/** The settings' rule for batches; where they name none, as `biseq design`. */
function ruleFor(
  { ranking, fitObjective }: Method,
  { batchRule, features }: ProxySettings,
  ensemble: Companionship['ensemble'],
): BatchRuleName {
  if (batchRule !== null) return batchRule;
  const isSure = fitObjective === undefined && features === 'blocks' && ensemble === undefined;
  return defaultBatchRule(ranking, isSure);
}

interface Found {
  designs: Sequence[];
  notes: readonly string[];
}

/** The method's own model where it learns one, else the proxy of the settings. */
async function fitFor(
  run: SweepRun,
  method: Method,
  settings: ProxySettings,
  options: Pick<ObjectiveRequest, 'memoBytes' | 'ensemble'>,
): Promise<FittedObjective> {
  const { task, random, signal } = run;
  if (method.fitObjective === undefined) {
    return fitObjective({ task, settings, random: random.fork('proxy'), ...options, signal });
  }
  const { sequences, scores } = task.measured;
  const objective = await method.fitObjective({
    problem: problemOf(run),
    measured: { sequences, y: standardise(scores).y },
    random: random.fork('own proxy'),
    signal,
  });
  return { objective, posterior: null, notes: [], close: async () => {} };
}

function problemOf({ task, count }: SweepRun): Problem {
  // a choosing task need not have room for free designs
  return problemOfTask(task, task.mode === 'choose' ? 0 : count);
}

async function search(
  run: SweepRun,
  method: Method,
  settings: ProxySettings,
  chooser: Chooser,
  { objective, posterior }: FittedObjective,
): Promise<Found> {
  const { task, count, random, signal } = run;
  const { sequences, scores } = task.measured;
  const problem = problemOf(run);
  const exploration = await method.design({
    ...{ problem, objective, signal },
    // what chooses among more has to be given more
    count: Math.max(count, Math.ceil(chooser.shortlist / 4)),
    starts: chooseStarts(problem, sequences, scores, settings.starts),
    measured: { sequences, y: standardise(scores).y },
    random: random.fork(method.name),
  });
  const { designs, isFilled } = await shortlistDesigns({
    ...{ problem, objective, exploration, count, signal },
    ranking: method.ranking,
    take: settings.take ?? method.take,
    pool: chooser.shortlist,
  });
  const { chosen, notes } = await chooser.choose({
    ...{ run, posterior },
    sequences: designs.map(({ sequence }) => sequence),
    merits: designs.map(({ evaluation }) => merit(method.ranking, evaluation)),
  });
  const filled = chosen.filter((i) => isFilled(designs[i])).length;
  return {
    designs: chosen.map((i) => designs[i].sequence),
    notes: [
      ...(exploration.notes ?? []),
      ...(filled > 0 ? [`${filled} designs are neighbours of what was visited`] : []),
      ...notes,
    ],
  };
}

/** Candidates that are scored at a time. */
const CHUNK = 1024;
/**
 * Where designs are chosen among given candidates there is nothing to search: the objective scores them all, and they are
 * ranked by the method's own ranking, equal ones in the order of their codes. The batch is taken from the best.
 */
async function choose(
  run: SweepRun,
  method: Method,
  chooser: Chooser,
  { objective, posterior }: FittedObjective,
): Promise<Found> {
  const { task, count } = run;
  const ranked = await rankCandidates(run, method, objective);
  const best = ranked.slice(0, Math.max(count, chooser.shortlist));
  const { chosen, notes } = await chooser.choose({
    ...{ run, posterior },
    sequences: best.map(({ sequence }) => sequence),
    merits: best.map((candidate) => candidate.merit),
  });
  return {
    designs: chosen.map((i) => best[i].sequence),
    notes: [`chose among ${task.candidates?.length ?? 0} candidates, each scored once`, ...notes],
  };
}

interface Ranked {
  sequence: Sequence;
  merit: number;
  key: string;
}

async function rankCandidates(
  { task, signal }: SweepRun,
  { ranking }: Method,
  objective: Objective,
): Promise<Ranked[]> {
  const candidates = task.candidates ?? [];
  const ranked: Ranked[] = [];
  for (let from = 0; from < candidates.length; from += CHUNK) {
    throwIfAborted(signal);
    const chunk = candidates.slice(from, from + CHUNK);
    const merits = await meritsOf(objective, ranking, chunk, signal);
    chunk.forEach((sequence, i) => ranked.push({ sequence, merit: merits[i], key: sequenceKey(sequence) }));
  }
  return ranked.sort((a, b) => b.merit - a.merit || (a.key < b.key ? -1 : 1));
}

/** Predictions are quicker than the losses that other rankings look at. */
async function meritsOf(
  objective: Objective,
  ranking: Ranking,
  sequences: readonly Sequence[],
  signal?: AbortSignal,
): Promise<ArrayLike<number>> {
  if (ranking === 'prediction') return objective.predict(sequences, signal);
  const evaluations = await objective.score(sequences, signal);
  return evaluations.map((evaluation) => merit(ranking, evaluation));
}

/** Measured rows count once where a feature map reads them; a model of the method's own has no passes to count. */
function passesOf({ task }: SweepRun, method: Method, { asked, done }: PassCounts): SweepDesigns['passes'] {
  const measured = method.fitObjective === undefined ? task.measured.sequences.length : 0;
  return { measured, asked, done };
}
