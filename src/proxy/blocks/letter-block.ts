import type { Sequence } from '../../core/alphabet.js';
import { internal, throwIfAborted } from '../../core/errors.js';
import type { FeatureMap } from '../../core/feature-map.js';

/** Features that are a closed formula of the letters, computed at once and exactly. */
export type LetterFormula = FormulaParts & (OneByOne | Together);

/** Features that are written sequence by sequence. */
interface OneByOne {
  /** Writes phi(x) at `offset`; `out` holds zeros there. */
  write(sequence: Sequence, out: Float64Array, offset: number): void;
}

/** Features that are computed together for many sequences. */
interface Together {
  /** Writes phi of every sequence, [B x D]; `out` holds zeros. */
  writeAll(sequences: readonly Sequence[], out: Float64Array): void;
}

interface FormulaParts {
  readonly width: number;
  readonly key: string;
  /** Letters of the alphabet. */
  readonly alphabetSize: number;
  /**
   * Adds d<v, phi>/d onehot, of the multilinear extension of phi, at the one-hot x.
   * @param v cotangents, read from `offset` on
   * @param gradient [L x A] from `at` on, holds zeros
   */
  pullBack(sequence: Sequence, v: Float64Array, offset: number, gradient: Float64Array, at: number): void;
  /**
   * DNA only: the feature that takes j's place on the other strand, `phi_j(rc x) = phi_partner(j)(x)`; absent where the
   * features are not closed under reverse complement.
   */
  readonly partner?: (feature: number) => number;
  /** `<v, phi>` as sums over letters and pairs of letters; absent where it is not one. */
  readonly tables?: (v: Float64Array) => LetterTables;
  /** `<v, phi>` by a way that is shorter than through phi; absent where there is none. */
  readonly sum?: (v: Float64Array) => ((sequence: Sequence) => number) | undefined;
}

/** A function of sequences that is a sum over letters at positions and pairs of letters at two positions. */
export interface LetterTables {
  readonly sites: readonly { position: number; values: Float64Array }[];
  /** values [letters x letters], the first position's letter being the row. */
  readonly pairs: readonly { first: number; second: number; letters: number; values: Float64Array }[];
}

/** A feature map that may know how its features trade places on the other strand, and short ways to their sums. */
export interface StrandedFeatureMap extends FeatureMap, Pick<FormulaParts, 'partner' | 'tables' | 'sum'> {}

/**
 * A {@link LetterFormula} as a feature map. Its features are products of one-hot letters at different positions, so they
 * extend to distributions over letters by replacing each one-hot by the distribution (the multilinear extension), and
 * `g[i, a] - g[i, x_i]` is the exact change of `<v, phi>` for a single substitution.
 */
export function letterFeatures(formula: LetterFormula): StrandedFeatureMap {
  const { width: D, alphabetSize: A, key } = formula;
  return {
    width: D,
    key,
    partner: formula.partner,
    tables: formula.tables,
    sum: formula.sum,
    async features(sequences, signal) {
      throwIfAborted(signal);
      const phi = new Float64Array(sequences.length * D);
      if ('writeAll' in formula) formula.writeAll(sequences, phi);
      else sequences.forEach((sequence, b) => formula.write(sequence, phi, b * D));
      return phi;
    },
    async vjp(sequences, cotangents, K, signal) {
      throwIfAborted(signal);
      const L = sequences[0]?.length ?? 0;
      if (sequences.some((sequence) => sequence.length !== L))
        throw internal('one vjp call takes sequences of one length');
      const data = new Float64Array(sequences.length * K * L * A);
      sequences.forEach((sequence, b) => {
        for (let k = 0; k < K; k++) {
          const copy = b * K + k;
          formula.pullBack(sequence, cotangents, copy * D, data, copy * L * A);
        }
      });
      return { data, alphabetSize: A };
    },
  };
}
