import type { Value } from '../../types.js';
import type { Call } from '../call.js';
import { countOf, picked } from '../fold.js';
import type { Handlers } from '../handler.js';
import { boundOf } from '../bounds.js';
import { type Known, knownOf, MOST_KNOWN, type Operand, sequence } from '../operand.js';
import { reshaped } from '../reshaped.js';
import { add, difference, type Element, fromDim, sameElement, toDim } from '../sizes.js';
import { typedList } from '../tensors.js';

/** Whether an axis counts rows of the batch, alone or with others. */
const countsRows = (dim: number | string) => typeof dim === 'string' && /(^|[*+])B($|[*+])/.test(dim);

/** Slices of x at indices along an axis: transposed to the front, looked up, and transposed back. */
function gatherAlong(call: Call, x: Value, axis: number, indices: Value): Value {
  const { g } = call;
  if (call.scope.isActive(x) && countsRows(x.shape[axis]))
    throw call.refuse('it picks rows of the batch, which has no gradient here');
  if (axis === 0) return g.gather(x, indices);
  const rest = x.shape.map((_, i) => i).filter((i) => i !== axis);
  const picks = g.gather(g.transpose(x, [axis, ...rest]), indices);
  const rank = indices.shape.length;
  const positions = Array.from({ length: rank + rest.length }, (_, i) => i);
  return g.transpose(picks, [
    ...positions.slice(rank, rank + axis),
    ...positions.slice(0, rank),
    ...positions.slice(rank + axis),
  ]);
}

/** Known entries picked along an axis; null where an index is out of range or there are too many. */
function pickAlong(
  call: Call,
  x: Known,
  axis: number,
  indices: readonly number[],
  shape: readonly number[],
): Known | null {
  const [outer, inner] = [countOf(x.shape.slice(0, axis)), countOf(x.shape.slice(axis + 1))];
  const count = outer * indices.length * inner;
  if (count > MOST_KNOWN) return null;
  call.scope.spend(count);
  const size = x.shape[axis];
  const places: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (const index of indices) {
      const at = index < 0 ? index + size : index;
      if (!(at >= 0 && at < size)) throw call.refuse(`index ${index} of an axis of ${size}`);
      for (let i = 0; i < inner; i++) places.push((o * size + at) * inner + i);
    }
  }
  return picked(x, [...x.shape.slice(0, axis), ...shape, ...x.shape.slice(axis + 1)], places);
}

function numbersOf(operand: Operand): readonly number[] | null {
  const elements = operand.elements();
  return elements?.every((element) => typeof element === 'number') ? (elements as number[]) : null;
}

function gather(call: Call): Operand {
  const [data, indices] = [call.input(0), call.input(1)];
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
    throw call.refuse('indices are not whole numbers');
  const axis = call.axis(call.int('axis', 0), data.shape.length);
  const size = data.shape[axis];
  const at = numbersOf(indices);
  const entries = knownOf(data);
  const folded = at && entries && pickAlong(call, entries, axis, at, indices.shape as number[]);
  if (folded) return call.known(folded);
  if (at?.length === 1 && indices.shape.length === 0 && typeof size === 'number') {
    const index = at[0] < 0 ? at[0] + size : at[0];
    if (!(index >= 0 && index < size)) throw call.refuse(`index ${at[0]} of an axis of ${size}`);
    const slice = call.computed(call.g.slice(data.value(), axis, index, index + 1));
    return reshaped(call, slice, data.shape.filter((_, i) => i !== axis).map(fromDim));
  }
  limitToTable(call, size, indices);
  return call.computed(gatherAlong(call, data.value(), axis, indices.value()));
}

/** A table of positions has so many rows: no sequence is longer. */
function limitToTable(call: Call, rows: number | string, indices: Operand): void {
  const bound = boundOf(call.scope, indices);
  if (bound === null || typeof bound === 'number' || typeof rows !== 'number') return;
  call.scope.assumeAtMost(bound, rows);
}

