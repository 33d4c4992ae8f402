import { InputError } from '../core/errors.js';

/** What a target says: so much more than the lead has (in scores, or in their standard deviations), or a score. */
export type Target =
  | { readonly kind: 'change'; readonly amount: number; readonly unit: 'sd' | 'score' }
  | { readonly kind: 'score'; readonly value: number };

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const CHANGE = new RegExp(String.raw`^([+-])\s*(${NUMBER})\s*(sd)?$`, 'i');
const SCORE = new RegExp(String.raw`^(?:(${NUMBER})|=\s*([+-]?${NUMBER}))$`, 'i');

/**
 * Reads a target: `+2 sd` and `-1 sd` are changes in standard deviations of the measured scores, `+0.5` and `-0.5` in the
 * table's own unit; `3.2` is a score, and so is `=-3.2`.
 * @throws InputError for anything else
 */
export function parseTarget(text: string): Target {
  const trimmed = text.trim();
  const change = CHANGE.exec(trimmed);
  if (change) {
    const amount = Number(change[2]) * (change[1] === '-' ? -1 : 1);
    if (Number.isFinite(amount)) return { kind: 'change', amount, unit: change[3] ? 'sd' : 'score' };
  }
  const score = SCORE.exec(trimmed);
  const value = Number(score?.[1] ?? score?.[2]);
  if (score && Number.isFinite(value)) return { kind: 'score', value };
  throw new InputError({
    what: 'the target is not understood',
    expected: "a change such as '+2 sd' or '+0.5', or a score such as '3.2' or '=-3.2'",
    got: `'${text}'`,
  });
}

/** The score that a target asks for, in the table's own unit. */
export function targetScore(target: Target, leadScore: number, sd: number): number {
  if (target.kind === 'score') return target.value;
  return leadScore + target.amount * (target.unit === 'sd' ? sd : 1);
}
