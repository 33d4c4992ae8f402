import { GraphBuilder } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import { createSession, type Session } from '../runtime/session.js';

/**
 * `X A^T`, [B x N], for rows X [B x D] and A [N x D]: float64 products in onnxruntime, which reads A once for all rows. Each
 * row of the result has the same bits whatever the other rows are.
 */
export async function timesTransposed(X: Float64Array, A: Float64Array, D: number): Promise<Float64Array> {
  return product(await open('transposed'), [X, X.length / D, D], [A, A.length / D, D]);
}

/** `U A`, [B x D], for U [B x N] and A [N x D]; as {@link timesTransposed}. */
export async function times(U: Float64Array, A: Float64Array, N: number): Promise<Float64Array> {
  return product(await open('plain'), [U, U.length / N, N], [A, N, A.length / N]);
}

type Matrix = [data: Float64Array, rows: number, columns: number];

async function product(
  session: Session,
  [x, B, K]: Matrix,
  [a, rows, columns]: Matrix,
): Promise<Float64Array> {
  if (x.length === 0) return new Float64Array(0);
  const { y } = await session.run({
    x: { data: x, shape: [B, K] },
    a: { data: a, shape: [rows, columns] },
  });
  return y.data as Float64Array;
}

/** The two products, of matrices of any size; made when first needed and kept as long as the process. */
const sessions = new Map<'plain' | 'transposed', Promise<Session>>();

function open(kind: 'plain' | 'transposed'): Promise<Session> {
  const found = sessions.get(kind);
  if (found !== undefined) return found;
  const transB = kind === 'transposed';
  const g = new GraphBuilder();
  const x = g.input('x', 'float64', ['B', 'K']);
  const a = g.input('a', 'float64', transB ? ['N', 'K'] : ['K', 'N']);
  const made = createSession(serialise(g.build({ y: g.fusedMatMul(x, a, { transB }) })));
  sessions.set(kind, made);
  return made;
}
