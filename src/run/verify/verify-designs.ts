import type { Table } from '../../table/table.js';
import type { FobarResult } from '../../verify/index.js';
import { internal } from '../../core/errors.js';
import type { CheckedRunOptions } from '../options.js';
import type { DesignRow } from '../rows.js';
import { verifyCandidates, type VerifyHooks } from './verify.js';

/**
 * Forward-backward verification of the designs of a run against the table that they come from: the same numbers as
 * `verifyCandidates` (and `biseq verify`) gives for them with the run's seed and direction and otherwise its defaults. It
 * learns from the table by itself, by the default blocks, whatever the designs were made by.
 * @returns the designs with what was found of each, in the order in which they came, and the whole result
 * @throws CancelledError when the signal fires
 */
export async function verifyDesigns(
  rows: readonly DesignRow[],
  table: Table,
  { direction, seed, workers }: CheckedRunOptions,
  hooks: VerifyHooks,
): Promise<{ rows: DesignRow[]; fobar: FobarResult }> {
  const list = {
    source: 'designs.csv',
    header: ['id', 'sequence'],
    candidates: rows.map(({ id, sequence }, i) => ({
      ...{ id, text: sequence, line: i + 2 },
      cells: [id, sequence],
    })),
  };
  const { fobar } = await verifyCandidates(list, table, { fobar: true, direction, seed, workers }, hooks);
  if (fobar === null) throw internal('a verification by FOBAR has no result of it');
  return {
    fobar,
    rows: rows.map((row, i) => {
      const { forward, backward, recovered, asked, combined } = fobar.candidates[i];
      return { ...row, fobar: { forward, backward, recovered, asked, combined } };
    }),
  };
}
