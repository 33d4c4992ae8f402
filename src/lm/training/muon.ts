import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Value } from '../../graph/types.js';
import { createSession, type Session } from '../../runtime/session.js';
import { adamW, type AdamWOptions, type Arrays, type Optimiser } from './optimiser.js';

/** Coefficients and steps of the quintic Newton-Schulz iteration, as published with Muon. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
const MOMENTUM = 0.95;
/** Root mean square of an update, matched to AdamW's, so that both share a learning rate and a decay. */
const UPDATE_RMS = 0.2;

/** The graph that replaces a matrix [m x n], m <= n, by the nearest semi-orthogonal one (approximately). */
function orthogonaliser(): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', ['M', 'N']);
  const norm = g.unary('Sqrt', g.add(g.reduceSum(g.mul(x, x), [0, 1], true), g.scalar(1e-12, x)));
  let y: Value = g.div(x, norm);
  for (let i = 0; i < ITERATIONS; i++) {
    const gram = g.fusedMatMul(y, y, { transB: true });
    const polynomial = g.add(g.scale(gram, B), g.fusedMatMul(gram, gram, { alpha: C }));
    y = g.add(g.scale(y, A), g.matMul(polynomial, y));
  }
  return serialise(g.build({ y }));
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return out;
}

async function orthogonalise(
  session: Session,
  data: Float32Array,
  [rows, columns]: readonly number[],
): Promise<Float32Array> {
  const wide = rows <= columns;
  const input = wide ? data : transposed(data, rows, columns);
  const shape = wide ? [rows, columns] : [columns, rows];
  const { y } = await session.run({ x: { data: input, shape } });
  const out = y.data as Float32Array;
  return wide ? out : transposed(out, columns, rows);
}

/**
 * Muon for the hidden matrices, AdamW for the rest (embeddings, biases, norms). The update of a matrix is its Nesterov
 * momentum made orthogonal, scaled to AdamW's root mean square: w <- w (1 - lr decay) - lr 0.2 sqrt(max(m, n)) O.
 * @param isHidden whether a weight is a hidden matrix
 * @see Jordan et al., 2024, kellerjordan.github.io/posts/muon; the scaling: Liu et al., arXiv 2502.16982
 */
export async function muon(
  weights: Arrays,
  shapes: ReadonlyMap<string, readonly number[]>,
  isHidden: (name: string) => boolean,
  options: AdamWOptions = {},
  state: Arrays = new Map(),
): Promise<Optimiser> {
  const hidden = [...weights.keys()].filter((name) => isHidden(name) && shapes.get(name)!.length === 2);
  const rest = new Map([...weights].filter(([name]) => !hidden.includes(name)));
  const inner = adamW(rest, options, state);
  const momenta = new Map(
    hidden.map((name) => [
      name,
      state.get(`momentum:${name}`) ?? new Float32Array(weights.get(name)!.length),
    ]),
  );
  const session = await createSession(orthogonaliser());
  const decay = options.weightDecay ?? 0.01;
  return {
    state: new Map([
      ...inner.state,
      ...[...momenta].map(([name, array]) => [`momentum:${name}`, array] as const),
    ]),
    async step(all, gradients, step, learningRate) {
      await inner.step(rest, new Map([...gradients].filter(([name]) => rest.has(name))), step, learningRate);
      for (const [name, momentum] of momenta) {
        const [w, d, shape] = [all.get(name)!, gradients.get(name)!, shapes.get(name)!];
        const nesterov = new Float32Array(d.length);
        for (let i = 0; i < d.length; i++) {
          momentum[i] = MOMENTUM * momentum[i] + d[i];
          nesterov[i] = d[i] + MOMENTUM * momentum[i];
        }
        const update = await orthogonalise(session, nesterov, shape);
        const scale = learningRate * UPDATE_RMS * Math.sqrt(Math.max(shape[0], shape[1]));
        for (let i = 0; i < w.length; i++) w[i] = w[i] * (1 - learningRate * decay) - scale * update[i];
      }
    },
    release: () => session.release(),
  };
}
