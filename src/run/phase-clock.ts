/** Wall time of each phase of a run, in seconds; phases that were not entered are missing. */
export type PhaseSeconds = Partial<Record<Phase, number>>;

/** Opening the model; learning the proxy from the measured rows; the method's steps and the selection; verification. */
export type Phase = 'model' | 'learn' | 'design' | 'verify';

/** Measures phases that follow one another. */
export interface PhaseClock {
  /** Ends the phase that runs, if any, and begins another. */
  enter(phase: Phase): void;
  /** Ends the phase that runs and returns the times. */
  finish(): PhaseSeconds;
}

/** @param now milliseconds from any origin */
export function createPhaseClock(now: () => number = () => performance.now()): PhaseClock {
  const seconds: PhaseSeconds = {};
  let running: { phase: Phase; since: number } | null = null;
  const end = () => {
    if (running === null) return;
    seconds[running.phase] = (seconds[running.phase] ?? 0) + (now() - running.since) / 1000;
    running = null;
  };
  return {
    enter(phase) {
      end();
      running = { phase, since: now() };
    },
    finish() {
      end();
      return { ...seconds };
    },
  };
}
