import { auto } from '../design/auto.js';
import { bib } from '../design/bib.js';
import { discreteSearch } from '../design/discrete-search.js';
import type { DesignStats } from '../design/design-sequences.js';
import { ENUMERABLE, exhaustive } from '../design/exhaustive.js';
import type { LearnedProxy } from '../design/learned-proxy.js';
import { PASS_BLOCKS } from '../design/lm-block-names.js';
import type { Method } from '../design/method.js';
import type { CheckedRunOptions } from './options.js';

/** Largest space that `auto` enumerates where every sequence takes a pass of the language model. */
const ENUMERABLE_BY_PASSES = 2000;

/** The search that the options ask for, on a proxy. */
export function searchMethod(options: CheckedRunOptions, proxy: LearnedProxy): Method {
  const { search, mode, gamma, gammaAt, eta, etaOver, steps } = options;
  const shared = { mode, gamma, eta, steps };
  switch (search) {
    case 'bib':
      return bib({ ...shared, gammaAt, etaMode: etaOver });
    case 'discrete':
      return discreteSearch(shared);
    case 'exhaustive':
      return exhaustive({ by: mode === 'backward' ? 'backward' : 'forward' });
    case 'auto':
      return auto({
        limit: takesPasses({ blocks: proxy.report }) ? ENUMERABLE_BY_PASSES : ENUMERABLE,
        search: shared,
      });
  }
}

/** Whether each prediction takes a pass of a language model: the published features do, and so do some blocks. */
export function takesPasses({ blocks }: Pick<DesignStats, 'blocks'>): boolean {
  return blocks === null || blocks.signal.some(({ block }) => PASS_BLOCKS.includes(block));
}
