import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../src/cli/failure.js';
import { createProgram } from '../../src/cli/program.js';
import { readLock } from '../../src/lm/hub/lock.js';
import { MODEL, NEEDED, useHub } from '../lm/hub/set-up.js';

describe.skipIf(!MODEL)('biseq models', () => {
  const place = useHub();
  const variables = () => ({
    HF_ENDPOINT: place.hub.endpoint,
    HF_HUB_CACHE: place.settings.cache,
    BISEQ_MODELS_LOCK: place.settings.lockFile,
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(variables())) vi.stubEnv(name, value);
  });
  afterEach(() => vi.unstubAllEnvs());

  /** Runs the command in this process: what it printed, the message and the exit code. */
  async function run(...args: string[]): Promise<{ out: string; message: string; code: number }> {
    let out = '';
    const write = (text: string | Uint8Array): boolean => {
      out += String(text);
      return true;
    };
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation(write),
      vi.spyOn(process.stderr, 'write').mockImplementation(() => true),
    ];
    try {
      await createProgram().parseAsync(['node', 'biseq', 'models', ...args]);
      return { out, message: '', code: 0 };
    } catch (error) {
      return { out, message: (error as Error).message, code: exitCodeOf(error) };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }
  const tidy = (text: string): string =>
    text
      .replaceAll(place.folder, 'FOLDER')
      .replaceAll(place.hub.endpoint, 'HUB')
      .replace(/with biseq: .*\n/, '');

  it('lists what there is', async () => {
    expect(tidy((await run('list')).out)).toMatchSnapshot();
  });

  it('pulls, lists, tells, verifies and removes', async () => {
    expect(tidy((await run('pull', 'esm2-8m')).out)).toMatchSnapshot('pull');
    expect(tidy((await run('pull', 'esm2-8m')).out)).toMatch(/^esm2-8m: was here already, checked/);
    expect((await run('list')).out).toMatch(/esm2-8m .* yes +│/);
    expect(tidy((await run('info', 'esm2-8m')).out)).toMatchSnapshot('info');
    expect((await run('verify')).out).toBe(`ok      ${place.hub.hubId}, 4 files\n`);
    expect((await run('remove', 'esm2-8m')).out).toMatch(
      /^removed facebook\/esm2_t6_8M_UR50D, \d+ kB freed\n$/,
    );
    expect((await run('verify')).out).toBe('no model was pulled yet\n');
  });

  it('prints JSON for programs', async () => {
    const [pulled] = JSON.parse((await run('pull', 'esm2-8m', '--json')).out);
    expect(Object.keys(pulled.files)).toEqual(NEEDED);
    const info = JSON.parse((await run('info', 'esm2-8m', '--json')).out);
    expect(info).toMatchObject({
      state: 'pinned',
      commit: place.hub.commit,
      licence: 'MIT',
      licenceOnHub: 'mit',
    });
    const absent = JSON.parse((await run('info', 'esm2-35m', '--json')).out);
    expect(absent).toMatchObject({
      state: 'absent',
      commit: 'unknown',
      files: 'unknown',
      licenceOnHub: 'unknown',
    });
    expect(JSON.parse((await run('list', '--json')).out)).toHaveLength(22);
    expect(JSON.parse((await run('verify', '--json')).out)[0].ok).toBe(true);
    expect(JSON.parse((await run('remove', 'esm2-8m', '--json')).out)).toMatchObject({ keeps: false });
  });

  it('says what was changed, and exits with 2', async () => {
    await run('pull', 'esm2-8m', '--quiet');
    const pin = readLock(place.settings.lockFile)[place.hub.hubId];
    const file = path.join(
      place.settings.cache,
      'models--facebook--esm2_t6_8M_UR50D/snapshots',
      pin.commit,
      'vocab.txt',
    );
    writeFileSync(file, 'changed');
    const { out, message, code } = await run('verify', 'esm2-8m');
    expect(out).toMatch(
      /^NOT OK {2}facebook.*\n +vocab.txt was changed: sha256 [0-9a-f]{64} instead of [0-9a-f]{64}\n$/,
    );
    expect(message).toMatch(/not as pinned: facebook.*Pull again: biseq models pull facebook/);
    expect(code).toBe(2);
  });

  it('never touches the network with --offline', async () => {
    const { message, code } = await run('pull', 'esm2-8m', '--offline');
    expect(message).toMatch(/is not whole in the cache/);
    expect(code).toBe(2);
    expect(place.hub.requests).toEqual([]);
  });

  it.each([
    [['pull', 'nonsense'], /there is no model 'nonsense'/],
    [['info', '../x'], /there is no model/],
    [['remove', 'esm2-8m'], /was not pulled by biseq/],
    [['verify', 'esm2-8m'], /was not pulled by biseq.*--offline/],
    [['pull', 'esm2-8m', '--revision', 'v7'], /no such revision/],
    [['pull'], /missing required argument/],
    [['pul'], /unknown command/],
    [['pull', 'esm2-8m', '--ofline'], /unknown option/],
  ])('%j: one message, exit 2', async (args, expected) => {
    const { out, message, code } = await run(...(args as string[]));
    expect(message).toMatch(expected);
    expect(code).toBe(2);
    expect(out).toBe('');
  });

  it('stops at Ctrl-C with 130, leaves nothing half-written, and goes on later', async () => {
    const weights = place.hub.files.get('model.safetensors')!;
    let held = true;
    place.hub.misbehave = (request, response) => {
      if (!held || !request.url!.endsWith('.safetensors')) return false;
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 5000), () => setTimeout(() => child.kill('SIGINT'), 100));
      return true;
    };
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'models', 'pull', 'esm2-8m'];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...variables() } });
    let printed = '';
    child.stderr.on('data', (piece: Buffer) => (printed += piece.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    expect(printed).toBe('biseq: cancelled\n');
    expect((await run('list')).out).toMatch(/esm2-8m .* in part +│/);
    held = false;
    expect((await run('pull', 'esm2-8m')).code).toBe(0);
    expect(place.hub.requestsFor('model.safetensors').at(-1)).toContain('bytes=5000-');
    const folder = JSON.parse((await run('info', 'esm2-8m', '--json')).out).folder;
    expect(readFileSync(path.join(folder, 'model.safetensors'))).toEqual(weights);
  });
});
