import type { Alphabet, Sequence } from '../../core/alphabet.js';
import type { FeatureMap } from '../../core/feature-map.js';
import type { Random } from '../../core/random.js';
import type { Block } from './block.js';
import { bothStrands } from './both-strands.js';
import { kmerFeatures, spacedPairFeatures } from './kmers.js';
import { oneHotLetters, physicoChemicalLetters, similarLetters } from './letters.js';
import type { LetterEmbedding } from './letters.js';
import { lowRankFeatures } from './low-rank.js';
import type { KernelSource } from './low-rank.js';
import { motifPairFeatures } from './motif-pairs.js';
import { neighbourKernel, neighbourRate } from './neighbour-kernel.js';
import { pairKernel } from './pair-kernel.js';
import { pairFeatures, pairWidth } from './pairs.js';
import { withRemainder } from './remainder.js';
import { siteFeatures } from './sites.js';
import { parentOf, substitutionFeatures } from './substitutions.js';

/** What the closed-form blocks of a table depend on. */
export interface CatalogueOptions {
  alphabet: Alphabet;
  /** The measured sequences, one of each class. */
  sequences: readonly Sequence[];
  /** 0-based positions that may change; ignored where the sequences differ in length. */
  positions: readonly number[];
  /** Whether a sequence and its reverse complement share one score. */
  bothStrands: boolean;
  /** Pairs wider than this go through their kernel. Default 4,096. */
  widest?: number;
  random: Random;
}

/** Blocks wider than this go through their kernel. */
export const WIDEST_EXPLICIT = 4096;
/** Where there are more rows, each is not a landmark of its own, and pairs are learned well without. */
const MOST_NEIGHBOURS = 1024;
/** A library of no parent with fewer designed positions has no room for motifs that stand anywhere. */
const LEAST_FOR_MOTIFS = 10;
/** Largest distance of two letters of a motif. */
const MOTIF_REACH = 8;
/** Rows that landmarks of wide blocks are taken from. */
const LANDMARK_ROWS = 2000;

/**
 * The closed-form blocks that suit a table: `onehot`, `pairs` and k-mer counts for all; `physchem`, `similarity` and
 * `similarity-pairs` for proteins, with up to 1,024 rows also `neighbours`; `substitutions` for variants of one parent, `motif-pairs` for
 * protein libraries of 10 positions and more without one; `spaced-pairs` for DNA. Sequences of several lengths have k-mers only. With
 * `bothStrands` every block is averaged over both strands.
 */
export function letterBlocks(options: CatalogueOptions): Block[] {
  const { alphabet, sequences } = options;
  const length = sequences[0].length;
  const aligned = sequences.every((sequence) => sequence.length === length);
  const shortest = sequences.reduce((least, sequence) => Math.min(least, sequence.length), Infinity);
  const dna = alphabet.name === 'dna';
  const blocks: Block[] = aligned ? positionalBlocks(options) : [];
  // few designed positions of a long sequence leave the k-mers of a protein to the pairs
  if (dna || !aligned) {
    for (const k of dna ? [2, 3, 4] : [1, 2])
      if (k < shortest) blocks.push({ name: `kmers-${k}`, map: kmerFeatures(alphabet.size, k) });
  }
  if (dna && shortest > 2) {
    const reach = Math.min(shortest - 1, 12);
    blocks.push({ name: 'spaced-pairs', map: spacedPairFeatures(alphabet.size, reach) });
  }
  if (!options.bothStrands) return blocks;
  return blocks.map((block) => ({ ...block, map: bothStrands(block.map) }));
}

function positionalBlocks(options: CatalogueOptions): Block[] {
  const { alphabet, positions } = options;
  const letters = oneHotLetters(alphabet);
  const blocks: Block[] = [{ name: 'onehot', map: siteFeatures(letters, positions) }];
  if (alphabet.name === 'protein') {
    blocks.push({ name: 'physchem', map: siteFeatures(physicoChemicalLetters(), positions) });
    blocks.push({ name: 'similarity', map: siteFeatures(similarLetters(), positions) });
  }
  const parent = parentOf(alphabet, options.sequences, positions);
  if (parent !== null)
    blocks.push({ name: 'substitutions', map: substitutionFeatures(alphabet, parent, positions) });
  else if (alphabet.name === 'protein' && positions.length >= LEAST_FOR_MOTIFS)
    blocks.push(motifBlock(options));
  if (positions.length < 2) return blocks;
  blocks.push(pairBlock('pairs', letters, options));
  if (alphabet.name !== 'protein') return blocks;
  blocks.push(pairBlock('similarity-pairs', similarLetters(), options));
  if (options.sequences.length <= MOST_NEIGHBOURS) blocks.push(neighbourBlock(options));
  return blocks;
}

function motifBlock({ alphabet, sequences, widest = WIDEST_EXPLICIT }: CatalogueOptions): Block {
  const affordable = Math.floor(widest / alphabet.size ** 2);
  const reach = Math.min(MOTIF_REACH, sequences[0].length - 1, affordable);
  return { name: 'motif-pairs', map: motifPairFeatures(alphabet.size, reach) };
}

function neighbourBlock(options: CatalogueOptions): Block {
  const { alphabet, positions, sequences } = options;
  const rate = neighbourRate(positions, sequences);
  const neighbours = {
    key: `neighbours-${rate}/${positions.join(',')}`,
    alphabetSize: alphabet.size,
    between: (fixed: readonly Sequence[]) => neighbourKernel(rate, alphabet.size, positions, fixed),
  };
  const { map, ...block } = kernelBlock('neighbours', neighbours, options);
  return { ...block, map: withRemainder(map) };
}

function pairBlock(name: string, letters: LetterEmbedding, options: CatalogueOptions): Block {
  const { positions, widest = WIDEST_EXPLICIT } = options;
  if (pairWidth(letters.width, positions.length) <= widest)
    return { name, map: pairFeatures(letters, positions) };
  const pairs = {
    key: `pairs/${letters.name}/${positions.join(',')}`,
    alphabetSize: letters.letters,
    between: (fixed: readonly Sequence[]) => pairKernel(letters, positions, fixed),
  };
  return kernelBlock(name, pairs, options);
}

function kernelBlock(name: string, kernel: KernelSource, { sequences, random }: CatalogueOptions): Block {
  const rows =
    sequences.length <= LANDMARK_ROWS
      ? sequences
      : random
          .fork(`landmarks of ${name}`)
          .shuffle([...sequences])
          .slice(0, LANDMARK_ROWS);
  const { map, error }: { map: FeatureMap; error: number } = lowRankFeatures(kernel, rows);
  return { name, map, error };
}

/**
 * Sets of blocks worth trying: all of them where there are few, else those of at most three blocks and the whole.
 * @returns indices of blocks, ascending
 */
export function blockSets(blocks: number): number[][] {
  const sets: number[][] = [];
  for (let mask = 1; mask < 2 ** blocks; mask++) {
    const set = Array.from({ length: blocks }, (_, b) => b).filter((b) => (mask >> b) & 1);
    if (blocks <= 6 || set.length <= 3 || set.length === blocks) sets.push(set);
  }
  return sets;
}
