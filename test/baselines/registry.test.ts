import { describe, expect, it } from 'vitest';
import { createMethod, methodDefinition, methodNames } from '../../src/baselines/registry.js';
import { InputError } from '../../src/core/errors.js';

describe('the registry of methods', () => {
  it('lists names without repetition, each with a summary, a reference and defaults for all', () => {
    const names = methodNames();
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      const { summary, reference, schema } = methodDefinition(name);
      expect(summary.length).toBeGreaterThan(10);
      expect(reference.length).toBeGreaterThan(3);
      expect(createMethod(name, schema.parse({})).name).toBe(createMethod(name).name);
    }
  });

  it('names stay as published tables have them', () => {
    expect(methodNames()).toEqual([
      ...['auto', 'bib', 'discrete', 'exhaustive', 'bdi', 'random', 'mutants', 'genetic', 'adalead'],
      ...['gradient-ascent', 'coms', 'cbas', 'reinforce', 'cma-es', 'bo', 'gibbs-with-gradients'],
      'edit',
    ]);
  });

  it('options are JSON: defaults survive a round trip', () => {
    for (const name of methodNames()) {
      const defaults = methodDefinition(name).schema.parse({});
      expect(methodDefinition(name).schema.parse(JSON.parse(JSON.stringify(defaults)))).toEqual(defaults);
    }
  });

  it('fills in the rest of a network that is only partly given, by the method', () => {
    const { schema } = methodDefinition('gradient-ascent');
    expect(schema.parse({ networks: { members: 2 } })).toMatchObject({
      networks: { network: 'mlp', input: 'logits', members: 2, hidden: 256, epochs: 100 },
    });
    expect(methodDefinition('adalead').schema.parse({})).toMatchObject({
      networks: { network: 'cnn', input: 'onehot', members: 3, hidden: 100, epochs: 20 },
    });
  });

  it('names the nearest name or option, and lists all faults at once', () => {
    expect(() => createMethod('adaleed')).toThrow(/no method 'adaleed'.*'adalead'/);
    expect(() => createMethod('bib', { gama: 1 })).toThrow(/no option 'gama', did you mean 'gamma'/);
    expect(() => createMethod('adalead', { networks: { member: 1 } })).toThrow(
      /'networks.member', did you mean 'members'/,
    );
    expect(() => createMethod('bdi', { steps: 0, mode: 'sideways' })).toThrow(
      /mode.*"sideways".*steps.*got 0/,
    );
    expect(() => createMethod('coms', { innerSteps: 'many' })).toThrow(InputError);
  });

  it('says which methods learn a model of their own', () => {
    const own = (name: string, options = {}) => createMethod(name, options).fitObjective !== undefined;
    expect(methodNames().filter((name) => !own(name))).toEqual([
      ...['auto', 'bib', 'discrete', 'exhaustive', 'edit'],
    ]);
    expect(own('adalead', { proxy: 'run' })).toBe(false);
    expect(own('bib', { proxy: 'networks' })).toBe(true);
  });
});
