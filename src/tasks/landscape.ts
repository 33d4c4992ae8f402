import { DNA, type Alphabet, type Sequence } from '../core/alphabet.js';
import { canonicalStrand } from '../core/dna.js';
import { InputError } from '../core/errors.js';
import { sequenceKey } from '../design/sequence-key.js';
import { parseTable, type Table } from '../table/index.js';
import type { EhrlichTask, PbmTask, TableTask } from './definition.js';
import { createEhrlich } from './ehrlich.js';
import { generateEhrlich } from './ehrlich-generator.js';
import { parsePbm } from './pbm.js';
import type { Landscape, ScoredRows } from './task.js';
import { PROTEIN } from '../core/alphabet.js';

/** What a table landscape is made of, beside its rows. */
interface TableFrame extends Pick<Landscape, 'alphabet' | 'wildType' | 'designable' | 'group'> {
  rows: ScoredRows;
}

/** A landscape whose ground truth is a table: every row's score, and null for everything else. */
function tableLandscape(frame: TableFrame): Landscape {
  const { rows, alphabet } = frame;
  const scoreOf = new Map(rows.sequences.map((sequence, i) => [sequenceKey(sequence), rows.scores[i]]));
  let [min, max] = [Infinity, -Infinity];
  for (const score of rows.scores) [min, max] = [Math.min(min, score), Math.max(max, score)];
  return {
    ...frame,
    letters: alphabet.letters,
    length: rows.sequences[0].length,
    range: { min, max },
    score: (sequence) => scoreOf.get(sequenceKey(sequence)) ?? null,
    sample: null,
    optimum: null,
  };
}

const byStrand = (sequence: Sequence): string => sequenceKey(canonicalStrand(sequence));

/** The landscape of a protein-binding microarray. */
export function pbmLandscape(bytes: Uint8Array, file: string, task: Pick<PbmTask, 'palindromes'>): Landscape {
  const rows = parsePbm(decodeText(bytes, file), file, task);
  return tableLandscape({ alphabet: DNA, wildType: null, designable: null, group: byStrand, rows });
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError({ what: 'is not a text', file, expected: 'UTF-8', got: 'other bytes' }, { cause });
  }
}

/** The landscape of a table of measured variants. */
export function variantLandscape(bytes: Uint8Array, file: string, task: TableTask): Landscape {
  const table = parseTable(bytes, file, task.table);
  if (task.repeats === 'refuse') refuseContradictions(table);
  if (task.strands === 'equivalent' && table.alphabet !== DNA) {
    throw new InputError({
      what: 'strands can be equivalent for DNA only',
      file,
      expected: 'DNA sequences',
      got: `a ${table.alphabet.name} table`,
    });
  }
  const sign = task.direction === 'max' ? 1 : -1;
  return tableLandscape({
    alphabet: table.alphabet,
    wildType: table.wildType,
    designable: table.sites ?? varyingPositions(table),
    group: task.strands === 'equivalent' ? byStrand : sequenceKey,
    rows: {
      sequences: table.rows.map((row) => row.sequence),
      scores: Float64Array.from(table.rows, (row) => sign * row.score),
    },
  });
}

/** A ground truth that gives one sequence two scores is none. */
function refuseContradictions(table: Table): void {
  const contradictory = table.rows.filter((row) => row.spread !== null && row.spread > 0);
  if (contradictory.length === 0) return;
  throw new InputError({
    what: `${contradictory.length.toLocaleString('en-US')} sequences stand there with different scores`,
    file: table.source,
    line: contradictory[0].line,
    expected: 'one score a sequence',
    got: `${contradictory[0].replicates} scores of the first of them`,
    fix: 'Such a table cannot score designs: build it again from its source.',
  });
}

/** Positions at which not all sequences are the same, ascending; null where that is everywhere. */
function varyingPositions({ rows, wildType }: Table): number[] | null {
  const first = wildType ?? rows[0].sequence;
  const varies = new Uint8Array(first.length);
  for (const { sequence } of rows) {
    for (let i = 0; i < first.length; i++) if (sequence[i] !== first[i]) varies[i] = 1;
  }
  const positions = [...varies.keys()].filter((i) => varies[i] === 1);
  return positions.length === first.length ? null : positions;
}

/** The alphabet whose first letters stand for the states: DNA for four, else the amino acids. */
function alphabetOf(states: number): Alphabet {
  return states === DNA.size ? DNA : PROTEIN;
}

/** The landscape of an Ehrlich function. */
export function ehrlichLandscape(task: Pick<EhrlichTask, 'size' | 'parameters'>): Landscape {
  const ehrlich = createEhrlich(task.parameters ?? generateEhrlich(task.size!));
  const { states, length } = ehrlich.parameters;
  const alphabet = alphabetOf(states);
  const { solution } = ehrlich;
  return {
    alphabet,
    letters: alphabet.letters.slice(0, states),
    length,
    wildType: null,
    designable: null,
    rows: null,
    range: { min: 0, max: ehrlich.max },
    score: ehrlich.value,
    group: sequenceKey,
    sample: ehrlich.sample,
    optimum: solution && ehrlich.value(solution) === ehrlich.max ? solution : null,
  };
}
