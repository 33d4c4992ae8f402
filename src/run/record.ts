import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { decode } from '../core/alphabet.js';
import { countSetAside } from '../table/table.js';
import type { Table } from '../table/table.js';
import type { FobarResult } from '../verify/index.js';
import type { DesignRun } from './design-run.js';

/** Raised when the fields of the record change. */
const FORMAT = 2;

const require = createRequire(import.meta.url);

function versionOf(packageFile: string): string {
  return (require(packageFile) as { version: string }).version;
}

/** What the designs were computed with. */
export function versions() {
  return {
    biseq: versionOf('../../package.json'),
    onnxruntime: versionOf('onnxruntime-node/package.json'),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}

/** What was understood of a table. */
export function tableRecord(table: Table) {
  const { numbering, alphabet, wildType } = table;
  return {
    source: table.source,
    sha256: table.sha256,
    alphabet: alphabet.name,
    variants: table.kind,
    rows: table.rows.length,
    setAside: countSetAside(table.setAside),
    columns: table.columns,
    wildType: wildType && decode(alphabet, wildType),
    firstPosition: numbering.firstPosition,
    sites: table.sites?.map((index) => Number(numbering.label(index))) ?? null,
    notes: table.notes,
  };
}

/**
 * The record of a run, for `run.json`: everything that the designs depend on and what was made of it. It holds no times
 * and nothing that does not change the designs (workers, memo, memory), so the same run gives the same bytes.
 */
export function runRecord(run: DesignRun) {
  const { table, options, problem, model, stats, rows, warnings, notes, verification } = run;
  const { workers: _workers, memoBytes: _memoBytes, memoryBytes: _memoryBytes, ...asked } = options;
  const designable = problem.designable.map((position) => Number(table.numbering.label(position)));
  return {
    format: FORMAT,
    tool: 'biseq design',
    versions: versions(),
    table: tableRecord(table),
    model: model && { name: model.name, sha256: model.sha256, parameters: model.parameters },
    options: {
      ...asked,
      model: asked.model ?? model?.name ?? null,
      blocks: asked.blocks ?? null,
      designable,
      fixed: [...asked.fixed],
      letters: asked.letters ?? table.alphabet.letters,
      maxMutations: problem.budget?.max ?? null,
      mutationsFrom: problem.budget === null ? null : mutationsFrom[problem.budget.from],
    },
    proxy: { features: stats.width, ridge: stats.ridge, blocks: stats.blocks },
    result: {
      designs: rows.length,
      method: stats.method,
      decisions: stats.notes,
      starts: stats.starts,
      visited: stats.visited,
      filled: stats.filled,
      batch: stats.batch,
      outside: rows.filter(({ outside }) => outside === true).length,
      notes,
      warnings,
    },
    ...(verification === null ? {} : { verification: verificationRecord(verification) }),
  };
}

/** What forward-backward verification found of all designs together; their own shares stand beside them. */
function verificationRecord({ chains, best, spread, moved, fallback, notes }: FobarResult) {
  return { method: 'fobar', chains, votes: best, recovered: spread, moved, fallback, notes };
}

const mutationsFrom = { reference: 'wild-type', start: 'start' } as const;

/** See {@link runRecord}. */
export type RunRecord = ReturnType<typeof runRecord>;
