import type { NetworkShape } from './size.js';

/**
 * What is known of each model without a network. Exact sizes, revisions and checksums are not: they are `unknown` until
 * a pull asks the hub. Licences are stated as found, with where; `unknown` where none was found.
 */
export interface RegistryEntry {
  /** Name on the command line. */
  readonly name: string;
  /** `organisation/model` on the Hugging Face hub. */
  readonly hubId: string;
  readonly family: string;
  readonly alphabet: 'protein' | 'dna';
  readonly shape: NetworkShape;
  /** SPDX name where there is one, else `unknown`. */
  readonly licence: string;
  /** Where the licence was found, or what to read. */
  readonly licenceSource: string;
  /** The work to cite. */
  readonly citation: string;
  /** Longest sequence in letters; {@link lengthNote} says what it comes from. */
  readonly maxLength: number;
  readonly lengthNote: string;
  /** What the model is good for. */
  readonly note: string;
}

const ESM_CODE = 'code repository facebookresearch/esm; none was found on the hub page';

function esm2(size: string, layers: number, width: number, note: string): RegistryEntry {
  return {
    name: `esm2-${size.toLowerCase()}`,
    hubId: `facebook/esm2_t${layers}_${size}_UR50D`,
    family: 'ESM-2',
    alphabet: 'protein',
    // published files keep a table of positions, although these are rotary
    shape: { type: 'esm', layers, width, heads: 20, inner: 4 * width, vocabulary: 33, positions: 1026 },
    licence: 'MIT',
    licenceSource: 'model card on the hub',
    citation: 'Lin et al. 2023, Science 379:1123, doi 10.1126/science.ade2574',
    maxLength: 1022,
    lengthNote: 'seen in training; positions are rotary, so longer ones run, untested',
    note,
  };
}

function esm1(name: string, hubId: string, embeddingNorm: boolean): RegistryEntry {
  const variantModel = hubId.includes('esm1v');
  return {
    name,
    hubId,
    family: variantModel ? 'ESM-1v' : 'ESM-1b',
    alphabet: 'protein',
    shape: {
      type: 'esm',
      layers: 33,
      width: 1280,
      heads: 20,
      inner: 5120,
      vocabulary: 33,
      positions: 1026,
      embeddingNorm,
    },
    licence: 'MIT',
    licenceSource: ESM_CODE,
    citation: variantModel
      ? 'Meier et al. 2021, NeurIPS, doi 10.1101/2021.07.09.450648'
      : 'Rives et al. 2021, PNAS 118:e2016239118, doi 10.1073/pnas.2016239118',
    maxLength: 1022,
    lengthNote: 'a hard limit: one learned position a residue',
    note: variantModel
      ? 'One of five seeds trained on UniRef90 for effects of mutations; average several for scores.'
      : 'The forerunner of ESM-2; for comparison with published work.',
  };
}

function protBert(name: string, hubId: string, corpus: string): RegistryEntry {
  return {
    name,
    hubId,
    family: 'ProtBERT',
    alphabet: 'protein',
    shape: {
      type: 'bert',
      layers: 30,
      width: 1024,
      heads: 16,
      inner: 4096,
      vocabulary: 30,
      positions: 40000,
    },
    licence: 'AFL-3.0',
    licenceSource: 'code repository agemagician/ProtTrans; the model card on the hub states none',
    citation: 'Elnaggar et al. 2022, IEEE TPAMI 44:7112, doi 10.1109/TPAMI.2021.3095381',
    maxLength: 39998,
    lengthNote: 'a hard limit; far more than it was trained on',
    note: `The protein model of the BIB paper's kind; trained on ${corpus}. Large and slow: try ESM-2 first.`,
  };
}

