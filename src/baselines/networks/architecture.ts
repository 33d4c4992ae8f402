import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import type { Parameters } from '../../lm/architecture/parameters.js';

/** What networks are built from: vectors of `positions x channels`. */
export interface InputShape {
  positions: number;
  channels: number;
}

/** A scalar network as a graph builder; several members of an ensemble share one graph, the first axis being theirs. */
export interface Architecture {
  /**
   * @param x [K x B x width]
   * @returns [K x B]
   */
  build(g: GraphBuilder, parameters: Parameters, x: Value, members: number, input: InputShape): Value;
}

/** Negative slope of the leaky ReLU (Keras' default, which design-baselines takes). */
const LEAK = 0.3;

function leakyRelu(g: GraphBuilder, x: Value): Value {
  return g.add(g.scale(x, LEAK), g.scale(g.unary('Relu', x), 1 - LEAK));
}

/** `x W + b` for [K x N x in]; weights [K x in x out]. */
function dense(
  g: GraphBuilder,
  parameters: Parameters,
  x: Value,
  name: string,
  [members, from, to]: readonly [number, number, number],
): Value {
  const W = parameters.tensor(`${name}.weight`, [members, from, to]);
  const b = parameters.tensor(`${name}.bias`, [members, 1, to]);
  return g.add(g.matMul(x, W), b);
}

/** Dense layers with leaky ReLU and a linear read-out (the forward model of design-baselines, there 2048 wide). */
export function mlp(hidden: readonly number[]): Architecture {
  return {
    build(g, parameters, x, members, { positions, channels }) {
      let [h, width] = [x, positions * channels];
      hidden.forEach((size, layer) => {
        h = leakyRelu(g, dense(g, parameters, h, `dense${layer}`, [members, width, size]));
        width = size;
      });
      return g.reshape(dense(g, parameters, h, 'out', [members, width, 1]), [members, 'B']);
    },
  };
}

/** Options of {@link cnn}. */
export interface CnnOptions {
  /** Filters of both convolutions. */
  filters: number;
  /** Letters that a filter sees. */
  kernel: number;
  /** Width of the dense layer. */
  hidden: number;
}

/**
 * Two convolutions with ReLU (zero-padded, so that length is kept), a dense layer over all positions, and a read-out: the
 * shape of the CNNs of FLEXS (Sinai et al., 2020), which pools over positions instead of looking at each.
 */
export function cnn({ filters, kernel, hidden }: CnnOptions): Architecture {
  return {
    build(g, parameters, x, members, { positions, channels }) {
      let h = g.reshape(x, [members, 'B', positions, channels]);
      let width = channels;
      for (const layer of ['conv0', 'conv1']) {
        h = g.unary('Relu', convolve(g, parameters, h, layer, [members, positions, width, filters], kernel));
        width = filters;
      }
      const flat = g.reshape(h, [members, 'B', positions * filters]);
      const d = g.unary('Relu', dense(g, parameters, flat, 'dense', [members, positions * filters, hidden]));
      return g.reshape(dense(g, parameters, d, 'out', [members, hidden, 1]), [members, 'B']);
    },
  };
}

/** A convolution as one matrix product over windows: [K x B x P x in] to [K x B x P x out]. */
function convolve(
  g: GraphBuilder,
  parameters: Parameters,
  x: Value,
  name: string,
  [members, positions, from, to]: readonly [number, number, number, number],
  kernel: number,
): Value {
  const before = Math.floor((kernel - 1) / 2);
  const padded = g.apply('Pad', [x], { axis: 2, before, after: kernel - 1 - before })[0];
  const windows = Array.from({ length: kernel }, (_, k) => g.slice(padded, 2, k, k + positions));
  const rows = g.reshape(g.concat(windows, 3), [members, 'rows', kernel * from]);
  const product = dense(g, parameters, rows, name, [members, kernel * from, to]);
  return g.reshape(product, [members, 'B', positions, to]);
}
