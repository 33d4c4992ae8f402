import type { DType } from '../types.js';
import type { Call } from './call.js';
import { type Known, MOST_KNOWN } from './operand.js';
import { add, difference, type Element, multiply, quotient } from './sizes.js';

/** Computes a node from entries that are known; null where they do not tell the result for all sizes. */
export type Fold = (call: Call, inputs: readonly Known[]) => Known | null;

const isReal = (dtype: DType) => dtype === 'float32' || dtype === 'float64';

/** Strides of a shape broadcast to `rank` axes: 0 where it repeats. */
function strides(shape: readonly number[], rank: number): number[] {
  const result = new Array<number>(rank).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) result[axis + rank - shape.length] = stride;
    stride *= shape[axis];
  }
  return result;
}

function commonShape(shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const common = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [i, size] of shape.entries()) {
      const axis = i + rank - shape.length;
      if (size === common[axis] || size === 1) continue;
      if (common[axis] !== 1) return null;
      common[axis] = size;
    }
  }
  return common;
}

export const countOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** An elementwise op on broadcast inputs. */
function elementwise(
  compute: (entries: readonly Element[], dtype: DType, call: Call) => Element | null,
  result: (inputs: readonly Known[]) => DType = (inputs) => inputs[0].dtype,
): Fold {
  return (call, inputs) => {
    const shape = commonShape(inputs.map((input) => input.shape));
    if (!shape) return null;
    const count = countOf(shape);
    if (count > MOST_KNOWN) return null;
    call.scope.spend(count);
    const steps = inputs.map((input) => strides(input.shape, shape.length));
    const dtype = result(inputs);
    const elements: Element[] = [];
    for (let flat = 0; flat < count; flat++) {
      const entries = inputs.map((input, k) => input.elements[offset(flat, shape, steps[k])]);
      const entry = compute(entries, inputs[0].dtype, call);
      if (entry === null) return null;
      elements.push(rounded(entry, dtype));
    }
    return { dtype, shape, elements };
  };
}

