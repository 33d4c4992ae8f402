import { closest, distance } from 'fastest-levenshtein';
import { InputError } from '../core/errors.js';
import { type Content, describeCells } from './content.js';
import { count, flag, show } from './faults.js';
import { type Fit, isAside, isIdName, normalise, scoreFit, sequenceFit } from './names.js';
import type { ResolvedOptions } from './options.js';
import type { ColumnUse, VariantKind } from './table.js';

/** A header with its place and a description of its cells. */
interface Column {
  index: number;
  name: string;
  content: Content;
}

/** The columns that a table is read from. */
export interface Columns {
  sequence: number;
  score: number;
  id: number | null;
  scoreName: string;
  kind: VariantKind;
  uses: ColumnUse[];
}

/** What the choice depends on besides the columns themselves. */
export interface ColumnContext {
  file: string;
  /** Line of the header. */
  line: number;
  options: ResolvedOptions;
  /** Letters of the wild type, where there is one. */
  wildTypeLength: number | null;
}

type ColumnOption = 'sequenceColumn' | 'scoreColumn' | 'idColumn';
interface Choice {
  column: Column;
  why: string;
}

const listNames = (columns: readonly Column[]): string =>
  columns
    .slice(0, 20)
    .map(({ name, index }) => (name === '' ? `#${index + 1}` : show(name)))
    .join(', ') + (columns.length > 20 ? `, ... (${count(columns.length)} in all)` : '');

/**
 * Chooses the columns by option, else by name and content.
 * @param header names, trimmed
 * @param sample some of the rows, each as wide as the header
 * @throws InputError for an unknown or ambiguous column, listing the candidates and the option that decides
 */
export function chooseColumns(
  header: readonly string[],
  sample: readonly string[][],
  context: ColumnContext,
): Columns {
  const columns = header.map((name, index) => ({
    index,
    name,
    content: describeCells(sample.map((cells) => cells[index])),
  }));
  const sequence = named(columns, 'sequenceColumn', context) ?? findSequence(columns, context);
  const rest = columns.filter((column) => column !== sequence.column);
  const score = named(columns, 'scoreColumn', context) ?? findScore(rest, context);
  if (score.column === sequence.column) {
    throw new InputError({
      what: `column ${show(score.column.name)} cannot be both the variants and the score`,
      file: context.file,
      fix: `Name two columns by ${flag('sequenceColumn')} and ${flag('scoreColumn')}.`,
    });
  }
  const id = named(columns, 'idColumn', context) ?? findId(rest.filter((column) => column !== score.column));
  const kind = kindOf(sequence.column.content, context);
  const use = (role: ColumnUse['role'], { column, why }: Choice): ColumnUse => ({
    role,
    name: column.name,
    column: column.index + 1,
    why,
  });
  const kindText = { sequences: 'full sequences', mutations: 'mutation lists', sites: 'site letters' }[kind];
  const uses = [use('sequence', { ...sequence, why: `${sequence.why}; ${kindText}` }), use('score', score)];
  if (id) uses.push(use('id', id));
  return {
    sequence: sequence.column.index,
    score: score.column.index,
    id: id?.column.index ?? null,
    scoreName: score.column.name || `#${score.column.index + 1}`,
    kind,
    uses,
  };
}

/** The column that an option names, by `#N`, by its name, or by its name without case and marks. */
function named(columns: readonly Column[], option: ColumnOption, context: ColumnContext): Choice | null {
  const wanted = context.options[option]?.trim();
  if (wanted === undefined) return null;
  const number = /^#(\d{1,6})$/.exec(wanted);
  const exact = columns.filter(({ name }) => name === wanted);
  const found =
    exact.length > 0
      ? exact
      : number
        ? columns.filter(({ index }) => index + 1 === Number(number[1]))
        : columns.filter(({ name }) => normalise(name) === normalise(wanted));
  if (found.length === 1) return { column: found[0], why: `option ${option}` };
  if (found.length > 1 && exact.length > 0) {
    return { column: found[0], why: `option ${option}, the first of ${found.length} columns of that name` };
  }
  if (found.length > 1) throw ambiguous(found, option, context, `fit ${show(wanted)}`);
  const names = columns.map(({ name }) => name).filter((name) => name !== '');
  const near =
    names.length > 0
      ? closest(
          wanted.toLowerCase(),
          names.map((name) => name.toLowerCase()),
        )
      : '';
  const original = names.find((name) => name.toLowerCase() === near);
  const isNear =
    original !== undefined && distance(wanted.toLowerCase(), near) <= Math.max(2, wanted.length / 2);
  throw new InputError({
    what: `there is no column ${show(wanted)}`,
    file: context.file,
    line: context.line,
    expected: `one of ${listNames(columns)}`,
    got: show(wanted),
    fix: isNear ? `Did you mean ${show(original)}?` : `Correct ${flag(option)}.`,
  });
}

