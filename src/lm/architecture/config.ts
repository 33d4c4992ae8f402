import type { z } from 'zod';
import { ModelError } from '../../core/errors.js';

/**
 * Checks a raw `config.json` against a family's schema.
 * @throws ModelError naming the first field that does not fit
 */
export function parseConfig<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  family: string,
  file?: string,
): z.output<S> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new ModelError({
    what: `config field ${path.join('.')} does not fit a ${family} model: ${message}`,
    file,
  });
}

/** @throws ModelError when the width cannot be shared out among the heads */
export function requireWholeHeads(width: number, heads: number, file?: string): void {
  if (width % heads === 0) return;
  throw new ModelError({
    what: 'the hidden size is not a multiple of the number of attention heads',
    file,
    got: `${width} and ${heads}`,
  });
}
