/** A piece of text: either a token that is never split, or what lies between such tokens. */
export type Piece = { readonly id: number } | { readonly text: string };

/**
 * Cuts out the tokens that are matched before anything else (`[MASK]`, `<eos>`), longest first from the left, as
 * Hugging Face's fast tokenizers do with special tokens.
 * @param tokens token -> id
 */
export function addedTokenSplitter(tokens: ReadonlyMap<string, number>): (text: string) => Piece[] {
  const names = [...tokens.keys()].filter((name) => name !== '').sort((a, b) => b.length - a.length);
  if (names.length === 0) return (text) => (text === '' ? [] : [{ text }]);
  const any = new RegExp(`(${names.map(escapeRegExp).join('|')})`, 'u');
  return (text) =>
    text
      .split(any)
      .filter((piece) => piece !== '')
      .map((piece) => {
        const id = tokens.get(piece);
        return id === undefined ? { text: piece } : { id };
      });
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
