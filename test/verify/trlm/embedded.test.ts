import { afterAll, describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { resolveModel } from '../../../src/lm/registry.js';
import { readFasta } from '../../../src/table/fasta.js';
import { createPool } from '../../../src/runtime/pool.js';
import { rankByTrlm } from '../../../src/verify/trlm/rank.js';
import { dataPath } from '../../helpers/data.js';

const pool = createPool(1);
afterAll(() => pool.close());

const corpora = {
  protein: {
    alphabet: PROTEIN,
    file: dataPath('corpora/proteins.fasta.gz'),
    letters: /^[ACDEFGHIKLMNPQRSTVWY]+$/,
  },
  dna: { alphabet: DNA, file: dataPath('corpora/dna.fasta.gz'), letters: /^[ACGT]+$/ },
};

/** Natural stretches of one length. */
async function natural({ file, letters }: { file: string; letters: RegExp }): Promise<string[]> {
  const texts = (await readFasta(file)).map(({ text }) => text.toUpperCase().slice(0, 120));
  return texts.filter((text) => text.length === 120 && letters.test(text)).slice(0, 40);
}

describe.each(['protein', 'dna'] as const)('the embedded %s pair', (kind) => {
  const { alphabet, file, letters } = corpora[kind];

  it.skipIf(file === null)('prefers what is natural to its own shuffle, in either direction', async () => {
    const open = (order: string) =>
      openLanguageModel(resolveModel(`${kind}-causal-${order}`, alphabet).folder);
    const [forward, reverse] = [await open('forward'), await open('reverse')];
    const sequences = await natural({ file: file!, letters });
    const random = createRandom('shuffle');
    const shuffled = sequences.map((text) => random.shuffle([...text]).join(''));
    const score = (texts: string[]) =>
      rankByTrlm({
        ...{ forward, reverse, sequences: texts, region: { from: 0, to: 120 } },
        ...{ alpha: 1, recall: 'whole', pool },
      });
    const [before, after] = [await score(sequences), await score(shuffled)];
    for (const term of ['forward', 'reverse'] as const) {
      const gain = before.reduce((sum, one, i) => sum + one[term] - after[i][term], 0);
      expect(gain, term).toBeGreaterThan(0);
    }
  });
});
