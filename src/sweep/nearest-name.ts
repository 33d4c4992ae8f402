import { closest } from 'fastest-levenshtein';

/** `, did you mean 'X'?`, or nothing where there are no names. */
export function nearest(name: string, known: readonly string[]): string {
  return known.length === 0 ? '' : `, did you mean '${closest(name, known)}'?`;
}
