import { type Dim, staticReshape } from '../types.js';
import type { Call } from './call.js';
import { computed, type Operand } from './operand.js';
import { sameDims } from './scope.js';
import { difference, type Element, fromDim, productOf, quotient, sameElement, toDim } from './sizes.js';

/** Ops whose result is their input with other axes. */
const RESHAPES = new Set(['Reshape', 'ReshapeTo']);

/** An operand with other axes, its entries in the same order. */
export function reshaped(call: Call, operand: Operand, dims: readonly Element[]): Operand {
  const { g, scope } = call;
  const shape = dims.map(toDim);
  if (sameDims(operand.shape, shape)) return operand;
  checkCount(call, operand.shape, shape);
  const elements = operand.elements();
  if (elements && shape.every((dim) => typeof dim === 'number'))
    return call.known({ dtype: operand.dtype, shape: shape as number[], elements });
  let x = operand.value();
  // A reshape of a reshape is one reshape, and none where the first is undone.
  const maker = g.producer(x);
  if (maker && RESHAPES.has(maker.op)) x = maker.inputs[0];
  if (sameDims(x.shape, shape)) return computed(x);
  checkRows(call, x.shape, shape);
  const target = { shape };
  if (staticReshape(x.shape, shape)) return computed(g.apply('Reshape', [x], target)[0]);
  return computed(g.apply('ReshapeTo', [x, scope.sizeVector(dims)], target)[0]);
}

function checkCount(call: Call, from: readonly Dim[], to: readonly Dim[]): void {
  const [before, after] = [productOf(from), productOf(to)];
  if (to.some((dim) => dim === 0)) throw call.refuse('a size is 0');
  if (before === null || after === null || !sameElement(before, after))
    throw call.refuse(`[${from.join(' x ')}] cannot become [${to.join(' x ')}]`);
}

/** Where the rows of the batch are: what stands before them, as a product of sizes. */
function beforeRows(shape: readonly Dim[]): Element | null {
  const axis = shape.findIndex((dim) => typeof dim === 'string' && /(^|[*+])B($|[*+])/.test(dim));
  return axis < 0 ? null : productOf(shape.slice(0, axis));
}

/**
 * Several gradients share a forward pass by repeating its rows, which needs every axis that counts rows to be led by
 * them: [T x B] may not be merged into one axis.
 */
function checkRows(call: Call, from: readonly Dim[], to: readonly Dim[]): void {
  const [before, after] = [beforeRows(from), beforeRows(to)];
  if (before === null || after === null || sameElement(before, after)) return;
  throw call.refuse(
    `[${from.join(' x ')}] becomes [${to.join(' x ')}], which mixes rows of the batch with others`,
  );
}

/** The sizes that a Reshape asks for: 0 takes over a size (unless `allowzero`), one -1 is what is left. */
export function reshapeTarget(call: Call, from: readonly Dim[], asked: readonly Element[]): Element[] {
  const copies = call.int('allowzero', 0) === 0;
  const target = asked.map((element, axis): Element => {
    if (element !== 0 || !copies) return element;
    if (axis >= from.length) throw call.refuse(`it takes over size ${axis + 1} of ${from.length}`);
    return fromDim(from[axis]);
  });
  const open = target.findIndex((element) => element === -1);
  if (open >= 0) {
    const total = productOf(from);
    const others = productOf(target.filter((_, axis) => axis !== open).map(toDim));
    const rest = total === null || others === null ? null : quotient(total, others);
    if (rest === null)
      throw call.refuse(`[${from.join(' x ')}] cannot become [${target.map(toDim).join(' x ')}]`);
    target[open] = rest;
  }
  if (target.some((element) => difference(element, 1).least < 0)) throw call.refuse('a size is not positive');
  return target;
}
