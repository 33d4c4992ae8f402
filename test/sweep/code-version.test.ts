import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { methodDefinition, methodNames } from '../../src/baselines/registry.js';
import { DIST, openProgram } from '../../src/sweep/code-version.js';
import { methodVersions, modulesOfMethods } from '../../src/sweep/method-version.js';
import { defaultsOf, sweepMethod, sweepMethodNames } from '../../src/sweep/methods.js';
import { planSweep } from '../../src/sweep/plan.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeJson, writeSmallTask } from './config-files.js';
import { compiled, startScript } from './run-script.js';

const folder = temporaryFolder();
const elsewhere = temporaryFolder();
const dist = path.join(folder, 'dist');
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

/** A program of a few modules: `own` learns a model of its own, `search` and its `companion` take the proxy. */
function writeProgram(): void {
  put('package.json', '{"version": "1.2.3", "dependencies": {"a": "^1.0.0"}}');
  put(
    'dist/sweep/compute-cell.js',
    "import './methods.js';\nimport '../core/a.js';\nimport x from 'package/x.js';\n",
  );
  put(
    'dist/sweep/methods.js',
    "import '../baselines/registry.js';\nimport './companion.js';\nimport './fit.js';\nimport './settings.js';\n",
  );
  put('dist/sweep/settings.js', 'export const settings = {};\n');
  put('dist/sweep/companion.js', "import { search } from '../baselines/search.js';\n");
  put('dist/sweep/fit.js', "import '../proxy/proxy.js';\n");
  put('dist/proxy/proxy.js', "import '../core/algebra.js';\n");
  put('dist/baselines/registry.js', "import './own.js';\nimport './search.js';\n");
  put('dist/baselines/own.js', "import '../core/algebra.js';\n");
  put('dist/baselines/search.js', "import '../core/moves.js';\n");
  put('dist/core/algebra.js', 'export const dot = 1;\n');
  put('dist/core/moves.js', 'export const moves = 1;\n');
  put('dist/core/a.js', "export * from './b.js';\nconst lazy = () => import('./lazy.js');\n");
  put('dist/core/b.js', 'export const b = 1;\n');
  put('dist/core/lazy.js', "new Worker(new URL('./worker.js', import.meta.url));\n");
  put('dist/core/worker.js', 'work();\n');
  put('dist/cli/main.js', "import '../sweep/compute-cell.js';\n");
}

const OWN = {
  own: ['baselines/own.js'],
  search: ['baselines/search.js', 'sweep/fit.js'],
  companion: ['sweep/companion.js', 'sweep/fit.js'],
};
type Name = keyof typeof OWN;
const NAMES = Object.keys(OWN) as Name[];
const ofMethods = [...new Set(Object.values(OWN).flat())];
const versionOf = (name: Name, program = dist) => openProgram(program).codeVersion(OWN[name], ofMethods);
const versions = () => NAMES.map((name) => versionOf(name));

describe('codeVersion', () => {
  beforeEach(writeProgram);

  it('is that of the package with a hash, the same wherever the program lies', () => {
    const version = versionOf('own');
    expect(version).toMatch(/^1\.2\.3\+[0-9a-f]{16}$/);
    cpSync(folder, elsewhere, { recursive: true });
    expect(versionOf('own', path.join(elsewhere, 'dist'))).toBe(version);
  });

  it.each<[string, Name[]]>([
    ['sweep/compute-cell.js', NAMES],
    ['sweep/methods.js', NAMES],
    ['sweep/settings.js', NAMES],
    ['baselines/registry.js', NAMES],
    ['core/a.js', NAMES],
    ['core/b.js', NAMES],
    ['core/lazy.js', NAMES],
    ['core/worker.js', NAMES],
    ['core/algebra.js', NAMES],
    ['sweep/fit.js', ['search', 'companion']],
    ['proxy/proxy.js', ['search', 'companion']],
    ['baselines/own.js', ['own']],
    ['baselines/search.js', ['search', 'companion']],
    ['core/moves.js', ['search', 'companion']],
    ['sweep/companion.js', ['companion']],
    ['cli/main.js', []],
    ['core/unreached.js', []],
  ])('a change of %s changes it for %s', (file, changed) => {
    const before = versions();
    const text = file === 'core/unreached.js' ? '' : readFileSync(path.join(dist, file), 'utf8');
    put(`dist/${file}`, `${text}// other\n`);
    const after = versions();
    expect(NAMES.filter((_, i) => after[i] !== before[i])).toEqual(changed);
    writeProgram();
    expect(versions()).toEqual(before);
  });

  it('counts what no method names for all of them', () => {
    const fitUnnamed = ofMethods.filter((name) => name !== 'sweep/fit.js');
    expect(openProgram(dist).reach(OWN.own, fitUnnamed)).toContain('proxy/proxy.js');
  });

  it('changes with the ranges of the dependencies', () => {
    const before = versionOf('own');
    put('package.json', '{"version": "1.2.3", "dependencies": {"a": "^2.0.0"}}');
    expect(versionOf('own')).not.toBe(before);
  });

  it('needs the modules that are named', () => {
    expect(() => openProgram(dist).reach(['baselines/none.js'], ofMethods)).toThrow(/none\.js is missing/);
  });
});

