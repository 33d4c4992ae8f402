import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encode, PROTEIN } from '../../../src/core/alphabet.js';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { type Score, type ScoreMethod, scoreSequences } from '../../../src/lm/score/score.js';
import { type ScoreFileOptions, scoreTo, scoreToFile } from '../../../src/run/lm/score-file.js';
import { createPool } from '../../../src/runtime/pool.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';

const root = temporaryFolder();
const at = (name: string) => path.join(root, name);
const model = at('tiny');
await writeTinyModel(model);
const pool = createPool(1);
afterAll(() => pool.close());

const wildType = 'MKTAYIAKQR';
const texts = ['MKTAYIAKQR', 'MKTAYIAKQA', 'AKTAYIWKQR', 'CCCCCCCCCC', 'MKTWYIAKQR', 'MKTAYIVVQR'];
const fasta = at('in.fasta');
writeFileSync(fasta, texts.map((text, i) => `>s${i}\n${text}\n`).join(''));

async function expected(method: ScoreMethod): Promise<string> {
  const opened = await openLanguageModel(model);
  const scores: Score[] = [];
  const sequences = texts.map((text, i) => ({ id: `s${i}`, text }));
  for await (const score of scoreSequences(opened, pool, sequences, method)) scores.push(score);
  const rows = scores.map(({ sequence, values }) => [
    sequence.id,
    10,
    ...values.map((v) => Number(v.toPrecision(7))),
  ]);
  return rows.map((row) => row.join(',')).join('\n');
}

async function printed(input: string, options: ScoreFileOptions): Promise<string> {
  let text = '';
  await scoreTo(input, async (piece) => void (text += piece), { model, workers: 1, ...options });
  return text;
}

describe('scores of a file', () => {
  it('are pseudo-perplexities by default, ratios with a wild type', async () => {
    const rows = await expected({ method: 'pseudo-perplexity' });
    expect(await printed(fasta, {})).toBe(`id,length,pseudo_log_likelihood,pseudo_perplexity\n${rows}\n`);
    for (const marginals of ['masked', 'wild-type'] as const) {
      const method = {
        method: 'llr',
        wildType: encode(PROTEIN, wildType),
        alphabet: PROTEIN,
        marginals,
      } as const;
      const text = `id,length,mutations,llr\n${await expected(method)}\n`;
      expect(await printed(fasta, { wildType, marginals })).toBe(text);
      const table = at('t.csv');
      writeFileSync(table, `id,sequence\n${texts.map((one, i) => `s${i},${one}`).join('\n')}\n`);
      expect(await printed(table, { wildType, marginals })).toBe(text);
    }
    expect(await printed(fasta, { wildType })).toBe(await printed(fasta, { wildType, marginals: 'masked' }));
  });

  it('go to a file as to the screen, and on after an interruption, to the same bytes', async () => {
    const text = await printed(fasta, {});
    const [whole, cut] = [at('whole.csv'), at('cut.csv')];
    expect(await scoreToFile(fasta, whole, { model })).toMatchObject({
      method: 'pseudo-perplexity',
      sequences: 6,
    });
    expect(readFileSync(whole, 'utf8')).toBe(text);
    const controller = new AbortController();
    const stop = ({ done }: { done: number }) => done === 2 && controller.abort();
    const options = { model, signal: controller.signal };
    await expect(scoreToFile(fasta, cut, options, { onProgress: stop })).rejects.toThrow(CancelledError);
    expect((await scoreToFile(fasta, cut, { model })).resumed).toBeGreaterThanOrEqual(2);
    expect(readFileSync(cut, 'utf8')).toBe(text);
    await expect(scoreToFile(fasta, cut, { model })).rejects.toThrow(/exists already/);
  });

  it('are refused where they cannot be had', async () => {
    await expect(printed(fasta, { method: 'log-likelihood' })).rejects.toThrow(ModelError);
    await expect(printed(fasta, { method: 'llr' })).rejects.toThrow(/needs a wild type.*--wild-type/);
    await expect(printed(fasta, { wildType: 'MKTAY' })).rejects.toThrow(
      /in\.fasta:1: sequence s0 is not of the wild type's length; expected 5/,
    );
    await expect(printed(fasta, { wildType: 'MKXAYIAKQR' })).rejects.toThrow(InputError);
  });
});
