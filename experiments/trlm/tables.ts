import path from 'node:path';
import { type Alphabet, decode } from '../../src/core/alphabet.js';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { readFasta, readTable, type TableOptions } from '../../src/table/index.js';
import { trimFlanks } from '../../src/verify/trlm/flanks.js';
import type { Candidate } from '../../src/verify/trlm/score.js';

/** Variants of one table that pools are drawn from. */
export interface Problem {
  name: string;
  alphabet: Alphabet;
  /** What is region, what is flank, in words. */
  region: string;
  wildType: Candidate | null;
  rows: { candidate: Candidate; score: number }[];
  /** Letters of the region that the masked model hides, those of a group at once. */
  hidden: number[][];
}

const GB1 = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';
const AVGFP =
  'MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTGKLPVPWPTLVTTLSYGVQCFSRYPDHMKQHDFFKSAMPEGYVQERTIFFKDDGNYKTRAEVKFEGDTLVNRIELKGIDFKEDGNILGHKLEYNYNSHNVYIMADKQKNGIKVNFKIRHNIEDGSVQLADHYQQNTPIGDGPVLLPDNHYLSTQSALSKDPNEKRDHMVLLEFVTAAGITHGMDELYK';
const AAV = 'DEEEIRTTNPVATEQYGSVSTNLQRGNR';
const E4B =
  'IEKFKLLAEKVEEIVAKNARAEIDYSDAPDEFRDPLMDTLMTDPVRLPSGTVMDRSIILRHLLNSPTDPFNRQMLTESMLEPVPELKEQIQAWMREKQSSDH';
/** The capsid protein that holds the AAV window; its flanks are not in the table. */
const CAPSID = 'P03135';
/** Letters of long flanks that are used on either side. */
const CONTEXT = 32;
/** Letters that the masked model hides at once: one in seven, as in its training. */
const STRIDE = 7;

interface Source {
  file: string;
  options: TableOptions;
  /** Region of the whole sequence, 0-based, half open; null: all of it. */
  region: [number, number] | null;
  words: string;
  /** Only variants without a change outside the region. */
  inside?: boolean;
  /** Positions in the region that are hidden, one at a time; default: all, one in seven at once. */
  sites?: number[];
}

const avgfp = { file: 'avgfp/amino_acid_genotypes_to_brightness.tsv.gz', options: { wildType: AVGFP } };
const e4b = { file: 'e4b/ube4b.tsv.gz', options: { wildType: E4B } };
/** The middle third. */
const third = ({ length }: string): [number, number] => [
  Math.floor(length / 3),
  Math.floor((2 * length) / 3),
];

const SOURCES: Record<string, Source> = {
  GB1: {
    file: 'gb1/Gb1Dataset.csv.gz',
    options: { wildType: GB1, sites: [39, 40, 41, 54] },
    region: [38, 54],
    words: `residues 39 to 54, four of which vary; flanks of ${CONTEXT} and 2`,
    sites: [0, 1, 2, 15],
  },
  AAV: {
    file: 'aav/ground_truth.csv.gz',
    options: { wildType: AAV },
    region: null,
    words: `the 28 residues of the table; flanks of ${CONTEXT} from the capsid protein (${CAPSID})`,
  },
  'E4B, middle third': {
    ...e4b,
    region: third(E4B),
    inside: true,
    words: `residues 35 to 68, variants changed there only; flanks of ${CONTEXT}`,
  },
  'avGFP, middle third': {
    ...avgfp,
    region: third(AVGFP),
    inside: true,
    words: `residues 80 to 158, variants changed there only; flanks of ${CONTEXT}`,
  },
  'yeast promoters': {
    file: 'yeast_promoters/Native_complex.csv.gz',
    options: { scoreColumn: 'Measured Expression' },
    region: [17, 97],
    words: "the 80 nucleotides that vary; flanks of 17 and 13, the assay's constant ends",
  },
  'E4B, whole': { ...e4b, region: null, words: 'all of it: no flanks' },
  'avGFP, whole': { ...avgfp, region: null, words: 'all of it: no flanks' },
};

/** Names of the problems, in the order of the report. */
export const PROBLEMS = Object.keys(SOURCES);

/** Reads a problem's table. */
export async function readProblem(name: string, data: string): Promise<Problem> {
  const { file, options, region, words, inside, sites } = SOURCES[name];
  const table = await readTable(path.join(data, file), options);
  const capsid = name === 'AAV' ? await capsidFlanks(data) : { left: '', right: '' };
  const texts = table.rows.map((row) => decode(table.alphabet, row.sequence));
  const wild = table.wildType ? decode(table.alphabet, table.wildType) : null;
  const [from, to] = region ?? [0, texts[0].length];
  const cut = (text: string): Candidate => ({
    leftFlank: capsid.left + text.slice(0, from),
    region: text.slice(from, to),
    rightFlank: text.slice(to) + capsid.right,
  });
  const origin = cut(wild ?? texts[0]);
  const rows = texts
    .map((text, i) => ({ candidate: cut(text), score: table.rows[i].score }))
    .filter(({ candidate }) => !inside || sameFlanks(candidate, origin))
    .map(({ candidate, score }) => ({ candidate: near(candidate), score }));
  const groups = Array.from({ length: STRIDE }, (_, g) => g);
  const letters = Array.from({ length: to - from }, (_, i) => i);
  return {
    ...{ name, alphabet: table.alphabet, region: words, rows },
    wildType: wild === null ? null : near(origin),
    hidden: sites?.map((site) => [site]) ?? groups.map((g) => letters.filter((i) => i % STRIDE === g)),
  };
}

const near = (candidate: Candidate) => trimFlanks(candidate, 2 * CONTEXT, CONTEXT);

const sameFlanks = (a: Candidate, b: Candidate) =>
  a.leftFlank === b.leftFlank && a.rightFlank === b.rightFlank;

/** What surrounds the AAV window in the capsid protein, from the corpus. */
async function capsidFlanks(data: string): Promise<{ left: string; right: string }> {
  const file = path.join(data, 'corpora/proteins.fasta.gz');
  for (const { id, text } of await readFasta(file)) {
    const at = id === CAPSID ? text.indexOf(AAV) : -1;
    if (at < 0) continue;
    const end = at + AAV.length;
    return { left: text.slice(at - CONTEXT, at), right: text.slice(end, end + CONTEXT) };
  }
  throw new InputError({ what: `no protein ${CAPSID} with the window`, file });
}

/** A pool of a problem: `size` of its rows, drawn by the seed. */
export function poolOf({ name, rows }: Problem, seed: number, size: number): Problem['rows'] {
  return createRandom('trlm')
    .fork(name)
    .fork(seed)
    .shuffle([...rows])
    .slice(0, size);
}
