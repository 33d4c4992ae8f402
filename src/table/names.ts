/**
 * What column names say. Names are compared without case, spaces and marks: `E-score` is `escore`. Their words are
 * told apart by marks and by camelCase: `medianBrightness` is `median`, `brightness`.
 */

/** A name without case, spaces and marks. */
export function normalise(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

/** The words of a name, in lower case. */
export function words(name: string): string[] {
  return name
    .slice(0, 200)
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

const set = (text: string): Set<string> => new Set(text.split(' '));

const sequenceNames = set(
  'sequence sequences seq seqs variant variants mutant mutants mutation mutations mut muts aamutations aaseq aasequence ' +
    'aminoacidsequence mutatedsequence mutantsequence variantsequence proteinsequence dnasequence ntsequence ' +
    'nucleotidesequence protein dna genotype combo aas kmer peptide promoter substitutions aasubstitutions aachanges hgvs ' +
    'hgvspro',
);
const sequenceWords = set(
  'sequence seq variant variants mutant mutants mutation mutations genotype substitutions',
);
/** With one of these, a name with a sequence word is about something else. */
const notSequenceWords = set(
  'wt wild type wildtype id name count counts num number n score fitness length len reference ref type class parent target ' +
    'effect region hash',
);

const scoreNames = set(
  'score scores fitness logfitness brightness medianbrightness meanbrightness expression escore y target value values ' +
    'activity affinity dmsscore measurement measured response signal fluorescence enrichment label property objective phenotype',
);
const scoreWords = set(
  'score fitness brightness expression activity affinity fluorescence enrichment stability intensity yield titer titre ' +
    'measured measurement',
);
/** Counts, spreads, positions, predictions and the like: never taken for the score by themselves. */
const notScoreWords = set(
  'count counts counted barcode barcodes reads num number n nb hd hamming distance dist std stdev stddev sd sem se stderr err ' +
    'error errors variance var cv ci lower upper pos position positions index idx id rank plate well batch replicate replicates ' +
    'rep round cluster fold bin bins binary pred predicted prediction predictions pvalue padj qvalue fdr length len mutations ' +
    'mutants input selected unique weight split train test set unnamed year date',
);

const idNames = set(
  'id ids name names identifier accession variantid variantname mutantid mutantname sampleid sample seqid sequenceid clone cloneid',
);

/** How well a name says that a column is what is looked for: 2 by its whole name, 1 by a word of it, 0 not at all. */
export type Fit = 0 | 1 | 2;

/** Whether a column's name says that it holds variants. Also `8-mer` and the like. */
export function sequenceFit(name: string): Fit {
  const key = normalise(name);
  if (sequenceNames.has(key) || /^\d{1,3}mers?$/.test(key)) return 2;
  const parts = words(name);
  return parts.some((word) => sequenceWords.has(word)) && !parts.some((word) => notSequenceWords.has(word))
    ? 1
    : 0;
}

/** Whether a column's name says that it holds the score. */
export function scoreFit(name: string): Fit {
  if (scoreNames.has(normalise(name))) return 2;
  return words(name).some((word) => scoreWords.has(word)) && !isAside(name) ? 1 : 0;
}

/** True for names of counts, spreads, positions, predictions and nameless columns. */
export function isAside(name: string): boolean {
  const parts = words(name);
  return parts.length === 0 || parts.some((word) => notScoreWords.has(word));
}

/** Whether a column's name says that it names the variants. */
export function isIdName(name: string): boolean {
  return idNames.has(normalise(name));
}

/** True for a name that this module knows as a sequence, a score or an id. */
export function isKnownName(name: string): boolean {
  return sequenceFit(name) > 0 || scoreFit(name) > 0 || isIdName(name);
}
