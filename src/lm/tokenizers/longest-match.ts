/**
 * Splits text by the longest token from the left, as Hugging Face's slow tokenizers do with tokens that are never
 * split: white space is ignored, and a run of anything else between two tokens (or white space) is one unknown.
 * @param ids token -> id
 * @param unknown id of a run of unknown characters
 */
export function longestMatch(text: string, ids: ReadonlyMap<string, number>, unknown: number): number[] {
  const lengths = tokenLengths(ids);
  const found: number[] = [];
  let inUnknown = false;
  for (let at = 0; at < text.length;) {
    const match = matchAt(text, at, ids, lengths);
    if (match) {
      found.push(match.id);
      at += match.length;
      inUnknown = false;
    } else {
      if (/\s/.test(text[at])) inUnknown = false;
      else {
        if (!inUnknown) found.push(unknown);
        inUnknown = true;
      }
      at++;
    }
  }
  return found;
}

const lengthsOf = new WeakMap<ReadonlyMap<string, number>, number[]>();

/** Token lengths that occur, longest first. */
function tokenLengths(ids: ReadonlyMap<string, number>): number[] {
  let lengths = lengthsOf.get(ids);
  if (!lengths) {
    lengths = [...new Set([...ids.keys()].map((token) => token.length))]
      .filter((n) => n > 0)
      .sort((a, b) => b - a);
    lengthsOf.set(ids, lengths);
  }
  return lengths;
}

function matchAt(text: string, at: number, ids: ReadonlyMap<string, number>, lengths: readonly number[]) {
  for (const length of lengths) {
    const id = at + length <= text.length ? ids.get(text.slice(at, at + length)) : undefined;
    if (id !== undefined) return { id, length };
  }
  return undefined;
}
