import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { lossGraph } from '../../../src/lm/training/loss-graph.js';
import { checkMemory, peakBytes, trainingMemory } from '../../../src/lm/training/memory.js';
import { toyTask } from './toy.js';

describe('peak memory of a graph', () => {
  it('counts what is alive at once, each value until its last use', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', ['B', 10]);
    const a = g.unary('Exp', x); // 10 B alive
    const b = g.unary('Tanh', a); // a, b
    const c = g.unary('Neg', b); // a, b, c: a is needed below
    const d = g.add(a, c); // a, c, d
    expect(peakBytes(g.build({ d }), { B: 3 })).toBe(3 * 4 * 10 * 3);
    expect(peakBytes(g.build({ c }), { B: 3 })).toBe(2 * 4 * 10 * 3);
    expect(peakBytes(g.build({ a, d }), { B: 1 })).toBe(3 * 4 * 10);
  });
});

describe('memory of a training', () => {
  const { architecture, config } = toyTask();
  const graph = lossGraph(architecture);

  it('grows with the tokens of a run and the workers, not with the steps', () => {
    const total = (options: Partial<typeof config>, workers = 1) =>
      trainingMemory(graph, { ...config, ...options }, 2, workers).total;
    expect(total({ tokensPerRun: 640 })).toBeGreaterThan(total({}));
    expect(total({}, 2)).toBeGreaterThan(total({}));
    expect(total({ steps: 1e6 })).toBe(total({}));
  });

  it('refuses what does not fit, with the numbers', () => {
    const memory = trainingMemory(graph, config, 2, 2);
    checkMemory(memory, 2, memory.total);
    expect(() => checkMemory(memory, 2, memory.total - 1)).toThrow(InputError);
    expect(() => checkMemory(memory, 2, 2 ** 20)).toThrow(/at most 1 MiB.*got \d+ MiB.*2 workers of \d+ MiB/);
  });
});
