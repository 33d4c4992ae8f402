const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The first key that the outermost object of a JSON text holds twice, or undefined. `JSON.parse` keeps the last one in
 * silence.
 * @param text valid JSON
 */
export function firstRepeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      // A string is skipped whole, so brackets in it do not count; at depth 1 a string before a colon is a key.
      const end = endOfString(text, i);
      if (depth === 1 && isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end)) as string;
        if (seen.has(key)) return key;
        seen.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** Index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1;
  return i + 1;
}

function isKey(text: string, end: number): boolean {
  while (end < text.length && ' \t\r\n'.includes(text[end])) end++;
  return text[end] === ':';
}