function gatherElements(call: Call): Operand {
  const [data, indices] = [call.input(0).value(), call.input(1).value()];
  const axis = call.axis(call.int('axis', 0), data.shape.length);
  if (indices.shape.length !== data.shape.length) throw call.refuse('data and indices differ in rank');
  if (call.scope.isActive(data) && countsRows(data.shape[axis]))
    throw call.refuse('it picks rows of the batch, which has no gradient here');
  return call.computed(call.g.apply('GatherElements', [data, indices], { axis })[0]);
}

function gatherND(call: Call): Operand {
  if (call.int('batch_dims', 0) !== 0) throw call.refuse('batch_dims is not 0');
  const [data, indices] = [call.input(0).value(), call.typed(1, 'int64')];
  if (call.scope.isActive(data))
    throw call.refuse('it picks from what depends on the tokens, which has no gradient here');
  return call.computed(call.g.apply('GatherND', [data, indices], {})[0]);
}

/** Beyond any size: exporters write the largest integers for "to the end". */
const END = 2 ** 31 - 1;

/** A bound of a slice, from 0 to the size of its axis. */
function sliceBound(call: Call, bound: Element, size: Element): Element {
  const fromFront = typeof bound === 'number' && bound < 0 ? (bound <= -END ? 0 : add(bound, size)) : bound;
  if (fromFront === null) throw call.refuse('a bound cannot be told');
  if (typeof fromFront === 'number' && fromFront >= END) return size;
  if (typeof fromFront === 'number' && typeof size === 'number')
    return Math.min(size, Math.max(0, fromFront));
  const { least, most } = difference(fromFront, size);
  if (least >= 0) return size;
  if (difference(fromFront, 0).least < 0) throw call.refuse('a bound may be negative');
  if (most <= 0) return fromFront;
  // Positions taken from the front of a table that is long enough.
  if (typeof size === 'number' && call.scope.assumeAtMost(fromFront, size)) return fromFront;
  throw call.refuse('a bound may lie behind the end');
}

/** Entries from start to end along one axis. */
function sliceAlong(call: Call, x: Operand, axis: number, start: Element, end: Element): Operand {
  const size = fromDim(x.shape[axis]);
  if (sameElement(start, 0) && sameElement(end, size)) return x;
  const { least } = difference(end, start);
  if (least < 1) throw call.refuse('it takes nothing, or may take nothing');
  if (typeof start === 'number' && typeof end === 'number') {
    const entries = knownOf(x);
    const places = Array.from({ length: end - start <= MOST_KNOWN ? end - start : 0 }, (_, i) => start + i);
    const folded = entries && places.length > 0 && pickAlong(call, entries, axis, places, [places.length]);
    if (folded) return call.known(folded);
    if (typeof size === 'number') return call.computed(call.g.slice(x.value(), axis, start, end));
  }
  const length = add(end, start, -1);
  if (length === null) throw call.refuse('its length cannot be told');
  const bounds = [start, end, 1].map((element) =>
    call.known({ dtype: 'int64', shape: [], elements: [element] }).value(),
  );
  const [places] = call.g.apply('Range', bounds, { length: toDim(length) });
  return call.computed(gatherAlong(call, x.value(), axis, places));
}

/** Every step-th entry between numbers, as ONNX counts them. */
function steppedSlice(call: Call, x: Operand, axis: number, [start, end, step]: readonly Element[]): Operand {
  const size = x.shape[axis];
  if (
    typeof size !== 'number' ||
    typeof start !== 'number' ||
    typeof end !== 'number' ||
    typeof step !== 'number'
  )
    throw call.refuse('it takes steps over an axis of unknown size');
  if (step === 0) throw call.refuse('its step is 0');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const place = (bound: number) => Math.min(high, Math.max(low, bound < 0 ? bound + size : bound));
  const first = step > 0 ? place(start) : Math.min(size - 1, Math.max(0, start < 0 ? start + size : start));
  const last = end <= -END ? low : place(end);
  const count = Math.max(0, Math.ceil((last - first) / step));
  if (count === 0 || count > MOST_KNOWN) throw call.refuse(`it takes ${count} entries`);
  const places = Array.from({ length: count }, (_, i) => first + i * step);
  const entries = knownOf(x);
  const folded = entries && pickAlong(call, entries, axis, places, [count]);
  if (folded) return call.known(folded);
  const indices = call.g.constant(typedList(places, 'int64'), [count]);
  return call.computed(gatherAlong(call, x.value(), axis, indices));
}