const program = openProgram(DIST);
const ofAll = modulesOfMethods();
const reachOf = (name: string, settings: object = {}) =>
  program.reach(sweepMethod(name).modules({ ...defaultsOf(name), ...settings }), ofAll);
const isOfProxy = (module: string) =>
  ['sweep/fit-objective.js', 'design/blocks-learner.js'].includes(module) ||
  module.startsWith('proxy/blocks/');

/** Whether a method does without the proxy, as the method itself says. */
function hasOwnModel(name: string): boolean {
  if (name === 'random') return true;
  if (!methodNames().includes(name)) return false;
  const { create, schema } = methodDefinition(name);
  return create(schema.parse({})).fitObjective !== undefined;
}

describe('the version of the code of a method', () => {
  it.each(sweepMethodNames())('of %s reaches the proxy if, and only if, the method takes it', (name) => {
    const ofProxy = reachOf(name).filter(isOfProxy);
    if (hasOwnModel(name)) return expect(ofProxy).toEqual([]);
    const all = program.reach(['sweep/fit-objective.js'], ofAll).filter(isOfProxy);
    expect(all.length).toBeGreaterThan(10);
    expect(ofProxy).toEqual(all);
  });

  it.each(sweepMethodNames())('of %s counts the module that defines it', (name) => {
    const [module] = sweepMethod(name).modules(defaultsOf(name));
    expect(readFileSync(path.join(DIST, module), 'utf8')).toContain(`name: '${name}'`);
    expect(reachOf(name)).toContain(module);
  });

  it('leaves out modules of methods where they are listed or called, and nowhere else', () => {
    const importsOne = (module: string) =>
      readFileSync(path.join(DIST, module), 'utf8')
        .split('\n')
        .some((line) => {
          const from = / from '(\..*)';$/.exec(line)?.[1];
          return from !== undefined && ofAll.includes(path.posix.join(path.posix.dirname(module), from));
        });
    // what else took a constant of them would have to be looked at: that no function of theirs is run is tested below
    expect(program.reach([], ofAll).filter(importsOne)).toEqual([
      'baselines/registry.js',
      'sweep/companion.js',
      'sweep/design-method.js',
      'sweep/methods.js',
      'sweep/registered-method.js',
    ]);
  });

  it('follows the settings', () => {
    expect(reachOf('genetic', { proxy: 'run' })).toEqual(
      [...new Set([...reachOf('genetic'), ...program.reach(['sweep/fit-objective.js'], ofAll)])].sort(),
    );
    expect(reachOf('auto', { proxy: 'networks' }).filter(isOfProxy)).toEqual([]);
    const of = methodVersions();
    const [genetic, settings] = [sweepMethod('genetic'), defaultsOf('genetic')];
    expect(of(genetic, settings)).toBe(methodVersions()(genetic, { ...settings, population: 7 }));
    expect(of(genetic, settings)).not.toBe(of(genetic, { ...settings, proxy: 'run' }));
    expect(of(genetic, settings)).not.toBe(of(sweepMethod('adalead'), defaultsOf('adalead')));
  });

  it('stands in the jobs of its method', async () => {
    const { cells, code } = await planSweep(configOf(['genetic', 'bdi'].map((method) => ({ method }))));
    const of = methodVersions();
    expect(new Set(cells.map(({ job }) => job.code)).size).toBe(3);
    for (const { method, job } of cells) {
      expect(job.code).toBe(of(method.method, method.settings));
      expect(code.get(method.label)).toBe(job.code);
    }
  });
});

