import { createRandom } from '../../src/core/random.js';

export const WILD_TYPE = 'MKTAYIAKQRQISFVK';

/** A table of 30 single and double mutants of a short protein, mutation lists with a made-up score. */
export function smallTable(rows = 30, seed = 'small table'): string {
  const random = createRandom(seed);
  const lines = new Set<string>();
  const letters = 'ACDEFGHIKLMNPQRSTVWY';
  while (lines.size < rows) {
    const positions = random
      .shuffle([3, 5, 8, 11])
      .slice(0, 1 + random.integer(2))
      .sort((a, b) => a - b);
    const mutations = positions.map((position) => {
      const from = WILD_TYPE[position - 1];
      const others = letters.replace(from, '');
      return `${from}${position}${others[random.integer(others.length)]}`;
    });
    lines.add(mutations.join(':'));
  }
  const scored = [...lines].map((mutations, i) => `v${i + 1},${mutations},${random.normal().toFixed(3)}`);
  return `id,mutations,activity\nwt,WT,0.5\n${scored.join('\n')}\n`;
}
