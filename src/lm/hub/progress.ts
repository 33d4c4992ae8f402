/** Where a pull stands. */
export interface PullProgress {
  /** `download`, or `check` while checksums of what is on disk are computed. */
  readonly phase: 'download' | 'check';
  /** The file at hand, and which of how many it is (from 1). */
  readonly file: string;
  readonly fileNumber: number;
  readonly fileCount: number;
  /** Bytes of all files that are done, of how many. */
  readonly done: number;
  readonly total: number;
  /** Bytes a second since the beginning, without what was there before; null in the first moments. */
  readonly rate: number | null;
  /** Seconds left at that rate; null while it is not known. */
  readonly secondsLeft: number | null;
}

export type OnPullProgress = (progress: PullProgress) => void;

/** Milliseconds between two reports, so that reporting costs nothing. */
const INTERVAL = 100;
/** Milliseconds before a rate means anything. */
const SETTLED = 500;

/** Counts bytes and reports, at most ten times a second and once at each file's start and end. */
export class ProgressCounter {
  private done = 0;
  private moved = 0;
  private readonly began: number;
  private lastReport = -Infinity;
  private current = { file: '', fileNumber: 0 };
  private checksNow = false;

  /**
   * @param total bytes of all files
   * @param now a clock in milliseconds
   */
  constructor(
    private readonly phase: PullProgress['phase'],
    private readonly total: number,
    private readonly fileCount: number,
    private readonly report: OnPullProgress = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.began = now();
  }

  /** Begins the next file. */
  next(file: string): void {
    this.current = { file, fileNumber: this.current.fileNumber + 1 };
    this.checksNow = false;
    this.tell();
  }

  /** The file at hand is complete and is checked now. */
  check(): void {
    this.checksNow = true;
    this.tell();
  }

  /** Bytes that came now. */
  add(bytes: number): void {
    this.moved += bytes;
    this.done += bytes;
    if (this.now() - this.lastReport >= INTERVAL || this.done >= this.total) this.tell();
  }

  /** Bytes that were there before, or (negative) that have to come again; they do not count for the rate. */
  shift(bytes: number): void {
    this.done += bytes;
    this.tell();
  }

  private tell(): void {
    const time = this.now();
    this.lastReport = time;
    const elapsed = time - this.began;
    const rate = elapsed >= SETTLED && this.moved > 0 ? (this.moved / elapsed) * 1000 : null;
    const secondsLeft = rate === null ? null : Math.max(0, this.total - this.done) / rate;
    const { total, fileCount, done } = this;
    const phase = this.checksNow ? 'check' : this.phase;
    this.report({ phase, ...this.current, fileCount, done, total, rate, secondsLeft });
  }
}
