import type { DirectedModel } from '../../../src/verify/trlm/directed-model.js';

/** P(next letter | the letter before it), as fractions such as `3/8`; `^` is the begin symbol. */
export type Transitions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const value = (fraction: string) => {
  const [above, below = '1'] = fraction.split('/');
  return Number(above) / Number(below);
};

/** A Markov chain over three letters as a model that reads in one direction. */
export function markov(
  order: 'forward' | 'reverse',
  transitions: Transitions,
  memory: number,
): DirectedModel {
  return {
    order,
    letterLogProbabilities: (texts) =>
      Promise.resolve(
        texts.map((text) => {
          const read = order === 'forward' ? [...text] : [...text].reverse();
          const logs = read.map((letter, t) => {
            const padded = [...Array<string>(memory).fill('^'), ...read.slice(0, t)];
            const known = transitions[padded.slice(-memory).join('')];
            // A context that the corpus lacks: add-one smoothing leaves a uniform draw.
            return known ? Math.log(value(known[letter])) : -Math.log(3);
          });
          return Float64Array.from(order === 'forward' ? logs : logs.reverse());
        }),
      ),
  };
}
