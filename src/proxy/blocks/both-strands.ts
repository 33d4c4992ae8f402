import { DNA } from '../../core/alphabet.js';
import { reverseComplement } from '../../core/dna.js';
import type { FeatureMap, OneHotGradients } from '../../core/feature-map.js';
import type { StrandedFeatureMap } from './letter-block.js';

/**
 * A DNA feature map averaged over both strands: `phi(x) = (psi(x) + psi(rc x)) / 2`, the same for a sequence and its
 * reverse complement. For double-stranded DNA whose strands share one score. Where the map knows which features trade
 * places on the other strand, each such pair becomes one feature times sqrt(2): the same kernel with half the width.
 *
 * The average is exact for sequences whose positions that the map reads are mirrored onto positions that it reads.
 */
export function bothStrands(map: StrandedFeatureMap): FeatureMap {
  const { kept, factors } = orbits(map);
  const [D, W] = [map.width, kept.length];
  return {
    width: W,
    key: `both-strands/${map.key}`,
    async features(sequences, signal) {
      const both = await map.features([...sequences, ...sequences.map(reverseComplement)], signal);
      const half = sequences.length * D;
      const phi = new Float64Array(sequences.length * W);
      for (let b = 0; b < sequences.length; b++) {
        for (let j = 0; j < W; j++) {
          const at = b * D + kept[j];
          phi[b * W + j] = (factors[j] * (both[at] + both[half + at])) / 2;
        }
      }
      return phi;
    },
    async vjp(sequences, cotangents, K, signal): Promise<OneHotGradients> {
      const copies = sequences.length * K;
      const twice = new Float64Array(2 * copies * D);
      for (let c = 0; c < copies; c++) {
        for (let j = 0; j < W; j++) {
          const at = c * D + kept[j];
          twice[at] = twice[copies * D + at] = (factors[j] * cotangents[c * W + j]) / 2;
        }
      }
      const asked = [...sequences, ...sequences.map(reverseComplement)];
      const { data } = await map.vjp(asked, twice, K, signal);
      return { data: foldStrands(data, copies, sequences[0]?.length ?? 0), alphabetSize: DNA.size };
    },
  };
}

/** One feature of each set that the other strand exchanges, and the factor that keeps the kernel. */
function orbits({ width, partner }: StrandedFeatureMap): { kept: number[]; factors: number[] } {
  const all = Array.from({ length: width }, (_, j) => j);
  if (partner === undefined) return { kept: all, factors: all.map(() => 1) };
  const kept = all.filter((j) => j <= partner(j));
  return { kept, factors: kept.map((j) => (j === partner(j) ? 1 : Math.SQRT2)) };
}

/**
 * Adds the second half's gradients, read on the other strand, to the first half's: position i takes L-1-i, letter a takes
 * its complement.
 */
function foldStrands(data: Float32Array | Float64Array, copies: number, L: number): Float64Array {
  const A = DNA.size;
  const out = new Float64Array(copies * L * A);
  for (let c = 0; c < copies; c++) {
    for (let i = 0; i < L; i++) {
      for (let a = 0; a < A; a++) {
        const other = ((copies + c) * L + (L - 1 - i)) * A + (A - 1 - a);
        out[(c * L + i) * A + a] = data[(c * L + i) * A + a] + data[other];
      }
    }
  }
  return out;
}
