import { describe, expect, it } from 'vitest';
import { ProgressCounter, type PullProgress } from '../../../src/lm/hub/progress.js';

describe('progress', () => {
  it('gives rate and time left of what came now, not of what was there', () => {
    let time = 0;
    const reports: PullProgress[] = [];
    const counter = new ProgressCounter(
      'download',
      10_000,
      2,
      (report) => reports.push(report),
      () => time,
    );
    counter.next('a');
    counter.shift(4000);
    expect(reports.at(-1)).toEqual({
      phase: 'download',
      file: 'a',
      fileNumber: 1,
      fileCount: 2,
      done: 4000,
      total: 10_000,
      rate: null,
      secondsLeft: null,
    });
    time = 2000;
    counter.add(2000);
    // 2000 bytes in 2 s, 4000 left
    expect(reports.at(-1)).toMatchObject({ done: 6000, rate: 1000, secondsLeft: 4 });
    counter.check();
    expect(reports.at(-1)).toMatchObject({ phase: 'check', file: 'a' });
    counter.next('b');
    expect(reports.at(-1)).toMatchObject({ phase: 'download', file: 'b', fileNumber: 2 });
  });

  it('reports at most ten times a second', () => {
    let time = 0;
    let reports = 0;
    const counter = new ProgressCounter(
      'download',
      1e9,
      1,
      () => reports++,
      () => time,
    );
    counter.next('a');
    for (; time < 5000; time++) counter.add(10);
    expect(reports).toBeLessThanOrEqual(52);
  });
});
