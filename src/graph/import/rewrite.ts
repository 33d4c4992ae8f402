import type { OpName } from '../attributes.js';
import type { GraphBuilder } from '../builder.js';
import { sameShape, type Value } from '../types.js';

/** The inputs of the node that made a value, if it is of that op. */
function madeBy(g: GraphBuilder, value: Value, op: OpName): readonly Value[] | null {
  const node = g.producer(value);
  return node?.op === op ? node.inputs : null;
}

/** The number that a constant of one entry is, or null. */
function scalar(g: GraphBuilder, value: Value): number | null {
  const data = g.constants.get(value.name)?.data;
  return data && !('location' in data) && data.length === 1 ? Number(data[0]) : null;
}

/** Whether a value is that constant, to float32's precision. */
function is(g: GraphBuilder, value: Value, number: number): boolean {
  const found = scalar(g, value);
  return found !== null && Math.abs(found - number) <= 1e-6 * Math.abs(number);
}

/** Both orders of the inputs of a commutative op; none if the value is made otherwise. */
function eitherOrder(g: GraphBuilder, value: Value, op: 'Add' | 'Mul'): (readonly [Value, Value])[] {
  const inputs = madeBy(g, value, op);
  return inputs
    ? [
        [inputs[0], inputs[1]],
        [inputs[1], inputs[0]],
      ]
    : [];
}

/** The mean over the last axis that a value is, axis kept: what it is the mean of. */
function meanOfLast(g: GraphBuilder, value: Value): Value | null {
  const node = g.producer(value);
  if (node?.op !== 'ReduceMean' || !('axes' in node.attributes) || !node.attributes.keepdims) return null;
  const { axes } = node.attributes;
  const last = node.inputs[0].shape.length - 1;
  return axes.length === 1 && (axes[0] === -1 || axes[0] === last) ? node.inputs[0] : null;
}

/** (x - mean) / sqrt(mean((x - mean)^2) + epsilon) as exporters write it: x and epsilon. */
function normalisedInput(g: GraphBuilder, value: Value): { x: Value; epsilon: number } | null {
  const division = madeBy(g, value, 'Div');
  const centred = division && madeBy(g, division[0], 'Sub');
  const variance = division && madeBy(g, division[1], 'Sqrt');
  if (!centred || !variance || meanOfLast(g, centred[1])?.name !== centred[0].name) return null;
  for (const [mean, shift] of eitherOrder(g, variance[0], 'Add')) {
    const epsilon = scalar(g, shift);
    const squares = meanOfLast(g, mean);
    const factors = squares && madeBy(g, squares, 'Mul');
    if (epsilon !== null && factors?.every(({ name }) => name === division[0].name))
      return { x: centred[0], epsilon };
  }
  return null;
}

/** A layer normalisation that an exporter of opset 16 or before wrote out, as one op; else the sum itself. */
export function fusedLayerNorm(g: GraphBuilder, sum: Value): Value {
  for (const [scaled, bias] of eitherOrder(g, sum, 'Add')) {
    for (const [normed, scale] of eitherOrder(g, scaled, 'Mul')) {
      const found = normalisedInput(g, normed);
      const width = found?.x.shape.at(-1);
      if (!found || width === undefined) continue;
      if (sameShape(scale.shape, [width]) && sameShape(bias.shape, [width]))
        return g.layerNorm(found.x, scale, bias, found.epsilon);
    }
  }
  return sum;
}

/** Three values whose product a value is, in every order of its factors. */
function threeFactors(g: GraphBuilder, product: Value): (readonly [Value, Value, Value])[] {
  return eitherOrder(g, product, 'Mul').flatMap(([first, rest]) =>
    eitherOrder(g, rest, 'Mul').flatMap(([second, third]): (readonly [Value, Value, Value])[] => [
      [first, second, third],
      [second, first, third],
      [second, third, first],
    ]),
  );
}

/** x where the value is 1 + erf(x / sqrt 2). */
function erfOf(g: GraphBuilder, value: Value): Value | null {
  for (const [one, erf] of eitherOrder(g, value, 'Add')) {
    const argument = is(g, one, 1) ? madeBy(g, erf, 'Erf')?.[0] : undefined;
    if (!argument) continue;
    const division = madeBy(g, argument, 'Div');
    if (division && is(g, division[1], Math.SQRT2)) return division[0];
    const product = eitherOrder(g, argument, 'Mul').find(([factor]) => is(g, factor, Math.SQRT1_2));
    if (product) return product[1];
  }
  return null;
}

/** x where the value is 1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)). */
function tanhOf(g: GraphBuilder, value: Value): Value | null {
  for (const [one, tanh] of eitherOrder(g, value, 'Add')) {
    const argument = is(g, one, 1) ? madeBy(g, tanh, 'Tanh')?.[0] : undefined;
    const product =
      argument && eitherOrder(g, argument, 'Mul').find(([factor]) => is(g, factor, Math.sqrt(2 / Math.PI)));
    if (!product) continue;
    for (const [x, cubic] of eitherOrder(g, product[1], 'Add')) {
      const cube = eitherOrder(g, cubic, 'Mul').find(([factor]) => is(g, factor, 0.044715))?.[1];
      const factors = cube && madeBy(g, cube, 'Mul');
      const square = factors && madeBy(g, factors[0], 'Mul');
      if (square && [...square, factors[1]].every(({ name }) => name === x.name)) return x;
    }
  }
  return null;
}

/** A GELU that an exporter wrote out, 0.5 x (1 + erf(...)) or its tanh form, as one op; else the product itself. */
export function fusedGelu(g: GraphBuilder, product: Value): Value {
  for (const [half, x, gate] of threeFactors(g, product)) {
    if (is(g, half, 0.5)) {
      if (erfOf(g, gate)?.name === x.name) return g.gelu(x);
      if (tanhOf(g, gate)?.name === x.name) return g.gelu(x, 'tanh');
    }
  }
  return product;
}
