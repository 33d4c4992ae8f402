import { describe, expect, it } from 'vitest';
import { readScore } from '../../src/table/scores.js';

describe('readScore', () => {
  it.each([
    ['1.5', 1.5],
    [' -2e-3 ', -0.002],
    ['+.5', 0.5],
    ['5.', 5],
    ['1E3', 1000],
    ['−1.25', -1.25],
    ['-11.6910482848', -11.6910482848],
  ])('reads %j', (cell, value) => {
    expect(readScore(cell)).toEqual({ kind: 'number', value });
  });

  it.each([
    [['', ' ', 'NA', 'n/a', '#N/A', 'null', 'None', '-', 'n.d.'], 'missing'],
    [['NaN', 'nan', 'inf', '-Inf', 'Infinity', '1e999', '-1e400'], 'not finite'],
    [['1,5', '-0,25', '1.234,5', '1,5e-3'], 'decimal comma'],
    [['high', '0x10', '1_000', '1e', '>5', '12%', '1 2', '٣', '1,234.5', '5-Mar', '9'.repeat(500)], 'text'],
  ])('tells %j apart', (cells, kind) => {
    for (const cell of cells) expect([cell, readScore(cell).kind]).toEqual([cell, kind]);
  });
});
