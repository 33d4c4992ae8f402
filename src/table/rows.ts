import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { Columns } from './columns.js';
import { FaultList, RowFault, count, flag, plural, show } from './faults.js';
import { inferFirstPosition } from './infer-numbering.js';
import { createNumbering, type Numbering } from './numbering.js';
import type { Mutation } from './mutations.js';
import type { ResolvedOptions } from './options.js';
import type { Measurement } from './replicates.js';
import { readScore, scoreFault } from './scores.js';
import type { SetAside } from './table.js';
import type { CodedVariant, VariantReader } from './variants.js';

/** How the rows of a table are read. */
export interface RowPlan {
  file: string;
  header: readonly string[];
  columns: Columns;
  alphabet: Alphabet;
  wildType: Sequence | null;
  reader: VariantReader;
  options: ResolvedOptions;
}

/** What the rows amount to, before replicates are merged. */
export interface CheckedRows {
  measurements: Measurement[];
  numbering: Numbering;
  setAside: SetAside[];
  notes: string[];
}

interface PendingRow {
  line: number;
  id: string;
  score: number;
  variant: CodedVariant;
}

/** The fault of a row that is not as wide as the header. */
export function raggedFault(fields: readonly string[], header: readonly string[]): RowFault {
  const comma =
    fields.length > header.length && fields.slice(-2).every((field) => /^\s*[+-]?\d+\s*$/.test(field));
  const rowNames = fields.length === header.length + 1 && !comma;
  return new RowFault('another number of columns', {
    what: `the row has ${plural(fields.length, 'column')}, the header ${count(header.length)}`,
    expected: plural(header.length, 'column'),
    got: count(fields.length),
    fix: comma
      ? 'If numbers are written with decimal commas, save the table with decimal points; quote text that holds commas.'
      : rowNames
        ? "If the rows begin with row names (R's write.table), give that column a name too."
        : 'Correct the row, or quote text that holds the delimiter.',
  });
}

/** True where a row is as wide as the header, apart from empty cells at its end. */
export function isAsWide(fields: readonly string[], header: readonly string[]): boolean {
  if (fields.length <= header.length) return fields.length === header.length;
  return fields.slice(header.length).every((field) => field.trim() === '');
}

/** A copy that does not keep the block of text alive from which the cell was cut. */
const detached = (cell: string): string => Buffer.from(cell).toString();

/** Reads rows one by one; `finish` makes the sequences when all have been seen. */
export class RowCollector {
  readonly #plan: RowPlan;
  readonly #faults: FaultList;
  readonly #rows: PendingRow[] = [];
  readonly #setAside: SetAside[] = [];
  #textScores = 0;
  #numbers = 0;
  #firstText = { cell: '', line: 0 };

  constructor(plan: RowPlan) {
    this.#plan = plan;
    this.#faults = new FaultList(plan.file);
  }

  add(fields: readonly string[], line: number): void {
    const { header, columns, reader } = this.#plan;
    if (!isAsWide(fields, header)) {
      this.#faults.add(line, raggedFault(fields, header));
      return;
    }
    const score = this.#score(fields[columns.score], line);
    if (score === null) return;
    const cell = fields[columns.sequence];
    const variant = this.#faults.attempt(line, () => reader.read(cell));
    if (variant === undefined) return;
    const named = columns.id === null ? '' : fields[columns.id].trim().slice(0, 200);
    const id = named !== '' ? named : (reader.name(cell) ?? `line${line}`);
    this.#rows.push({ line, id: detached(id), score, variant });
  }

  /** The score, or null where the row has been set aside or is at fault. */
  #score(cell: string, line: number): number | null {
    const { columns, options } = this.#plan;
    const read = readScore(cell);
    if (read.kind === 'number') {
      this.#numbers++;
      return read.value;
    }
    if (read.kind === 'missing') this.#setAside.push({ line, reason: 'score missing' });
    else if (read.kind === 'not finite' && options.nonFiniteScores === 'set-aside') {
      this.#setAside.push({ line, reason: 'score not finite' });
    } else {
      if (read.kind === 'text' && this.#textScores++ === 0)
        this.#firstText = { cell: cell.slice(0, 100), line };
      this.#faults.add(line, scoreFault(read, cell, columns.scoreName));
    }
    return null;
  }

  /** @throws InputError with the first fault of the rows, and where no row is left */
  finish(): CheckedRows {
    if (this.#numbers === 0 && this.#textScores > 0) throw this.#noNumbers();
    const { numbering, notes } = this.#numbering();
    const { options, reader } = this.#plan;
    const measurements: Measurement[] = [];
    const dropped: number[] = [];
    for (const { line, id, score, variant } of this.#rows) {
      const sequence = this.#faults.attempt(line, () => reader.sequence(variant, numbering));
      if (sequence) measurements.push({ line, id, score, sequence });
      else if (sequence === null) this.#stop(line, dropped);
    }
    this.#faults.throwIfAny();
    if (options.stops === 'drop' && dropped.length > 0) {
      notes.push(`${plural(dropped.length, 'row')} with a stop left out`);
    }
    if (measurements.length === 0) throw this.#noneLeft(dropped.length);
    this.#setAside.sort((a, b) => a.line - b.line);
    return { measurements, numbering, notes, setAside: this.#setAside };
  }

  #stop(line: number, dropped: number[]): void {
    const { stops } = this.#plan.options;
    if (stops === 'drop') dropped.push(line);
    else if (stops === 'set-aside') this.#setAside.push({ line, reason: 'stop' });
    else {
      const fault = { what: 'the variant has a stop', expected: 'no stop', got: '*' };
      const fix = 'Remove the row, or say --stops set-aside (stops in the library).';
      this.#faults.add(line, new RowFault('a stop', { ...fault, fix }));
    }
  }

  #numbering(): { numbering: Numbering; notes: string[] } {
    const { alphabet, wildType, reader, options, file } = this.#plan;
    const longest = this.#rows.reduce((length, { variant }) => Math.max(length, variant.length), 0);
    const parts = { alphabet, length: wildType?.length ?? longest, ...reader.style };
    if (options.firstPosition !== undefined || reader.kind !== 'mutations' || !wildType) {
      return { numbering: createNumbering({ ...parts, firstPosition: options.firstPosition }), notes: [] };
    }
    // A row at fault must not hide behind a numbering that cannot be inferred.
    if (this.#rows.length === 0) this.#faults.throwIfAny();
    const { firstPosition, note } = inferFirstPosition(alphabet, wildType, this.#eachMutation(), file);
    return { numbering: createNumbering({ ...parts, firstPosition }), notes: [note] };
  }

  *#eachMutation(): Generator<Mutation> {
    for (const { variant } of this.#rows) yield* this.#plan.reader.mutations(variant);
  }

  #noNumbers(): InputError {
    return new InputError({
      what: `column ${show(this.#plan.columns.scoreName)} has no numeric scores`,
      file: this.#plan.file,
      line: this.#firstText.line,
      expected: 'numbers',
      got: show(this.#firstText.cell.trim()),
      fix: `Name another column by ${flag('scoreColumn')}.`,
    });
  }

  #noneLeft(dropped: number): InputError {
    const missing = this.#setAside.filter(({ reason }) => reason !== 'stop').length;
    const stops = this.#setAside.length - missing + dropped;
    return new InputError({
      what: 'no row is left',
      file: this.#plan.file,
      expected: 'measured variants',
      got: `${plural(stops, 'row')} with a stop, ${count(missing)} without a score`,
      fix:
        stops > 0
          ? 'If every sequence ends in *, remove that letter.'
          : `Check the column named by ${flag('scoreColumn')}.`,
    });
  }
}