function ambiguous(
  found: readonly Column[],
  option: ColumnOption,
  context: ColumnContext,
  what: string,
): InputError {
  const names = new Set(found.map(({ name }) => name));
  const numbers = found.map(({ index }) => `#${index + 1}`).join(' or ');
  return new InputError({
    what: `several columns ${what}`,
    file: context.file,
    line: context.line,
    expected: 'one',
    got: listNames(found),
    fix: `Choose by ${flag(option)}${names.size < found.length ? `, by number: ${numbers}` : ''}.`,
  });
}

/** How a column of variants is written; site letters where the sites are named and it is not as long as the wild type. */
function kindOf(content: Content, { options, wildTypeLength }: ColumnContext): VariantKind {
  if (content.mutations > content.letters) return 'mutations';
  // Only words for the wild type, or cells that are nothing: the reader of mutations has the better message.
  if (content.letters === 0 && wildTypeLength !== null) return 'mutations';
  if (!options.sites || content.length === wildTypeLength) return 'sequences';
  return wildTypeLength !== null || content.length === options.sites.length ? 'sites' : 'sequences';
}

const looksLikeVariants = ({ content }: Column): boolean =>
  2 * (content.mutations + content.letters) >= content.filled;

/** Without a telling name only unmistakable variants count: mutation lists, or long distinct words in upper case. */
function isUnmistakable({ content }: Column, { options }: ColumnContext): boolean {
  const { filled, mutations, upperCase, length, distinct } = content;
  if (filled === 0) return false;
  if (mutations >= 0.9 * filled) return true;
  return (
    upperCase >= 0.9 * filled && 2 * distinct > filled && (length >= 4 || length === options.sites?.length)
  );
}

function byFit(columns: readonly Column[], fit: (name: string) => Fit): Column[] {
  const best = Math.max(0, ...columns.map(({ name }) => fit(name)));
  return best === 0 ? [] : columns.filter(({ name }) => fit(name) === best);
}

function findSequence(columns: readonly Column[], context: ColumnContext): Choice {
  const telling = columns.filter(({ name }) => sequenceFit(name) > 0);
  const byName = byFit(telling.filter(looksLikeVariants), sequenceFit);
  const found = byName.length > 0 ? byName : columns.filter((column) => isUnmistakable(column, context));
  // A telling name whose cells are no variants: take it, so that the rows say what is wrong with them.
  const candidates = found.length > 0 ? found : byFit(telling, sequenceFit);
  if (candidates.length === 0) throw noSequence(columns, context);
  const why = found.length > 0 && byName.length === 0 ? 'its content' : 'its name';
  if (candidates.length === 1) return { column: candidates[0], why };
  if (candidates.every(({ name }) => name === candidates[0].name)) {
    return { column: candidates[0], why: `${why}, the first of ${candidates.length} columns of that name` };
  }
  // The same variants written twice: with a wild type the list carries the user's numbering, without one only full sequences can be read.
  const wanted = context.wildTypeLength === null ? 'sequences' : 'mutations';
  const ofKind = candidates.filter(({ content }) => kindOf(content, context) === wanted);
  if (ofKind.length === 1) {
    const others = candidates.filter((column) => column !== ofKind[0]);
    return { column: ofKind[0], why: `${why}, before ${listNames(others)}` };
  }
  throw ambiguous(candidates, 'sequenceColumn', context, 'may hold the variants');
}

function noSequence(columns: readonly Column[], context: ColumnContext): InputError {
  return new InputError({
    what: 'no column of variants was found',
    file: context.file,
    line: context.line,
    expected: 'a column such as sequence, variant or mutations',
    got: listNames(columns),
    fix: `Name it by ${flag('sequenceColumn')}.`,
  });
}

function findScore(columns: readonly Column[], context: ColumnContext): Choice {
  const telling = columns.filter(({ name }) => scoreFit(name) > 0);
  const numeric = telling.filter(({ content }) => content.numbers > 0);
  const byName = byFit(numeric.length > 0 ? numeric : telling, scoreFit);
  if (byName.length === 1) return { column: byName[0], why: 'its name' };
  if (byName.length > 1) throw ambiguous(byName, 'scoreColumn', context, 'may hold the score');
  const others = columns.filter(
    ({ name, content }) => !isAside(name) && !isIdName(name) && 2 * content.numbers > content.filled,
  );
  if (others.length === 1)
    return { column: others[0], why: 'the only column of numbers that is no count or spread' };
  if (others.length > 1) throw ambiguous(others, 'scoreColumn', context, 'may hold the score');
  throw new InputError({
    what: 'no column of scores was found',
    file: context.file,
    line: context.line,
    expected:
      'a column of numbers such as score, fitness or brightness (counts and spreads are not taken unasked)',
    got: columns.length > 0 ? listNames(columns) : 'a single column',
    fix: `Name it by ${flag('scoreColumn')}.`,
  });
}

function findId(columns: readonly Column[]): Choice | null {
  const column = columns.find(({ name }) => isIdName(name));
  return column ? { column, why: 'its name' } : null;
}