function offset(flat: number, shape: readonly number[], steps: readonly number[]): number {
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (flat % shape[axis]) * steps[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return at;
}

/** An entry as its element type holds it. */
function rounded(entry: Element, dtype: DType): Element {
  return dtype === 'float32' && typeof entry === 'number' ? Math.fround(entry) : entry;
}

const numbers =
  (compute: (a: number, b: number) => number) =>
  ([a, b = 0]: readonly Element[]): Element | null =>
    typeof a === 'number' && typeof b === 'number' ? compute(a, b) : null;

const bool = () => 'bool' as const;

/** A comparison: of numbers as they are, of sizes by what their difference can be. */
function compared(
  ofNumbers: (a: number, b: number) => boolean,
  ofSizes: (least: number, most: number) => boolean | null,
): Fold {
  return elementwise(([a, b]) => {
    if (typeof a === 'number' && typeof b === 'number') return Number(ofNumbers(a, b));
    const { least, most } = difference(a, b);
    const answer = ofSizes(least, most);
    return answer === null ? null : Number(answer);
  }, bool);
}

const largest: Fold = elementwise((entries) =>
  entries.reduce<Element | null>((best, entry) => {
    if (best === null) return null;
    const { least, most } = difference(best, entry);
    return least >= 0 ? best : most <= 0 ? entry : null;
  }, entries[0]),
);

/** Where a size is cut to the rows of a table, no sequence is taken to be longer than the table. */
const smallest: Fold = elementwise((entries, _dtype, { scope }) =>
  entries.reduce<Element | null>((best, entry) => {
    if (best === null) return null;
    const { least, most } = difference(best, entry);
    if (most <= 0) return best;
    if (least >= 0) return entry;
    if (typeof entry === 'number' && scope.assumeAtMost(best, entry)) return best;
    return typeof best === 'number' && scope.assumeAtMost(entry, best) ? entry : null;
  }, entries[0]),
);

function divided(a: Element, b: Element, dtype: DType): Element | null {
  if (typeof a !== 'number' || typeof b !== 'number') return quotient(a, b);
  if (isReal(dtype)) return a / b;
  return b === 0 ? null : Math.trunc(a / b);
}

function cast(entry: Element, to: DType): Element | null {
  if (to === 'bool') {
    if (typeof entry === 'number') return entry === 0 ? 0 : 1;
    const { least, most } = difference(entry, 0);
    return least > 0 || most < 0 ? 1 : null;
  }
  if (typeof entry !== 'number' || isReal(to)) return entry;
  return Number.isFinite(entry) ? Math.trunc(entry) : null;
}

/** Casts known entries. */
export const foldCast =
  (to: DType): Fold =>
  (call, inputs) =>
    elementwise(
      ([entry]) => cast(entry, to),
      () => to,
    )(call, inputs);

/** Picks entries of the first input: `at` gives, for each entry of the result, its place. */
export function picked({ dtype, elements }: Known, shape: readonly number[], at: readonly number[]): Known {
  return { dtype, shape, elements: at.map((place) => elements[place]) };
}

/** Ops of shape arithmetic that are computed while a model is read, when all that they read is known. */
export const folds: Readonly<Record<string, Fold | undefined>> = {
  Add: elementwise(([a, b]) => add(a, b)),
  Sub: elementwise(([a, b]) => add(a, b, -1)),
  Mul: elementwise(([a, b]) => multiply(a, b)),
  Div: elementwise(([a, b], dtype) => divided(a, b, dtype)),
  Mod: elementwise(numbers((a, b) => a - b * Math.floor(a / b))),
  Pow: elementwise(numbers((a, b) => a ** b)),
  Neg: elementwise(([a]) => multiply(a, -1)),
  Abs: elementwise(numbers(Math.abs)),
  Sqrt: elementwise(numbers(Math.sqrt)),
  Reciprocal: elementwise(numbers((a) => 1 / a)),
  Floor: elementwise(numbers(Math.floor)),
  Ceil: elementwise(numbers(Math.ceil)),
  Max: largest,
  Min: smallest,
  Equal: compared(
    (a, b) => a === b,
    (least, most) => (least === 0 && most === 0 ? true : least > 0 || most < 0 ? false : null),
  ),
  Greater: compared(
    (a, b) => a > b,
    (least, most) => (least > 0 ? true : most <= 0 ? false : null),
  ),
  GreaterOrEqual: compared(
    (a, b) => a >= b,
    (least, most) => (least >= 0 ? true : most < 0 ? false : null),
  ),
  Less: compared(
    (a, b) => a < b,
    (least, most) => (most < 0 ? true : least >= 0 ? false : null),
  ),
  LessOrEqual: compared(
    (a, b) => a <= b,
    (least, most) => (most <= 0 ? true : least > 0 ? false : null),
  ),
  And: elementwise(
    numbers((a, b) => a & b),
    bool,
  ),
  Or: elementwise(
    numbers((a, b) => a | b),
    bool,
  ),
  Not: elementwise(
    numbers((a) => 1 - a),
    bool,
  ),
  Where: elementwise(
    ([condition, a, b]) => (typeof condition === 'number' ? (condition ? a : b) : null),
    (inputs) => inputs[1].dtype,
  ),
  ReduceProd: (call, [input]) => {
    if (input.shape.length !== 1 || call.int('keepdims', 1) !== 0) return null;
    let product: Element | null = 1;
    for (const entry of input.elements) product = product === null ? null : multiply(product, entry);
    return product === null ? null : { dtype: input.dtype, shape: [], elements: [product] };
  },
  Concat: (call, inputs) => {
    const rank = inputs[0].shape.length;
    const axis = call.axis(call.int('axis', 0), rank);
    const shape = [...inputs[0].shape];
    shape[axis] = 0;
    for (const input of inputs) {
      if (input.shape.length !== rank || input.shape.some((size, i) => i !== axis && size !== shape[i]))
        return null;
      shape[axis] += input.shape[axis];
    }
    call.scope.spend(countOf(shape));
    if (countOf(shape) > MOST_KNOWN) return null;
    const outer = countOf(shape.slice(0, axis));
    const elements: Element[] = [];
    for (let o = 0; o < outer; o++) {
      for (const input of inputs) {
        const block = input.elements.length / outer;
        for (let i = 0; i < block; i++) elements.push(input.elements[o * block + i]);
      }
    }
    return { dtype: inputs[0].dtype, shape, elements };
  },
};
