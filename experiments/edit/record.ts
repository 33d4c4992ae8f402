/** Where `run.ts` appends its results; not committed. */
export const RESULTS = 'runs/edit.ndjson';
/** Measured variants that are edited, the best ones. */
export const LEADS = 8;
/** States of each lead that are taken up to noise and brought back. */
export const DRAWS = 16;
/** Blocks of the proxy where not all that suit the table are used: pairs of 15 positions would take most of the time. */
export const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  'ehrlich-20-15-2-4': ['onehot', 'similarity'],
};
/** How far back. */
export const BACKS = [0.3, 0.4, 0.5, 0.6, 0.8, 1] as const;

/** What came of one lead by one rung; scores are true ones, normalised. */
export interface Rung {
  /** Draws that are neither the lead nor measured. */
  usable: number;
  /** Of all usable draws; null where there is none. */
  mean: number | null;
  meanDistance: number | null;
  /** The draw with the largest predicted score. */
  picked: { distance: number; score: number } | null;
}

/** One lead. */
export interface LeadRecord {
  row: number;
  score: number;
  /** A rung for each of `BACKS`. */
  bdia: Rung[];
  ddim: Rung[];
  /** For each distance at which BDIA picked something. */
  beside: {
    distance: number;
    /** The discrete search for BIB's objective, at most so many letters from the lead. */
    bib: number;
    /** Mean of 4 x DRAWS random mutants. */
    random: number;
    /** Of DRAWS random mutants the one with the largest predicted score. */
    randomPicked: number;
  }[];
}

/** One task and seed. */
export interface CellRecord {
  task: string;
  seed: number;
  /** Standard deviations asked for above the lead. */
  target: number;
  measured: number;
  leads: LeadRecord[];
  /** Largest error of a state that was taken to noise and back at its own score. */
  error: { bdia: number; ddim: number };
  /** Share of those whose letters came back. */
  returned: { bdia: number; ddim: number };
  seconds: number;
}
