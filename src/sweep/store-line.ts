import { sha256 } from './canonical-json.js';
import { recordSchema, type CellRecord } from './record.js';

/**
 * A line of the store, `{"sha256":"<hash of the record's bytes>","record":{...}}`: JSON for everyone, and a line that was
 * cut or changed is told by its hash.
 */
export function formatLine(record: CellRecord): string {
  const body = JSON.stringify(record);
  return `{"sha256":"${sha256(body)}","record":${body}}\n`;
}

const LINE = /^\{"sha256":"([0-9a-f]{64})","record":(\{.*\})\}$/s;

/** A record, or why a line is none. */
export type ParsedLine = { record: CellRecord } | { damage: string };

/** @param line without its line feed */
export function parseLine(line: string): ParsedLine {
  const match = LINE.exec(line);
  if (match === null) return { damage: 'it is no record with its hash' };
  const [, hash, body] = match;
  if (sha256(body) !== hash) return { damage: 'its hash does not match' };
  const parsed = recordSchema.safeParse(parseJson(body));
  if (parsed.success) return { record: parsed.data };
  const [issue] = parsed.error.issues;
  return { damage: `it was written by another version of biseq (${issue.path.join('.')}: ${issue.message})` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