function dnaBert(k: number): RegistryEntry {
  return {
    name: `dnabert-${k}`,
    hubId: `zhihan1996/DNA_bert_${k}`,
    family: 'DNABERT',
    alphabet: 'dna',
    shape: {
      type: 'bert',
      layers: 12,
      width: 768,
      heads: 12,
      inner: 3072,
      vocabulary: 4 ** k + 5,
      positions: 512,
    },
    licence: 'unknown',
    licenceSource: 'the hub repository holds a LICENSE file, its model card names none: read the file',
    citation: 'Ji et al. 2021, Bioinformatics 37:2112, doi 10.1093/bioinformatics/btab083',
    maxLength: 510 + k - 1,
    lengthNote: `a hard limit: 510 overlapping ${k}-mers`,
    note: `Human genome, overlapping ${k}-mers. For short regulatory DNA.`,
  };
}

function nucleotideTransformer(size: '500m' | '2.5b', data: string, note: string): RegistryEntry {
  const [layers, width] = size === '500m' ? [24, 1280] : [32, 2560];
  return {
    name: `nt-${size}-${data}`,
    hubId: `InstaDeepAI/nucleotide-transformer-${size}-${data}`,
    family: 'Nucleotide Transformer v1',
    alphabet: 'dna',
    shape: {
      type: 'esm',
      layers,
      width,
      heads: 20,
      inner: 4 * width,
      vocabulary: 4105,
      positions: 1002,
      ownDecoder: true,
    },
    licence: 'CC-BY-NC-SA-4.0',
    licenceSource: 'model card on the hub; not for commercial use',
    citation: 'Dalla-Torre et al. 2025, Nature Methods 22:287, doi 10.1038/s41592-024-02523-z',
    maxLength: 5994,
    lengthNote: 'a hard limit: 999 6-mers; fewer letters where N or the end breaks a 6-mer',
    note,
  };
}

function esmC(
  size: '300m' | '600m',
  layers: number,
  width: number,
  heads: number,
  inner: number,
): RegistryEntry {
  return {
    name: `esmc-${size}`,
    hubId: `biohub/ESMC-${size.toUpperCase()}`,
    family: 'ESM-C',
    alphabet: 'protein',
    shape: { type: 'esmc', layers, width, heads, inner, vocabulary: 64, positions: 0, ownDecoder: true },
    licence: 'MIT',
    licenceSource: 'README of Biohub/esm; the hub also points to third-party notices: read them',
    citation: 'Candido et al. 2026, preprint, https://biohub.ai/papers/esm_protein.pdf',
    maxLength: 2046,
    lengthNote: 'max_position_embeddings 2048 of its configuration; positions are rotary',
    note:
      size === '300m'
        ? 'Newer than ESM-2; its makers report the quality of ESM-2 650M at half the size.'
        : 'The larger of the two ESM-C that a workstation can run.',
  };
}

/** The registry, in the order in which it is listed. */
export const ENTRIES: readonly RegistryEntry[] = [
  esm2('8M', 6, 320, 'Small and fast; the first one to try on a laptop.'),
  esm2('35M', 12, 480, 'Better than 8M at about four times its time.'),
  esm2('150M', 30, 640, 'A good default where a run may take minutes to hours.'),
  esm2('650M', 33, 1280, 'Much used in published work; needs patience on a laptop.'),
  esm1('esm1b', 'facebook/esm1b_t33_650M_UR50S', true),
  ...[1, 2, 3, 4, 5].map((seed) => esm1(`esm1v-${seed}`, `facebook/esm1v_t33_650M_UR90S_${seed}`, false)),
  protBert('protbert', 'Rostlab/prot_bert', 'UniRef100'),
  protBert('protbert-bfd', 'Rostlab/prot_bert_bfd', 'BFD'),
  esmC('300m', 30, 960, 15, 2560),
  esmC('600m', 36, 1152, 18, 3072),
  ...[3, 4, 5, 6].map(dnaBert),
  nucleotideTransformer('500m', 'human-ref', 'Human reference genome, 6-mers. The smallest of this family.'),
  nucleotideTransformer('500m', '1000g', '3,202 human genomes, 6-mers.'),
  nucleotideTransformer('2.5b', '1000g', '3,202 human genomes, 6-mers; needs a machine with much memory.'),
  nucleotideTransformer('2.5b', 'multi-species', '850 species, 6-mers; needs a machine with much memory.'),
];
