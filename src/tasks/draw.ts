import type { Sequence } from '../core/alphabet.js';
import { createRandom } from '../core/random.js';
import { sequenceKey } from '../design/sequence-key.js';
import { forEachInSpace, spaceSize } from '../design/space.js';
import type { MeasuredRule, TaskDefinition } from './definition.js';
import { measuredRows } from './split.js';
import type { Landscape, Provenance, ScoredRows, Task } from './task.js';

/** Which of a task's draws. */
export interface DrawOptions {
  /** Seed of all draws. Default 0. */
  seed?: string | number;
  /** Number of the draw: another plate, other rows. Default 0. */
  plate?: number;
}

/** A task opened: its ground truth is in memory, and draws from it are cheap. */
export interface OpenTask {
  readonly definition: TaskDefinition;
  readonly landscape: Landscape;
  readonly provenance: Provenance | null;
  /** The task with the measured rows of one seed and plate. */
  draw(options?: DrawOptions): Task;
}

/** Puts a definition, its ground truth and where that came from together. */
export function createOpenTask(
  definition: TaskDefinition,
  landscape: Landscape,
  provenance: Provenance | null,
): OpenTask {
  const mode = definition.kind === 'table' ? definition.mode : 'design';
  const excluded = mode === 'choose' ? [] : unscoredSpace(landscape);
  return {
    definition,
    landscape,
    provenance,
    draw({ seed = 0, plate = 0 } = {}) {
      const random = createRandom(seed).fork(definition.name).fork(`plate ${plate}`);
      const measured = measuredRows(landscape, definition.measured, random);
      const { min, max } = landscape.range;
      const { name, description, source, licence, count } = definition;
      return {
        ...landscape,
        ...{ name, description, source, licence, count, provenance, mode, seed, plate, measured, excluded },
        candidates: candidatesOf(landscape, measured),
        unscoredAs: landscape.rows === null ? min : null,
        normalise: (score) => (score - min) / (max - min),
        protocol: describeProtocol(definition, landscape, measured, { seed, plate }),
      };
    },
  };
}

/** Distinct sequences of the table that were not measured, in its order. */
function candidatesOf({ rows }: Landscape, measured: ScoredRows): Sequence[] | null {
  if (rows === null) return null;
  const seen = new Set(measured.sequences.map(sequenceKey));
  return rows.sequences.filter((sequence) => {
    const key = sequenceKey(sequence);
    return !seen.has(key) && seen.add(key);
  });
}

/** Spaces up to this size are searched for sequences without a score. */
const LARGEST_SPACE = 2_000_000n;

/** Sequences without a score in the space of all letters at the designable positions, if it is small. */
function unscoredSpace(landscape: Landscape): Sequence[] {
  const { rows, length, alphabet, score } = landscape;
  if (rows === null) return [];
  const A = alphabet.size;
  const designable = new Set(landscape.designable ?? Array.from({ length }, (_, i) => i));
  const mask = new Uint8Array(length * A);
  for (let i = 0; i < length; i++) {
    if (designable.has(i)) mask.fill(1, i * A, (i + 1) * A);
    else mask[i * A + rows.sequences[0][i]] = 1;
  }
  const space = { mask, length, alphabetSize: A, base: null, max: length };
  const unscored: Sequence[] = [];
  if (spaceSize(space) > LARGEST_SPACE) return unscored;
  forEachInSpace(space, (sequence) => {
    if (score(sequence) === null) unscored.push(sequence.slice());
    return true;
  });
  return unscored;
}

const grouped = (n: number): string => n.toLocaleString('en-US');

function describeProtocol(
  definition: TaskDefinition,
  { rows, range }: Landscape,
  measured: ScoredRows,
  { seed, plate }: Required<DrawOptions>,
): string {
  const choosing = definition.kind === 'table' && definition.mode === 'choose';
  const n = grouped(measured.sequences.length);
  const asked = choosing
    ? `${definition.count} are chosen among the other rows; all have a measured score.`
    : `${definition.count} designs are scored by the ${rows ? 'table' : 'formula; infeasible ones count 0'}.`;
  const whole = rows ? `all ${grouped(rows.sequences.length)} rows` : 'the whole function';
  const negated = definition.kind === 'table' && definition.direction === 'min';
  return [
    `${n} ${describeRule(definition.measured, rows, { seed, plate })}.`,
    asked,
    `normalised = (score - min) / (max - min), min ${range.min} and max ${range.max} of ${whole}.`,
    ...(negated ? ['Scores are those of the file with their sign changed, so that larger is better.'] : []),
  ].join(' ');
}

function describeRule(
  rule: MeasuredRule,
  rows: ScoredRows | null,
  { seed, plate }: Required<DrawOptions>,
): string {
  const drawn = `(seed ${seed}, plate ${plate})`;
  if ('sampled' in rule) return `distinct sequences of the function's Markov chain are measured ${drawn}`;
  const of = `of ${grouped(rows!.sequences.length)} rows`;
  if ('random' in rule) return `${of} are measured, drawn at random ${drawn}`;
  const lowest = `${of}, those with the lowest scores, are measured whatever the seed and plate`;
  if ('lowest' in rule) return lowest;
  return `${lowest}: ${rule.lowerHalf === 'inclusive' ? 'up to' : 'below'} the median`;
}
