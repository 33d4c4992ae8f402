import type { Call } from './call.js';
import type { Operand } from './operand.js';
import type { Scope } from './scope.js';
import { add, difference, type Element, fromDim, multiply } from './sizes.js';

/**
 * What every entry stays below, where that is known and no entry is negative. Position ids are followed from where
 * they are counted to the table that they are looked up in: its rows limit the length of a sequence.
 */
export function boundOf(scope: Scope, operand: Operand): Element | null {
  const elements = operand.elements();
  if (!elements) return operand.weight ? null : (scope.bound(operand.value()) ?? null);
  let largest: Element = 0;
  for (const element of elements) {
    if (difference(element, 0).least < 0) return null;
    const { least, most } = difference(element, largest);
    if (least >= 0) largest = element;
    else if (most > 0) return null;
  }
  return add(largest, 1);
}

const bound = (call: Call, index: number): Element | null => {
  const operand = call.optional(index);
  return operand ? boundOf(call.scope, operand) : null;
};

const kept = (call: Call) => bound(call, 0);

const casted = (call: Call) => (call.input(0).dtype === 'bool' ? 2 : kept(call));

/** Joins what two inputs say. */
function both(call: Call, join: (a: Element, b: Element) => Element | null): Element | null {
  const [a, b] = [bound(call, 0), bound(call, 1)];
  return a === null || b === null ? null : join(a, b);
}

const less = (element: Element | null) => (element === null ? null : add(element, 1, -1));
const more = (element: Element | null) => (element === null ? null : add(element, 1));

function product(a: Element, b: Element): Element | null {
  const [x, y] = [less(a), less(b)];
  return x === null || y === null ? null : more(multiply(x, y));
}

/** What the entries of a node's result stay below, by op. */
export const boundsAfter: Readonly<Record<string, ((call: Call) => Element | null) | undefined>> = {
  Reshape: kept,
  Unsqueeze: kept,
  Squeeze: kept,
  Flatten: kept,
  Expand: kept,
  Transpose: kept,
  Slice: kept,
  Gather: kept,
  GatherElements: kept,
  Cast: casted,
  CastLike: casted,
  Add: (call) => both(call, (a, b) => less(add(a, b))),
  Mul: (call) => both(call, product),
  Range: (call) => {
    const [start, limit, step] = call.operands.map((operand) => operand?.elements()?.[0]);
    if (start === undefined || limit === undefined || step === undefined) return null;
    return difference(start, 0).least >= 0 && difference(step, 0).least > 0 ? limit : null;
  },
  CumSum: (call) => {
    const x = call.input(0);
    const [axis] = call.integers(1) ?? [0];
    const length = x.shape.at(axis);
    const [inner, summands] = [bound(call, 0), length === undefined ? null : more(fromDim(length))];
    return inner === null || summands === null ? null : product(inner, summands);
  },
};
