import { RowFault, count, show } from './faults.js';

/** One substitution as written: letters in upper case, `*` for a stop, the number as the user counts. */
export interface WrittenMutation {
  from: string;
  number: number;
  to: string;
}

/** A variant as written in a mutation list. */
export interface WrittenVariant {
  /** Empty for the wild type. */
  mutations: WrittenMutation[];
  /** The separator between its mutations, or null where there are fewer than two. */
  separator: string | null;
  /** True where every mutation has a leading `S` (substitution), as in avGFP's `SA108D`. */
  prefixed: boolean;
}

const wildTypeWords = new Set([
  '',
  'wt',
  '_wt',
  'wildtype',
  'wild type',
  'wild-type',
  'wild_type',
  'p.=',
  'p.(=)',
  '=',
]);

/** True for the ways in which tables write the wild type: nothing, `WT`, `_wt`, `wild type`, `p.=`. */
export function isWildTypeWord(text: string): boolean {
  return text.length <= 9 && wildTypeWords.has(text.toLowerCase());
}

const separators = /[\s:;,/+|&_]+/;
const oneLetter = /^(S?)([A-Z*])(-?\d{1,9})([A-Z*=])$/i;
/** No substitution is longer; also keeps the patterns from running over huge cells. */
const LONGEST_TOKEN = 32;
/** More substitutions than this in one variant are a fault of the file. */
const MOST_MUTATIONS = 10_000;
const threeLetter = /^([A-Z]{3}|\*)(-?\d{1,9})([A-Z]{3}|[*=])$/i;

const residues: Record<string, string> = {
  ...{ ALA: 'A', CYS: 'C', ASP: 'D', GLU: 'E', PHE: 'F', GLY: 'G', HIS: 'H', ILE: 'I', LYS: 'K', LEU: 'L' },
  ...{ MET: 'M', ASN: 'N', PRO: 'P', GLN: 'Q', ARG: 'R', SER: 'S', THR: 'T', VAL: 'V', TRP: 'W', TYR: 'Y' },
  ...{ TER: '*', '*': '*', '=': '=' },
};

/** `A123G`, `SA123G`, `A123=`, `Ala123Gly`, `p.Ala123Gly`; null where it is none of them. */
function readToken(token: string): (WrittenMutation & { prefixed: boolean }) | null {
  if (token.length > LONGEST_TOKEN) return null;
  const text = token.replace(/^p\./i, '').replace(/^[([]+|[)\]]+$/g, '');
  const short = oneLetter.exec(text);
  const long = short ? null : threeLetter.exec(text);
  const from = short ? short[2].toUpperCase() : long && residues[long[1].toUpperCase()];
  const to = short ? short[4].toUpperCase() : long && residues[long[3].toUpperCase()];
  if (!from || !to) return null;
  const number = Number(short ? short[3] : long![2]);
  return { from, number, to: to === '=' ? from : to, prefixed: short?.[1] !== undefined && short[1] !== '' };
}

function tokensOf(text: string): string[] {
  return text.split(separators, MOST_MUTATIONS + 2).filter((token) => token !== '');
}

function tokenFault(token: string): RowFault {
  const indel = /(del|ins|dup|fs|ext)/i.test(token);
  const dropped = /^\d+[A-Z]$/i.test(token);
  return new RowFault(indel ? 'an insertion or deletion' : 'text that is no mutation', {
    what: indel ? `${show(token)} is an insertion or deletion` : `${show(token)} is not a mutation`,
    expected: 'substitutions such as A123G, A123G:L9P, p.Ala123Gly, or nothing or WT for the wild type',
    got: show(token),
    fix: indel
      ? 'Give such variants as full sequences, or remove the row.'
      : dropped
        ? 'Write the wild-type letter too (A2G, not 2G), so that it can be checked.'
        : 'Correct or remove the row.',
  });
}

/**
 * Reads a mutation list: `A123G`, `A123G:L9P`, `A123G,L9P`, `A123G;L9P`, `A123G/L9P`, with `+ | & _` or white space
 * between, `SA108D:SN144D`, `p.Ala123Gly`, `p.[Ala123Gly;Leu9Pro]`; nothing, `WT` or the like for the wild type.
 * @throws RowFault naming the first token that is no substitution
 */
export function readMutationList(cell: string): WrittenVariant {
  const text = cell.trim();
  if (isWildTypeWord(text)) return { mutations: [], separator: null, prefixed: false };
  const mutations: WrittenMutation[] = [];
  let prefixed = true;
  const tokens = tokensOf(text);
  if (tokens.length > MOST_MUTATIONS) {
    throw new RowFault('too many mutations', {
      what: 'too many mutations in one row',
      expected: `at most ${count(MOST_MUTATIONS)}`,
      got: 'more',
    });
  }
  for (const token of tokens) {
    const read = readToken(token);
    if (!read) throw tokenFault(token);
    prefixed &&= read.prefixed;
    mutations.push({ from: read.from, number: read.number, to: read.to });
  }
  if (mutations.length === 0) throw tokenFault(text);
  const between = mutations.length > 1 ? separators.exec(text.replace(/^[\s:;,/+|&_]+/, '')) : null;
  return { mutations, separator: between && separatorStyle(between[0]), prefixed };
}

/** `, ` and the like become the mark alone; pure white space becomes one space. */
function separatorStyle(between: string): string {
  return between.trim()[0] ?? ' ';
}

/** True where every token of a cell is a substitution; false for the wild type, which says nothing. */
export function isMutationList(cell: string): boolean {
  const text = cell.trim();
  if (isWildTypeWord(text)) return false;
  const tokens = tokensOf(text);
  return tokens.length > 0 && tokens.every((token) => readToken(token) !== null);
}
