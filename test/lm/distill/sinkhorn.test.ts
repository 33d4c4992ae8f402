import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { vjp } from '../../../src/graph/autodiff.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { serialise } from '../../../src/graph/serialise.js';
import { sinkhornDistance, type SinkhornOptions } from '../../../src/lm/distill/sinkhorn.js';
import { createSession, type Session } from '../../../src/runtime/session.js';
import { readFixture } from '../../helpers/fixtures.js';

type Matrix = number[][];

interface Reference {
  tau: number;
  epsilon: number;
  iterations: number;
  cases: {
    B: number;
    V: number;
    student_logits: Matrix;
    teacher_logits: Matrix;
    cost: Matrix;
    torch_20_rows_first: { plan: Matrix; loss: number; grad_student: Matrix };
    torch_20_columns_first: { plan: Matrix; loss: number; grad_student: Matrix };
    pot_20: { plan: Matrix; loss: number };
  }[];
}

const sessions = new Map<string, Promise<Session>>();
afterAll(async () => {
  for (const session of sessions.values()) await (await session).release();
});

function sessionOf(V: number, options: SinkhornOptions): Promise<Session> {
  const key = JSON.stringify([V, options]);
  const known = sessions.get(key);
  if (known) return known;
  const g = new GraphBuilder();
  const [student, teacher] = ['student', 'teacher'].map((name) => g.input(name, 'float64', ['M', V]));
  const { loss, plan, cost } = sinkhornDistance(g, student, teacher, options);
  const [gradient] = vjp(g, [{ output: loss, cotangent: g.scalar(1, loss) }], [student]);
  const session = createSession(serialise(g.build({ loss, plan, cost, gradient })));
  sessions.set(key, session);
  return session;
}

async function distance(student: Matrix, teacher: Matrix, options: SinkhornOptions = {}) {
  const V = student[0].length;
  const tensor = (rows: Matrix) => ({ data: Float64Array.from(rows.flat()), shape: [rows.length, V] });
  const session = await sessionOf(V, options);
  const out = await session.run({ student: tensor(student), teacher: tensor(teacher) });
  return {
    loss: Number(out.loss.data[0]),
    plan: [...(out.plan.data as Float64Array)],
    cost: [...(out.cost.data as Float64Array)],
    gradient: [...(out.gradient.data as Float64Array)],
  };
}

function drawn(rows: number, columns: number, seed: string, spread = 2): Matrix {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => spread * random.normal()));
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i])));
  expect(worst).toBeLessThan(tolerance);
}

/** As published: kernel, twenty normalisations; marginals 1/B at the end. Plain loops, no logarithms. */
function byLoops(student: Matrix, teacher: Matrix): number {
  const softmax = (row: number[]) => {
    const e = row.map((x) => Math.exp(x / 2));
    const sum = e.reduce((a, b) => a + b, 0);
    return e.map((x) => x / sum);
  };
  const [p, q] = [student.map(softmax), teacher.map(softmax)];
  const W = p.map((a) => q.map((b) => a.reduce((sum, x, v) => sum + Math.abs(x - b[v]), 0)));
  let K = W.map((row) => row.map((w) => Math.exp(-w / 0.1)));
  for (let i = 0; i < 20; i++) {
    K = K.map((row) => row.map((x) => x / row.reduce((a, b) => a + b, 0)));
    const columns = K[0].map((_, j) => K.reduce((sum, row) => sum + row[j], 0));
    K = K.map((row) => row.map((x, j) => x / columns[j]));
  }
  return K.reduce((sum, row, i) => sum + row.reduce((s, x, j) => s + x * W[i][j], 0), 0) / K.length;
}

const reference = readFixture<Reference>('sinkhorn/sinkd.json');

describe.skipIf(!reference)('the Sinkhorn distance against POT and PyTorch', () => {
  it.each(reference?.cases.map((one) => [`${one.B} x ${one.V}`, one] as const) ?? [])(
    '%s: cost, plan, loss, gradient through the iterations',
    async (_name, one) => {
      const { tau: temperature, epsilon, iterations } = reference!;
      for (const first of ['rows', 'columns'] as const) {
        const expected = one[`torch_20_${first}_first`];
        const ours = await distance(one.student_logits, one.teacher_logits, {
          ...{ temperature, epsilon, iterations, first },
        });
        expectClose(ours.cost, one.cost.flat(), 1e-10);
        expectClose(ours.plan, expected.plan.flat(), 1e-10);
        expectClose([ours.loss], [expected.loss], 1e-10);
        expectClose(ours.gradient, expected.grad_student.flat(), 1e-10);
        if (first === 'columns') expectClose(ours.plan, one.pot_20.plan.flat(), 1e-10);
      }
    },
  );
});

describe('the Sinkhorn distance', () => {
  it('is that of plain loops, and its gradient that of central differences', async () => {
    const [student, teacher] = [drawn(5, 4, 's'), drawn(5, 4, 't')];
    const { loss, gradient } = await distance(student, teacher);
    expectClose([loss], [byLoops(student, teacher)], 1e-12);
    const step = 1e-5;
    const moved = (by: number, i: number, v: number) =>
      byLoops(
        student.map((row, r) => row.map((x, c) => (r === i && c === v ? x + by : x))),
        teacher,
      );
    const differences = student.flatMap((row, i) =>
      row.map((_, v) => (moved(step, i, v) - moved(-step, i, v)) / (2 * step)),
    );
    expectClose(gradient, differences, 1e-9);
  });

  it('does not see the order of the students, nor of the teachers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer(),
        async (B, V, seed) => {
          const [student, teacher] = [drawn(B, V, `s${seed}`), drawn(B, V, `t${seed}`)];
          const order = createRandom(seed).shuffle(student.map((_, i) => i));
          const before = await distance(student, teacher);
          const after = await distance(
            order.map((i) => student[i]),
            teacher,
          );
          expectClose([after.loss], [before.loss], 1e-9);
          const swapped = await distance(
            student,
            order.map((i) => teacher[i]),
          );
          expectClose([swapped.loss], [before.loss], 1e-9);
          expectClose(
            after.gradient,
            order.flatMap((i) => before.gradient.slice(i * V, (i + 1) * V)),
            1e-7,
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('with one output is 0, and so is its gradient', async () => {
    const { loss, gradient } = await distance(drawn(6, 1, 'a'), drawn(6, 1, 'b'));
    expect(loss).toBe(0);
    expect(gradient.every((x) => x === 0)).toBe(true);
  });

  it('of one sample is the L1 distance of the two distributions', async () => {
    const { loss, cost, plan } = await distance([[0, 2 * Math.log(3)]], [[0, 0]]);
    expectClose([loss, cost[0], plan[0]], [0.5, 0.5, 1], 1e-12);
  });

  it('lies between 0 and 2, has marginals 1/B, and does not grow when a batch is repeated', async () => {
    const [student, teacher] = [drawn(6, 8, 'x', 20), drawn(6, 8, 'y', 20)];
    const { loss, plan } = await distance(student, teacher);
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThanOrEqual(2);
    for (let j = 0; j < 6; j++) {
      const column = Array.from({ length: 6 }, (_, i) => plan[i * 6 + j]).reduce((a, b) => a + b, 0);
      expectClose([column], [1 / 6], 1e-12);
    }
    const twice = await distance([...student, ...student], [...teacher, ...teacher]);
    expectClose([twice.loss], [loss], 1e-9);
  });
});
