import type { TaskInput } from './definition.js';
import { SOURCES, type SourceName } from './sources.js';

/** A task that comes with biseq: a task file's content, with a public table (or a file that the user must name) as `file`. */
export interface BuiltinTask {
  /** Null: a formula, or the user must name a file. */
  from: SourceName | null;
  /** Why the user must bring the file; undefined where that is not so. */
  ownFile?: string;
  input: TaskInput;
}

const GB1 = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';
const AVGFP =
  'MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTGKLPVPWPTLVTTLSYGVQCFSRYPDHMKQHDFFKSAMPEGYVQERTIFFKDDGNYKTR' +
  'AEVKFEGDTLVNRIELKGIDFKEDGNILGHKLEYNYNSHNVYIMADKQKNGIKVNFKIRHNIEDGSVQLADHYQQNTPIGDGPVLLPDNHYLSTQSALSKDPNEKRDHM' +
  'VLLEFVTAAGITHGMDELYK';
const E4B =
  'IEKFKLLAEKVEEIVAKNARAEIDYSDAPDEFRDPLMDTLMTDPVRLPSGTVMDRSIILRHLLNSPTDPFNRQMLTESMLEPVPELKEQIQAWMREKQSSDH';

/** How each public table is read. */
const gb1 = {
  wildType: GB1,
  sites: [39, 40, 41, 54],
  sequenceColumn: 'Variants',
  scoreColumn: 'Fitness',
};
const avgfp = {
  wildType: AVGFP,
  sequenceColumn: 'aaMutations',
  scoreColumn: 'medianBrightness',
  offset: 2,
  stops: 'drop',
} as const;
const e4b = {
  wildType: E4B,
  sequenceColumn: 'variant',
  scoreColumn: 'score',
  offset: 1,
  stops: 'drop',
} as const;
const aav = { sequenceColumn: 'sequence', scoreColumn: 'score', alphabet: 'protein' } as const;
const yeast = {
  sequenceColumn: 'sequence',
  scoreColumn: 'Measured Expression',
  alphabet: 'dna',
} as const;

function fromTable(
  from: SourceName,
  input: Omit<Extract<TaskInput, { kind: 'table' }>, 'kind' | 'file'>,
): BuiltinTask {
  return { from, input: { kind: 'table', file: SOURCES[from].file, ...input } };
}

function fromPbm(input: Omit<Extract<TaskInput, { kind: 'pbm' }>, 'kind' | 'file'>): BuiltinTask {
  return { from: 'six6', input: { kind: 'pbm', file: SOURCES.six6.file, ...input } };
}

/** A choosing task: 384 rows measured, 96 to be chosen among all others. */
function choosing(from: SourceName, name: string, description: string, table: object): BuiltinTask {
  return fromTable(from, { name, description, table, measured: { random: 384 }, mode: 'choose', count: 96 });
}

/** Sizes (states, length, motifs, motif length) of the Ehrlich functions that are listed. */
const EHRLICH_SIZES: readonly [number, number, number, number][] = [
  [4, 64, 4, 8],
  [20, 15, 2, 4],
  [20, 32, 4, 4],
  [20, 64, 2, 4],
];

/** An Ehrlich task of any size; its quantization is the motif length. */
export function ehrlichInput(states: number, length: number, motifs: number, motifLength: number): TaskInput {
  return {
    kind: 'ehrlich',
    name: `ehrlich-${states}-${length}-${motifs}-${motifLength}`,
    description: `Ehrlich function with ${states} states, length ${length}, ${motifs} motifs of length ${motifLength}.`,
    source: 'Stanton et al., arXiv 2407.00236 (the construction; the draws are ours)',
    licence: 'no data: a formula',
    size: { states, length, motifs, motifLength },
  };
}

/** All tasks that come with biseq, in the order in which they are listed. */
export const BUILTIN_TASKS: readonly BuiltinTask[] = [
  fromPbm({
    name: 'tfbind8-r',
    description: 'DNA 8-mers bound by a transcription factor; the 5,000 lowest entries are measured.',
    measured: { lowest: 5000 },
  }),
  fromPbm({
    name: 'tfbind8',
    description: 'DNA 8-mers bound by a transcription factor; the lower half is measured (standard TFBind8).',
    measured: { lowerHalf: 'inclusive' },
  }),
  fromTable('gb1', {
    name: 'gb1-384',
    description:
      'Protein G domain B1 at four sites, nearly all 160,000 variants; 384 random ones are measured.',
    table: gb1,
    measured: { random: 384 },
  }),
  fromTable('gb1', {
    name: 'gb1-lower-half',
    description: 'Protein G domain B1 at four sites; all variants below the median are measured.',
    table: gb1,
    measured: { lowerHalf: 'exclusive' },
  }),
  choosing('aav', 'aav', 'AAV2 capsid, 28 residues: choose among measured variants.', aav),
  choosing('avgfp', 'avgfp', 'Brightness of avGFP, 238 residues: choose among measured variants.', avgfp),
  choosing('e4b', 'e4b', 'U-box of E4B, 102 residues: choose among measured variants.', e4b),
  choosing(
    'yeastPromoters',
    'yeast-promoters',
    'Yeast promoters of 110 nt: choose among measured ones.',
    yeast,
  ),
  ...EHRLICH_SIZES.map((size): BuiltinTask => ({ from: null, input: ehrlichInput(...size) })),
  {
    from: null,
    ownFile:
      'its common build is faulty: it takes the complement without reversal for the second strand, repeats sequences ' +
      'with different values, and may have the sign of ddG the wrong way round',
    input: {
      kind: 'table',
      name: 'tfbind10-r',
      description:
        'DNA 10-mers from a file of your own (sequence, score; larger is better); the 5,000 lowest are measured.',
      file: 'tfbind10.csv',
      source: 'a file of your own; the assay is Le et al., PNAS 2018',
      table: { alphabet: 'dna' },
      measured: { lowest: 5000 },
      count: 128,
      repeats: 'refuse',
      strands: 'equivalent',
    },
  },
];
