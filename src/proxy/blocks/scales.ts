import { PROTEIN } from '../../core/alphabet.js';

/** A published number for each of the 20 amino acids. */
export interface AminoAcidScale {
  /** Accession number in AAindex (Kawashima et al., Nucleic Acids Res. 36, D202, 2008). */
  readonly accession: string;
  readonly what: string;
  readonly source: string;
  /** [20] in the order of the protein alphabet, in the publication's own unit. */
  readonly values: readonly number[];
}

/** Values in AAindex's own order of letters. */
const AAINDEX_ORDER = 'ARNDCQEGHILKMFPSTWYV';

function scale(accession: string, what: string, source: string, values: readonly number[]): AminoAcidScale {
  const ordered = [...PROTEIN.letters].map((letter) => values[AAINDEX_ORDER.indexOf(letter)]);
  return { accession, what, source, values: ordered };
}

/** Seven scales that say how alike two amino acids are: hydropathy, size, charge, polarity, acidity, helix and sheet. */
export const AMINO_ACID_SCALES: readonly AminoAcidScale[] = [
  scale(
    'KYTJ820101',
    'hydropathy',
    'Kyte & Doolittle, J. Mol. Biol. 157, 105 (1982)',
    [
      1.8, -4.5, -3.5, -3.5, 2.5, -3.5, -3.5, -0.4, -3.2, 4.5, 3.8, -3.9, 1.9, 2.8, -1.6, -0.8, -0.7, -0.9,
      -1.3, 4.2,
    ],
  ),
  scale(
    'BIGC670101',
    'residue volume, cubic angstroms',
    'Bigelow, J. Theor. Biol. 16, 187 (1967); Zamyatnin (1972)',
    [
      88.6, 173.4, 114.1, 111.1, 108.5, 143.8, 138.4, 60.1, 153.2, 166.7, 166.7, 168.6, 162.9, 189.9, 112.7,
      89, 116.1, 227.8, 193.6, 140,
    ],
  ),
  scale(
    'KLEP840101',
    'net charge',
    'Klein et al., Biochim. Biophys. Acta 787, 221 (1984)',
    [0, 1, 0, -1, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  ),
  scale(
    'GRAR740102',
    'polarity',
    'Grantham, Science 185, 862 (1974)',
    [8.1, 10.5, 11.6, 13, 5.5, 10.5, 12.3, 9, 10.4, 5.2, 4.9, 11.3, 5.7, 5.2, 8, 9.2, 8.6, 5.4, 6.2, 5.9],
  ),
  scale(
    'ZIMJ680104',
    'isoelectric point',
    'Zimmerman et al., J. Theor. Biol. 21, 170 (1968)',
    [
      6, 10.76, 5.41, 2.77, 5.05, 5.65, 3.22, 5.97, 7.59, 6.02, 5.98, 9.74, 5.74, 5.48, 6.3, 5.68, 5.66, 5.89,
      5.66, 5.96,
    ],
  ),
  scale(
    'CHOP780201',
    'helix propensity',
    'Chou & Fasman, Adv. Enzymol. 47, 45 (1978)',
    [
      1.42, 0.98, 0.67, 1.01, 0.7, 1.11, 1.51, 0.57, 1, 1.08, 1.21, 1.16, 1.45, 1.13, 0.57, 0.77, 0.83, 1.08,
      0.69, 1.06,
    ],
  ),
  scale(
    'CHOP780202',
    'sheet propensity',
    'Chou & Fasman, Adv. Enzymol. 47, 45 (1978)',
    [
      0.83, 0.93, 0.89, 0.54, 1.19, 1.1, 0.37, 0.75, 0.87, 1.6, 1.3, 0.74, 1.05, 1.38, 0.55, 0.75, 1.19, 1.37,
      1.47, 1.7,
    ],
  ),
];

/** Each scale centred and scaled to unit variance over the 20 letters: [20 x scales] row-major. */
export function standardisedScales(scales: readonly AminoAcidScale[] = AMINO_ACID_SCALES): Float64Array {
  const out = new Float64Array(PROTEIN.size * scales.length);
  scales.forEach(({ values }, s) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    values.forEach((value, a) => (out[a * scales.length + s] = (value - mean) / Math.sqrt(variance)));
  });
  return out;
}