function slice(call: Call): Operand {
  const [starts, ends] = [call.elements(1), call.elements(2)];
  const axes = call.integers(3) ?? starts.map((_, i) => i);
  const steps = call.integers(4) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    throw call.refuse('starts, ends, axes and steps differ in length');
  let x = call.input(0);
  for (const [i, given] of axes.entries()) {
    const axis = call.axis(given, x.shape.length);
    if (steps[i] === 1) {
      const size = fromDim(x.shape[axis]);
      x = sliceAlong(call, x, axis, sliceBound(call, starts[i], size), sliceBound(call, ends[i], size));
    } else x = steppedSlice(call, x, axis, [starts[i], ends[i], steps[i]]);
  }
  return x;
}

/** Sizes of the parts, from an input, an attribute, or equal parts. */
function partSizes(call: Call, size: number): readonly number[] {
  const given = call.integers(1, 'split');
  if (given && call.node.op === 'SplitToSequence' && call.input(1).shape.length === 0)
    return equalParts(call, size, given[0]);
  if (given) return given;
  if (call.node.op === 'SplitToSequence') return Array<number>(size).fill(1);
  const count = call.int('num_outputs', call.node.outputs.length);
  if (!(count > 0 && count <= size)) throw call.refuse(`${count} parts of an axis of ${size}`);
  return equalParts(call, size, Math.ceil(size / count));
}

function split(call: Call): Operand[] {
  const x = call.input(0);
  const axis = call.axis(call.int('axis', 0), x.shape.length);
  const size = x.shape[axis];
  if (typeof size !== 'number') throw call.refuse('it splits an axis of unknown size');
  const sizes = partSizes(call, size);
  if (sizes.some((part) => part < 1) || sizes.reduce((a, b) => a + b, 0) !== size)
    throw call.refuse(`parts of [${sizes.join(', ')}] of an axis of ${size}`);
  let start = 0;
  return sizes.map((part) => {
    start += part;
    return sliceAlong(call, x, axis, start - part, start);
  });
}

/** Parts of one size, the last one of what is left. */
function equalParts(call: Call, size: number, part: number): number[] {
  if (!(part > 0)) throw call.refuse(`parts of ${part}`);
  return Array.from({ length: Math.ceil(size / part) }, (_, i) => Math.min(part, size - i * part));
}

function splitToSequence(call: Call): Operand {
  const parts = split(call);
  if (call.optional(1) || call.int('keepdims', 1) === 1) return sequence(parts);
  const axis = call.axis(call.int('axis', 0), parts[0].shape.length);
  return sequence(
    parts.map((part) => reshaped(call, part, part.shape.filter((_, i) => i !== axis).map(fromDim))),
  );
}

function sequenceAt(call: Call): Operand {
  const { parts } = call.input(0);
  const at = call.integers(1)?.[0];
  if (!parts || at === undefined) throw call.refuse('it does not pick from a list');
  return parts[call.axis(at, parts.length)];
}

export const indexing: Handlers = {
  Gather: { inputs: [2, 2], convert: gather },
  GatherElements: { inputs: [2, 2], convert: gatherElements },
  GatherND: { inputs: [2, 2], convert: gatherND },
  Slice: { inputs: [3, 5], convert: slice },
  SplitToSequence: { inputs: [1, 2], convert: splitToSequence },
  SequenceAt: { inputs: [2, 2], convert: sequenceAt },
  Split: { inputs: [1, 2], convert: split },
};
