import { gzipSync } from 'node:zlib';
import type { Random } from '../../src/core/random.js';

/** One way of spoiling a file. */
export type Malformation = (bytes: Uint8Array, random: Random) => Uint8Array;

const splice = (bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);

function place(bytes: Uint8Array, random: Random): number {
  return random.integer(bytes.length + 1);
}

const rubbish = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(256));

/** Cells that have broken readers: formulas, dates, huge numbers, other alphabets, quotes, half characters. */
const oddCells = [
  ...[
    '"',
    '""',
    '"a""b"',
    "'",
    '=1+1',
    '@SUM(A1)',
    '+',
    '-',
    '*',
    'NaN',
    'inf',
    '-inf',
    '1e999',
    '1e-999',
    '0x10',
    '1,5',
  ],
  ...[
    '01/02/2020',
    '5-Mar',
    'A0G',
    'A-1G',
    'A99999999999G',
    'p.Ala1Gly',
    'p.',
    'WT',
    '_wt',
    '*1*',
    'ΑΒΓ',
    '🧬',
    '\u202eabc',
  ],
  ...[
    '\u00a0',
    '\ufeff',
    '\u2212' + '1',
    'null',
    '#DIV/0!',
    'A1G:A1G',
    ':::',
    '__proto__',
    'constructor',
    ' ',
    '',
    '\t',
    '\r',
  ],
];

/** Every kind of fault that a file on its way from an instrument to us may pick up. */
export const malformations: Record<string, Malformation> = {
  'byte flips': (bytes, random) => {
    const copy = Uint8Array.from(bytes);
    for (let n = 1 + random.integer(8); n > 0 && copy.length > 0; n--) {
      copy[random.integer(copy.length)] ^= 1 << random.integer(8);
    }
    return copy;
  },
  truncation: (bytes, random) => bytes.subarray(0, place(bytes, random)),
  NUL: (bytes, random) => splice(bytes, place(bytes, random), 0, new Uint8Array(1 + random.integer(4))),
  'byte-order mark': (bytes, random) =>
    splice(bytes, random.integer(2) * place(bytes, random), 0, Uint8Array.of(0xef, 0xbb, 0xbf)),
  'UTF-16': (bytes, random) =>
    Buffer.from((random.integer(2) ? '\ufeff' : '') + Buffer.from(bytes).toString(), 'utf16le'),
  'Latin-1': (bytes, random) =>
    splice(bytes, place(bytes, random), 0, Uint8Array.of(0x80 + random.integer(128))),
  'random bytes': (bytes, random) =>
    splice(bytes, place(bytes, random), random.integer(20), rubbish(random, random.integer(40))),
  'all random': (_bytes, random) => rubbish(random, random.integer(300)),
  'line ends': (bytes, random) =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/\n/g, () => ['\n', '\r\n', '\r', '\n\n', ''][random.integer(5)]),
    ),
  'odd cell': (bytes, random) =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/[^,\t\n]+/g, (cell) =>
          random.integer(20) === 0 ? oddCells[random.integer(oddCells.length)] : cell,
        ),
    ),
  'lost or doubled delimiter': (bytes, random) =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/[,\t]/g, (mark) => ['', mark + mark, ';', '"'][random.integer(30)] ?? mark),
    ),
  'lines lost, doubled or moved': (bytes, random) => {
    const lines = Buffer.from(bytes).toString().split('\n');
    const taken = Array.from(
      { length: random.integer(2 * lines.length) },
      () => lines[random.integer(lines.length)],
    );
    return Buffer.from(taken.join('\n'));
  },
  'huge field': (bytes, random) => {
    const letter = 'A1*" ,:\n)'.charCodeAt(random.integer(9));
    return splice(bytes, place(bytes, random), 0, new Uint8Array(1 + random.integer(200_000)).fill(letter));
  },
  'gzip, cut': (bytes, random) => {
    const stored = gzipSync(bytes);
    return stored.subarray(0, random.integer(stored.length));
  },
  'gzip, flipped': (bytes, random) => malformations['byte flips'](gzipSync(bytes), random),
  'gzip and rubbish': (bytes, random) =>
    Buffer.concat([gzipSync(bytes), rubbish(random, 1 + random.integer(30))]),
};

/** Spoils a file in one to three ways. */
export function malform(bytes: Uint8Array, random: Random): { bytes: Uint8Array; ways: string[] } {
  const names = Object.keys(malformations);
  const ways: string[] = [];
  let spoiled = bytes;
  for (let n = 1 + random.integer(3); n > 0; n--) {
    const way = names[random.integer(names.length)];
    ways.push(way);
    spoiled = malformations[way](spoiled, random);
  }
  return { bytes: spoiled, ways };
}

const wildType = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';

/** Sound small tables of every kind, with the options to read them: what the malformations start from. */
export const soundTables = [
  {
    name: 'sequences.csv',
    text: 'id,sequence,score\na,ACDEF,1.5\nb,ACDEG,2\nc,ACDEH,NA\nd,ACDEF,1.25\ne,AC*EF,0\n',
    options: {},
  },
  {
    name: 'quoted.csv',
    text: '"name","sequence","y"\n"a, b","ACDEF","1"\n"two\nlines","ACDEG","-2e-3"\n',
    options: {},
  },
  {
    name: 'mutations.tsv',
    text: 'aaMutations\tn\tmedianBrightness\n\t9\t3.7\nV39A:D40G\t1\t1.3\nT2S,Y3F\t2\t2\nV54*\t1\t0\n',
    options: { wildType },
  },
  {
    name: 'sites.csv',
    text: 'Variants,HD,Count input,Fitness\nVDGV,0,92735,1\nADGV,1,34,0.06\nCDGV,1,850,0.24\n',
    options: { wildType, sites: [39, 40, 41, 54] },
  },
  {
    name: 'dna.csv',
    text: 'sequence;expression\nACGTACGT;11.5\nACGTACGA;12.5\n',
    options: { alphabet: 'dna' as const },
  },
];
