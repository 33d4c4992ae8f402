import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DNA, PROTEIN, encode, hammingDistance } from '../../src/core/alphabet.js';
import type { Alphabet, Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';

/** A measured table and the sequences that designs are chosen from, all with their true scores. */
export interface Landscape {
  alphabet: Alphabet;
  measured: { sequences: Sequence[]; scores: number[] };
  pool: { sequences: Sequence[]; scores: number[] };
  /** The highest true scores of the whole table that count as hits. */
  top100: number;
  positions?: number[];
  /** Designs asked for. */
  designs: number;
}

const folder = process.env.BISEQ_DATA ?? '../shared/data';

function read(file: string): string[] {
  const bytes = readFileSync(file.startsWith('/') ? file : `${folder}/${file}`);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '');
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/** Protein-binding microarray: E-score min-max normalised, both strands; the lowest entries are measured. */
export function pbm(file: string, lowest: number): Landscape {
  const entries = read(file)
    .slice(1)
    .flatMap((line) => {
      const [forward, reverse, score] = line.split('\t');
      return [forward, reverse].map((text) => ({ sequence: encode(DNA, text), score: Number(score), text }));
    });
  const scores = entries.map((entry) => entry.score);
  const low = scores.reduce((a, b) => Math.min(a, b));
  const high = scores.reduce((a, b) => Math.max(a, b));
  const sorted = entries
    .map((entry, i) => ({ ...entry, score: (entry.score - low) / (high - low), i }))
    .sort((a, b) => a.score - b.score || a.i - b.i);
  const measured = sorted.slice(0, lowest);
  const seen = new Set(measured.map((entry) => entry.text));
  const rest = [...new Map(sorted.filter(({ text }) => !seen.has(text)).map((e) => [e.text, e])).values()];
  return split(DNA, measured, rest);
}

function split(
  alphabet: Alphabet,
  measured: { sequence: Sequence; score: number }[],
  rest: { sequence: Sequence; score: number }[],
  positions?: number[],
): Landscape {
  const all = [...measured, ...rest].map(({ score }) => score).sort((a, b) => b - a);
  const columns = (rows: typeof measured) => ({
    sequences: rows.map(({ sequence }) => sequence),
    scores: rows.map(({ score }) => score),
  });
  return {
    alphabet,
    measured: columns(measured),
    pool: columns(rest),
    top100: all[99],
    positions,
    designs: alphabet === DNA && measured.length > 384 ? 128 : 96,
  };
}

let gb1Rows: { sequence: Sequence; score: number }[] | null = null;

function gb1Table() {
  gb1Rows ??= read('gb1/Gb1Dataset.csv.gz')
    .slice(1)
    .map((line) => line.split(','))
    .map((fields) => ({ sequence: encode(PROTEIN, fields[0]), score: Number(fields[4]) }));
  return gb1Rows;
}

/** GB1: 384 random variants are measured (plate p is draw p). */
export function gb1Plate(plate: number): Landscape {
  return choosing(PROTEIN, gb1Table(), plate, 'gb1');
}

/** GB1: the lower half is measured. */
export function gb1LowerHalf(): Landscape {
  const sorted = gb1Table()
    .map((row, i) => ({ ...row, i }))
    .sort((a, b) => a.score - b.score || a.i - b.i);
  const half = sorted.length >> 1;
  return split(PROTEIN, sorted.slice(0, half), sorted.slice(half), [0, 1, 2, 3]);
}

function choosing(
  alphabet: Alphabet,
  rows: { sequence: Sequence; score: number }[],
  plate: number,
  name: string,
  measured = 384,
  asked = Infinity,
): Landscape {
  const random = createRandom(`${name} plate ${plate}`);
  const order = random.shuffle(rows.map((_, i) => i));
  const pick = (part: number[]) => part.map((i) => rows[i]);
  return split(alphabet, pick(order.slice(0, measured)), pick(order.slice(measured, measured + asked)));
}

const E4B_WT =
  'IEKFKLLAEKVEEIVAKNARAEIDYSDAPDEFRDPLMDTLMTDPVRLPSGTVMDRSIILRHLLNSPTDPFNRQMLTESMLEPVPELKEQIQAWMREKQSSDH';

const tables = new Map<string, { sequence: Sequence; score: number }[]>();

function table(name: string, make: () => { sequence: Sequence; score: number }[]) {
  const known = tables.get(name) ?? make();
  tables.set(name, known);
  return known;
}

/** E4B: 384 random variants are measured, designs are chosen among the rest. */
export function e4b(plate: number): Landscape {
  const rows = table('e4b', () => {
    const [head, ...lines] = read('e4b/ube4b.tsv.gz').map((line) => line.split('\t'));
    const [variant, score] = [head.indexOf('variant'), head.indexOf('score')];
    return lines.flatMap((fields) => {
      const letters = [...E4B_WT];
      for (const mutation of fields[variant].split(','))
        letters[Number(mutation.slice(1, -1))] = mutation.at(-1) ?? '';
      const text = letters.join('');
      const value = Number(fields[score]);
      if (text.includes('*') || !Number.isFinite(value)) return [];
      return [{ sequence: encode(PROTEIN, text), score: value }];
    });
  });
  return choosing(PROTEIN, rows, plate, 'e4b');
}

/** AAV: 384 random variants are measured, designs are chosen among the rest. */
export function aav(plate: number): Landscape {
  const rows = table('aav', () => {
    const [head, ...lines] = read('aav/ground_truth.csv.gz').map((line) => line.split(','));
    const [sequence, score] = [head.indexOf('sequence'), head.indexOf('score')];
    return lines.map((fields) => ({
      sequence: encode(PROTEIN, fields[sequence]),
      score: Number(fields[score]),
    }));
  });
  return choosing(PROTEIN, rows, plate, 'aav');
}

/** Yeast promoters: 384 random ones are measured, designs are chosen among the rest. */
export function yeast(plate: number): Landscape {
  const rows = table('yeast', () => {
    const [head, ...lines] = read('yeast_promoters/Native_complex.csv.gz').map((line) => line.split(','));
    const [sequence, score] = [
      head.findIndex((name) => /seq/i.test(name)),
      head.findIndex((name) => /measured/i.test(name)),
    ];
    return lines
      .filter((fields) => !/[^ACGT]/.test(fields[sequence]))
      .map((fields) => ({ sequence: encode(DNA, fields[sequence]), score: Number(fields[score]) }));
  });
  return choosing(DNA, rows, plate, 'yeast');
}

const GFP_WT =
  'MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTGKLPVPWPTLVTTLSYGVQCFSRYPDHMKQHDFFKSAMPEGYVQERTIFFKDDGNYKTRAEVKFEGDTLVNRIELKGIDFKEDGNILGHKLEYNYNSHNVYIMADKQKNGIKVNFKIRHNIEDGSVQLADHYQQNTPIGDGPVLLPDNHYLSTQSALSKDPNEKRDHMVLLEFVTAAGITHGMDELYK';

function gfpTable() {
  return table('gfp', () => {
    const [head, ...lines] = read('avgfp/amino_acid_genotypes_to_brightness.tsv.gz').map((line) =>
      line.split('\t'),
    );
    const [mutations, score] = [head.indexOf('aaMutations'), head.indexOf('medianBrightness')];
    return lines.flatMap((fields) => {
      const letters = [...GFP_WT];
      for (const mutation of fields[mutations].split(':').filter((text) => text !== ''))
        letters[Number(mutation.slice(2, -1)) + 1] = mutation.at(-1) ?? '';
      const text = letters.join('');
      return text.includes('*') ? [] : [{ sequence: encode(PROTEIN, text), score: Number(fields[score]) }];
    });
  });
}

/** avGFP: 384 random genotypes are measured, designs are chosen among the rest. */
export function gfp(plate: number): Landscape {
  return choosing(PROTEIN, gfpTable(), plate, 'gfp');
}

/** avGFP: 1,000 random genotypes are measured, the order of `asked` random others is asked for. */
export function gfpRandom(plate: number, asked = 10_000): Landscape {
  return choosing(PROTEIN, gfpTable(), plate, 'gfp 1000', 1000, asked);
}

/** avGFP: 1,000 random genotypes of up to 3 mutations are measured, the order of those with 4 and more is asked for. */
export function gfpFewToMany(plate: number, asked = 10_000): Landscape {
  const wildType = encode(PROTEIN, GFP_WT);
  const many = gfpTable().filter(({ sequence }) => hammingDistance(sequence, wildType) >= 4);
  const few = gfpTable().filter(({ sequence }) => hammingDistance(sequence, wildType) <= 3);
  const random = createRandom(`gfp few to many, plate ${plate}`);
  return split(PROTEIN, random.shuffle([...few]).slice(0, 1000), random.shuffle([...many]).slice(0, asked));
}

const SIX6 = 'tfbind8/SIX6_REF_R1_8mers.txt.gz';

/** A task by its name; other names are files of protein-binding microarrays, of which the lowest 5,000 are measured. */
export function taskOf(name: string, plate: number): Landscape {
  const tasks: Record<string, () => Landscape> = {
    tfbind8r: () => pbm(SIX6, 5000),
    tfbind8: () => pbm(SIX6, 32898),
    gb1: () => gb1Plate(plate),
    'gb1-half': gb1LowerHalf,
    aav: () => aav(plate),
    e4b: () => e4b(plate),
    yeast: () => yeast(plate),
    gfp: () => gfp(plate),
    'gfp-random': () => gfpRandom(plate),
    'gfp-few-to-many': () => gfpFewToMany(plate),
  };
  return (tasks[name] ?? (() => pbm(name, 5000)))();
}
