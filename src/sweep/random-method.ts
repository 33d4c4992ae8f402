import { randomDesigns } from '../tasks/index.js';
import { checkSettings } from './settings-schema.js';
import type { SweepMethod } from './method.js';
import { moduleName } from './module-name.js';
import { z } from 'zod';

/**
 * As many unmeasured sequences drawn at random from the task's table (for a formula: sequences of its own distribution).
 * The row that every table of results has.
 */
export const randomMethod: SweepMethod = {
  name: 'random',
  resolve: (settings) => checkSettings(z.strictObject({}), settings),
  modules: () => [moduleName(import.meta.url)],
  dependencies: async () => ({}),
  memoryBytes: () => 0,
  async run({ task, count, random }) {
    const began = performance.now();
    const designs = randomDesigns({ ...task, count }, random);
    const notes = designs.length < count ? ['the table has fewer rows than designs were asked for'] : [];
    return { designs, passes: null, seconds: { design: (performance.now() - began) / 1000 }, notes };
  },
};
