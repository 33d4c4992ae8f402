import type { VerifiedCandidate } from '../../verify/index.js';
import { formatNumber } from '../cells.js';

/** What forward-backward verification says of one candidate, as files and programs get it. */
export type FobarShares = Pick<
  VerifiedCandidate,
  'forward' | 'backward' | 'recovered' | 'asked' | 'combined'
>;

/** The columns of forward-backward verification: `forward_share`, `backward_share`, `recovered`, `combined_share`. */
export const fobarColumns: Readonly<Record<string, (shares: FobarShares) => string>> = {
  forward_share: ({ forward }) => formatNumber(forward),
  backward_share: ({ backward }) => formatNumber(backward),
  recovered: ({ recovered, asked }) => `${recovered} of ${asked}`,
  combined_share: ({ combined }) => formatNumber(combined),
};
