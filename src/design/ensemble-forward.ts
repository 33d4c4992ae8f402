import type { Sequence } from '../core/alphabet.js';
import type { BlocksFit } from '../proxy/blocks/fit-blocks.js';
import { distillHeads, type DistilledHeadOptions } from '../proxy/distilled-head.js';
import { type ScoreFunction, withForward } from '../proxy/forward-head.js';
import { applyLinear } from '../proxy/head.js';
import type { Head } from '../proxy/head.js';
import type { ProxyLearning } from './learned-proxy.js';

/** Scores by the bootstrap heads of a fit in place of its own head. */
export interface EnsembleForward {
  /** `teacher`: the mean of the heads; `student`: one head with soft bins that is distilled from them (SinKD). */
  by: 'teacher' | 'student';
  /** How the student is distilled. */
  student?: DistilledHeadOptions;
  /** Sequences without a measurement that the student is taught by too. Default none. */
  unmeasured?: readonly Sequence[];
}

/** Measured rows that the student is taught by, at most; of larger tables a seeded sample. */
const MOST_ROWS = 4000;
/** Sequences whose features are computed at a time. */
const CHUNK = 1024;

/**
 * The head of a fit with the scores of its bootstrap heads, or of the one head distilled from them; the backward mapping stays.
 * @throws InputError for options of the student that are out of range
 */
export async function ensembleHead(
  fit: BlocksFit,
  data: Pick<ProxyLearning, 'sequences' | 'scores' | 'random' | 'signal'>,
  forward: EnsembleForward,
): Promise<Head> {
  const { head, auxiliary } = fit;
  return withForward(
    head,
    forward.by === 'student'
      ? await studentOf(fit, data, forward)
      : { predict: (phi) => applyLinear(auxiliary, phi), gradient: () => auxiliary.weights },
  );
}

async function studentOf(
  { featureMap, auxiliary, scale }: BlocksFit,
  { sequences, scores, random, signal }: Parameters<typeof ensembleHead>[1],
  { student, unmeasured = [] }: EnsembleForward,
): Promise<ScoreFunction> {
  const source = random.fork('student');
  const order = sequences.map((_, i) => i);
  const rows = order.length <= MOST_ROWS ? order : source.fork('rows').shuffle(order).slice(0, MOST_ROWS);
  const taught = [...rows.map((i) => sequences[i]), ...unmeasured];
  const D = featureMap.width;
  const phi = new Float64Array(taught.length * D);
  for (let from = 0; from < taught.length; from += CHUNK)
    phi.set(await featureMap.features(taught.slice(from, from + CHUNK), signal), from * D);
  const y = Float64Array.from(rows, (i) => scale.fromUserUnits(scores[i]));
  const head = await distillHeads({ phi, width: D, y }, auxiliary.heads, source, {
    // the blocks' weights say how much a feature is worth
    scaling: 'common',
    ...student,
  });
  return { predict: (at) => head.predict(at).mean, gradient: (at) => head.gradient(at) };
}
