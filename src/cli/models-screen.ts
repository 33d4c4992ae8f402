import Table from 'cli-table3';
import type { ModelOverview } from '../lm/hub/overview.js';
import type { PullResult } from '../lm/hub/pull.js';
import type { ModelState } from '../lm/hub/pulled.js';
import type { Removal } from '../lm/hub/remove.js';
import { MEMORY_RULE } from '../lm/hub/size.js';
import type { VerifiedModel } from '../lm/hub/verify.js';
import { printable } from '../run/printable.js';

const UNKNOWN = 'unknown';

/** `31.4 MB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

function formatCount(count: number): string {
  return count < 1e9 ? `${(count / 1e6).toPrecision(3)} M` : `${(count / 1e9).toPrecision(3)} B`;
}

const HERE: Readonly<Record<ModelState, string>> = {
  pinned: 'yes',
  cached: 'yes, not pinned',
  incomplete: 'in part',
  absent: '',
};

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** All models as a table. */
export function modelTable(models: readonly ModelOverview[], embedded: readonly string[]): string {
  const view = new Table({
    head: ['name', 'family', 'reads', 'parameters', 'memory', 'licence', 'here'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, entry, status } of models) {
    const known = entry
      ? [
          entry.family.replace('Nucleotide Transformer', 'NT'),
          entry.alphabet === 'dna' ? 'DNA' : 'proteins',
          formatCount(entry.parameters),
          formatBytes(entry.memory),
          entry.licence,
        ]
      : [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, status.pin?.licence ?? UNKNOWN];
    view.push([name, ...known, HERE[status.state]].map(printable));
  }
  return [
    embedded.length > 0 ? `with biseq: ${embedded.map(printable).join(', ')}` : '',
    view.toString(),
    `memory: ${MEMORY_RULE}.`,
    "'biseq models info NAME' tells more, 'biseq models pull NAME' gets one.",
  ]
    .filter(Boolean)
    .join('\n');
}

/** What is known of a model, for programs: what is not known says `unknown`. */
export function modelRecord({ name, hubId, entry, status }: ModelOverview): Record<string, unknown> {
  const { pin } = status;
  const described = {
    family: UNKNOWN,
    alphabet: UNKNOWN,
    parameters: UNKNOWN,
    memory: UNKNOWN,
    maxLength: UNKNOWN,
    lengthNote: UNKNOWN,
    licence: pin?.licence ?? UNKNOWN,
    licenceSource: pin ? 'the hub, when it was pulled' : UNKNOWN,
    citation: UNKNOWN,
    note: UNKNOWN,
    ...entry,
  };
  return {
    ...described,
    name,
    hubId,
    memoryRule: MEMORY_RULE,
    state: status.state,
    folder: status.folder,
    commit: status.commit ?? UNKNOWN,
    licenceOnHub: pin?.licence ?? UNKNOWN,
    files: pin?.files ?? UNKNOWN,
  };
}

const STATES: Readonly<Record<ModelState, string>> = {
  pinned: 'yes, pulled and pinned',
  cached: 'yes, by another tool; not pinned (biseq models pull NAME --offline checks and pins it)',
  incomplete: 'in part; pull it again',
  absent: 'no',
};

/** What is known of a model, a line each. */
export function modelCard({ name, hubId, entry, status }: ModelOverview): string {
  const { pin, folder, commit, state } = status;
  const lines: [string, string][] = [['hub', hubId]];
  if (entry) {
    lines.push(
      ['family', `${entry.family}, reads ${entry.alphabet === 'dna' ? 'DNA' : 'proteins'}`],
      ['good for', entry.note],
      ['parameters', `${entry.parameters.toLocaleString('en-US')} (counted from its architecture)`],
      ['memory', `${formatBytes(entry.memory)}: ${MEMORY_RULE}`],
      ['letters', `${entry.maxLength.toLocaleString('en-US')}, ${entry.lengthNote}`],
      ['licence', `${entry.licence} (${entry.licenceSource})`],
      ['cite', entry.citation],
    );
  } else {
    lines.push(['family', 'unknown: not in the registry']);
  }
  const files = Object.values(pin?.files ?? {});
  const size = files.reduce((sum, file) => sum + file.size, 0);
  lines.push(
    ['here', STATES[state]],
    ['folder', folder ?? 'none'],
    ['commit', commit ?? 'unknown until it is pulled'],
    [
      'files',
      pin
        ? `${count(files.length, 'file')}, ${formatBytes(size)}`
        : 'sizes and checksums unknown until it is pulled',
    ],
  );
  if (pin) lines.push(['licence on the hub', pin.licence]);
  const width = Math.max(...lines.map(([label]) => label.length));
  return [name, ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)]
    .map(printable)
    .join('\n');
}

/** What a pull brought. */
export function pulledText({ name, hubId, folder, commit, licence, files, alreadyHere }: PullResult): string {
  const all = Object.values(files);
  const size = formatBytes(all.reduce((sum, file) => sum + file.size, 0));
  return [
    `${name}: ${alreadyHere ? 'was here already, checked' : 'pulled and checked'}: ${count(all.length, 'file')}, ${size}`,
    `  folder   ${folder}`,
    `  pinned   ${hubId} at ${commit}`,
    `  licence  ${licence === UNKNOWN ? 'the hub states none: read the model card' : licence}`,
  ]
    .map(printable)
    .join('\n');
}

/** What became of each model's files. */
export function verifiedText(models: readonly VerifiedModel[]): string {
  if (models.length === 0) return 'no model was pulled yet';
  const lines = models.flatMap(({ hubId, files, ok }) => [
    `${ok ? 'ok     ' : 'NOT OK '} ${hubId}, ${count(files.length, 'file')}`,
    ...files
      .filter(({ state }) => state !== 'ok')
      .map(({ name, state, expected, found }) =>
        state === 'missing'
          ? `         ${name} is missing`
          : `         ${name} was changed: sha256 ${found} instead of ${expected}`,
      ),
  ]);
  return lines.map(printable).join('\n');
}

/** What was removed. */
export function removedText({ hubId, freed, keeps }: Removal): string {
  const rest = keeps ? '; files that other revisions or tools use stay' : '';
  return printable(`removed ${hubId}, ${formatBytes(freed)} freed${rest}`);
}
