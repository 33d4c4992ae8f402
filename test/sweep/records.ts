import { sha256 } from '../../src/sweep/canonical-json.js';
import type { CellRecord } from '../../src/sweep/record.js';

/** A record of some cell; the number tells cells apart, `take` the times that one was computed. */
export function recordOf(number: number, { failed = false, take = 0 } = {}): CellRecord {
  const metrics = {
    max: 1,
    median: 0.5,
    lowerMedian: 0.5,
    mean: number / 7,
    meanScore: 2,
    topHits: null,
    distinct: 2,
    unscored: 0,
    measured: 0,
  };
  const result = {
    designs: ['ACGT', 'ACGA'],
    scores: [number / 3, null],
    metrics,
    protocol: 'Measured: all “of it”.',
    notes: [],
  };
  return {
    format: 1,
    key: sha256(`cell ${number}`),
    cell: { task: 'some', seed: number, plate: 0, method: 'random', settings: {}, count: 2 },
    code: '0.0.0+0',
    data: {},
    outcome: failed
      ? { status: 'failed', reason: `it failed, time ${take}` }
      : { status: 'done', result: { ...result, notes: [`take ${take}`] } },
    circumstances: {
      finishedAt: '2026-01-01T00:00:00.000Z',
      seconds: { total: 1.5 },
      passes: null,
      peakMemoryBytes: null,
      node: '20.0.0',
      cpu: 'some',
    },
  };
}
