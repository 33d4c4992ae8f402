export { exampleTable, type ExampleTable } from './examples.js';
export { type FastaRecord, parseFasta, readFasta, streamFasta } from './fasta.js';
export type { ReadLimits } from './bytes.js';
export { formatMutations, parseMutations, WILD_TYPE_NAME } from './mutations.js';
export { createNumbering, type Numbering, type NumberingParts } from './numbering.js';
export { DEFAULT_MAX_BYTES, type TableOptions } from './options.js';
export { parseTable, readTable } from './read.js';
export { MAX_ROW_LENGTH } from './records.js';
export {
  type ColumnUse,
  countSetAside,
  type MeasuredRow,
  type SetAside,
  type SetAsideReason,
  type Table,
  type VariantKind,
} from './table.js';
export { parseWildType, readWildType } from './wild-type.js';
