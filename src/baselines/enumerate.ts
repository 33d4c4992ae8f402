import type { Start } from '../design/method.js';
import type { Problem } from '../design/problem.js';
import { sequenceKey } from '../design/sequence-key.js';
import { walkSpace } from '../design/space-walk.js';
import type { Proposal } from './scoring.js';

/** All unmeasured sequences that the constraints allow from these starts, each once; for spaces known to be small. */
export function allProposals(problem: Problem, starts: readonly Start[]): Proposal[] {
  const found = new Map<string, Proposal>();
  // without a budget that counts from the start, all starts reach the same space
  const own = problem.budget?.from === 'start' ? starts : starts.slice(0, 1);
  for (const start of own) {
    const space = {
      mask: problem.mask,
      length: problem.length,
      alphabetSize: problem.alphabet.size,
      base: problem.budgetBase(start.sequence),
      max: problem.budget?.max ?? problem.length,
    };
    for (const sequence of walkSpace(space)) {
      if (!problem.isMeasured(sequence))
        found.set(sequenceKey(sequence), { sequence: sequence.slice(), start });
    }
  }
  return [...found.values()];
}
