import { createHash } from 'node:crypto';

/**
 * Identifies a piece of work by its input and everything that decides its output; null where the input cannot be read
 * again.
 */
export function workKey(inputSha256: string | null, parts: Readonly<Record<string, unknown>>): string | null {
  if (inputSha256 === null) return null;
  return createHash('sha256')
    .update(JSON.stringify({ input: inputSha256, ...parts }))
    .digest('hex');
}
