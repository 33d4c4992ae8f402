import { fitBlocks } from '../../proxy/blocks/fit-blocks.js';
import { type FobarRequest, type FobarResult, verifyByFobar } from './fobar.js';

/** What {@link verifyByTable} works on. */
export interface TableVerification extends Omit<FobarRequest, 'fit' | 'onProgress'> {
  /** 0-based positions that the proxy looks at. Default: those at which the measured sequences differ. */
  positions?: readonly number[];
  /** Forward chains, bootstraps of the proxy. Default 10. */
  chains?: number;
  /** `learning`: ways to learn that were tried; `hiding`: candidates that are done. */
  onProgress?: (phase: 'learning' | 'hiding', step: number, steps: number) => void;
}

/**
 * Forward-backward verification from nothing but measured rows: fits the default proxy over closed-form blocks, its
 * bootstraps being the chains, and verifies the candidates by it ({@link verifyByFobar}).
 * @throws InputError for scores that nothing can be learned from, and as `verifyByFobar`
 * @throws CancelledError when the signal fires
 */
export async function verifyByTable(request: TableVerification): Promise<FobarResult> {
  const { positions, chains = 10, onProgress, ...verification } = request;
  const { measured, random, signal } = verification;
  const { alphabet, sequences, scores } = measured;
  const fit = await fitBlocks({
    ...{ alphabet, sequences, scores, positions, signal },
    random: random.fork('proxy'),
    options: { heads: chains },
    onProgress: ({ phase, step, steps }) => {
      if (phase === 'choice') onProgress?.('learning', step, steps);
    },
  });
  return verifyByFobar({
    ...verification,
    fit,
    random: random.fork('fobar'),
    onProgress: (step, steps) => onProgress?.('hiding', step, steps),
  });
}
