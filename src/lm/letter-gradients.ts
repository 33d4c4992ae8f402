import type { Alphabet, Sequence } from '../core/alphabet.js';
import type { LanguageModel } from './language-model.js';
import { windowCode } from './tokenizers/letters.js';

/** Writes d/d onehot [L x A] of one sequence from its token gradients [T x (A or D)]. */
export type ToLetters = (tokenGradients: Float32Array, sequence: Sequence, out: Float32Array) => void;

/**
 * How token gradients become letter gradients. A letter's gradient is collected from every token that holds it: with
 * k letters a token, entry (i, a) is the sum over those tokens of the gradient at the token with letter i replaced by a.
 * Character models give gradients by letter already; the others give them at the embedding look-up.
 */
export function letterGradients(model: LanguageModel, alphabet: Alphabet, length: number): ToLetters {
  const { letters } = model.tokenizer;
  const A = alphabet.size;
  const windows = letters.windows(length);
  if (letters.k === 1) {
    return (gradients, _sequence, out) => {
      for (const { token, start } of windows)
        out.set(gradients.subarray(token * A, (token + 1) * A), start * A);
    };
  }
  const D = model.architecture.hiddenSize;
  const embedding = model.weights.read(model.architecture.embeddingName, [
    model.architecture.vocabularySize,
    D,
  ]);
  return (gradients, sequence, out) => {
    out.fill(0);
    for (const window of windows) {
      const columns = letters.columns(alphabet, window.length);
      const code = windowCode(sequence, window, A);
      const gradient = gradients.subarray(window.token * D, (window.token + 1) * D);
      for (let j = 0; j < window.length; j++) {
        const place = A ** (window.length - 1 - j);
        const position = window.start + j;
        for (let a = 0; a < A; a++) {
          const row = columns[code + (a - sequence[position]) * place] * D;
          let sum = 0;
          for (let d = 0; d < D; d++) sum += gradient[d] * embedding[row + d];
          out[position * A + a] += sum;
        }
      }
    }
  };
}