/** A config of these methods on a small table, free design or choosing among its rows. */
function configOf(methods: object[], mode: 'free' | 'choose' = 'free'): string {
  const task = writeSmallTask(path.join(folder, mode), mode === 'free' ? {} : { mode });
  return writeJson(folder, `${mode}-${methods.length}.json`, { tasks: [task], methods, seeds: 1 });
}

/** Settings with which every method is quick; baselines are run on either proxy where they can. */
function quickMethods(): object[] {
  const quick: Record<string, object> = {
    bib: { features: 'blocks', steps: 2 },
    coms: { steps: 4, innerSteps: 4, minSteps: 2, maxSteps: 4, epochs: 1, hidden: 4 },
    cbas: { iterations: 2, samples: 20, priorEpochs: 1, epochs: 1, hidden: 4, latent: 2 },
    'cma-es': { generations: 4, strategies: 2 },
    edit: { trainingSteps: 2, hidden: 16, leads: 2, draws: 2, noiseSteps: 3, pool: 20 },
    reinforce: { iterations: 4 },
    trlm: { recall: 'whole' },
    distilled: { heads: 2, studentSteps: 3, unmeasured: 10 },
  };
  const networks = { hidden: 4, filters: 2, epochs: 1, minSteps: 2 };
  return sweepMethodNames().flatMap((method): object[] => {
    const known = Object.keys(defaultsOf(method));
    const some = {
      networks,
      starts: 4,
      average: 1,
      lm: [],
      blocks: ['onehot', 'neighbours'],
      ...quick[method],
    };
    const settings = Object.fromEntries(Object.entries(some).filter(([name]) => known.includes(name)));
    // this project's own train networks for the weak supervision too, which takes seconds
    if (!known.includes('proxy') || !hasOwnModel(method)) return [{ method, settings }];
    return ['run', 'networks'].map((proxy) => {
      return { method, label: `${method} on ${proxy}`, settings: { ...settings, proxy } };
    });
  });
}

/** Computes jobs in a process of its own and tells which modules each of them ran functions of. */
async function modulesRun(jobs: readonly object[]): Promise<string[][]> {
  const file = writeJson(folder, 'jobs.json', jobs);
  const { code, stdout, stderr } = await startScript(
    folder,
    `import { readFileSync } from 'node:fs';
    import { Session } from 'node:inspector/promises';
    const { computeCell } = await import(${JSON.stringify(compiled('sweep/compute-cell.js'))});
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    // counts from here on: what modules do when they are loaded was before
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    const run = [];
    for (const job of JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))) {
      await session.post('Profiler.takePreciseCoverage');
      await computeCell(job);
      const { result } = await session.post('Profiler.takePreciseCoverage');
      const isRun = ({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0));
      run.push(result.filter(isRun).map(({ url }) => url));
    }
    console.log(JSON.stringify(run));
    process.exit(0);`,
  ).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const base = compiled('');
  return (JSON.parse(stdout) as string[][]).map((urls) =>
    urls.filter((url) => url.startsWith(base)).map((url) => url.slice(base.length).replace(/^\//, '')),
  );
}

describe('what computing a cell runs', () => {
  it.each(['free', 'choose'] as const)('is in reach of its method, and of its settings: %s', async (mode) => {
    const { cells } = await planSweep(configOf(quickMethods(), mode), { code: 'test' });
    const run = await modulesRun(cells.map(({ job }) => job));
    for (const [i, { method, settings, label }] of cells.map((cell) => cell.method).entries()) {
      const reach = new Set(program.reach(method.modules(settings), ofAll));
      expect({ label, outside: run[i].filter((module) => !reach.has(module)) }).toEqual({
        label,
        outside: [],
      });
      expect(run[i], label).toEqual(
        expect.arrayContaining(['sweep/compute-cell.js', method.modules(settings)[0]]),
      );
      expect(run[i].includes('sweep/fit-objective.js'), label).toBe(reach.has('sweep/fit-objective.js'));
    }
  });
});
