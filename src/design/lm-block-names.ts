/** Blocks that a language model brings: mean features, the states at the designed positions, the log-likelihood ratio. */
export const LM_BLOCKS = ['lm-mean', 'lm-sites', 'llr'] as const;

export type LmBlock = (typeof LM_BLOCKS)[number];

/** Blocks that cost a pass of the model for each sequence. */
export const PASS_BLOCKS: readonly string[] = ['lm-mean', 'lm-sites'] satisfies LmBlock[];
