import { formatShape, type Dim } from '../../types.js';
import type { Call } from '../call.js';
import { countOf, picked } from '../fold.js';
import type { Handler, Handlers } from '../handler.js';
import { knownOf, MOST_KNOWN, type Operand } from '../operand.js';
import { reshaped, reshapeTarget } from '../reshaped.js';
import { sameDims } from '../scope.js';
import { add, difference, type Element, fromDim, productOf, quotient, sameElement, toDim } from '../sizes.js';
import { typedList } from '../tensors.js';

function shape(call: Call): Operand {
  const dims = call.input(0).shape;
  const place = (at: number) => Math.min(dims.length, Math.max(0, at < 0 ? at + dims.length : at));
  const [start, end] = [place(call.int('start', 0)), place(call.int('end', dims.length))];
  const elements = dims.slice(start, Math.max(start, end)).map(fromDim);
  return call.known({ dtype: 'int64', shape: [elements.length], elements });
}

function size(call: Call): Operand {
  const count = productOf(call.input(0).shape);
  if (count === null) throw call.refuse('the number of entries cannot be told');
  return call.known({ dtype: 'int64', shape: [], elements: [count] });
}

function flatten(call: Call): Operand {
  const x = call.input(0);
  const axis = call.int('axis', 1);
  const at = axis === x.shape.length ? axis : call.axis(axis, x.shape.length);
  const [rows, columns] = [productOf(x.shape.slice(0, at)), productOf(x.shape.slice(at))];
  if (rows === null || columns === null) throw call.refuse('the number of entries cannot be told');
  return reshaped(call, x, [rows, columns]);
}

function squeeze(call: Call): Operand {
  const x = call.input(0);
  const rank = x.shape.length;
  const given = call.integers(1, 'axes')?.map((axis) => call.axis(axis, rank));
  const dropped = given ?? x.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  if (dropped.some((axis) => x.shape[axis] !== 1)) throw call.refuse('it drops an axis that is not 1');
  return reshaped(call, x, x.shape.filter((_, axis) => !dropped.includes(axis)).map(fromDim));
}

function unsqueeze(call: Call): Operand {
  const x = call.input(0);
  const axes = call.integers(1, 'axes');
  if (!axes) throw call.refuse('no axes are given');
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => call.axis(axis, rank)));
  if (added.size < axes.length) throw call.refuse('an axis is named twice');
  const rest = x.shape.map(fromDim);
  return reshaped(
    call,
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
  );
}

function transpose(call: Call): Operand {
  const x = call.input(0);
  const rank = x.shape.length;
  const perm = call.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((axis) => axis < 0 || axis >= rank))
    throw call.refuse(`perm [${perm.join(', ')}] of ${rank} axes`);
  if (perm.every((axis, i) => axis === i)) return x;
  const entries = x.weight ? null : knownOf(x);
  if (!entries) return call.computed(call.g.transpose(x.value(), perm));
  const to = perm.map((axis) => entries.shape[axis]);
  const steps = entries.shape.map((_, axis) => countOf(entries.shape.slice(axis + 1)));
  const places = Array.from({ length: countOf(to) }, (_, flat) => {
    let at = 0;
    for (let i = rank - 1; i >= 0; i--) {
      at += (flat % to[i]) * steps[perm[i]];
      flat = Math.floor(flat / to[i]);
    }
    return at;
  });
  call.scope.spend(places.length);
  return call.known(picked(entries, to, places));
}

/** A tensor broadcast to sizes; those that are 1 leave the tensor's own. */
function expanded(call: Call, x: Operand, asked: readonly Element[]): Operand {
  const rank = Math.max(x.shape.length, asked.length);
  const target = Array.from({ length: rank }, (_, axis): Element => {
    const own = x.shape[axis - rank + x.shape.length] ?? 1;
    const wanted = asked[axis - rank + asked.length] ?? 1;
    if (own === 1 || sameElement(fromDim(own), wanted)) return wanted;
    if (wanted === 1) return fromDim(own);
    throw call.refuse(`${formatShape(x.shape)} cannot become ${formatShape(asked.map(toDim))}`);
  });
  if (target.some((element) => difference(element, 1).least < 0)) throw call.refuse('a size is not positive');
  const dims = target.map(toDim);
  if (sameDims(x.shape, dims)) return x;
  const elements = x.elements();
  if (elements?.length === 1 && dims.every((dim) => typeof dim === 'number')) {
    const count = countOf(dims as number[]);
    if (count <= MOST_KNOWN) {
      call.scope.spend(count);
      return call.known({
        dtype: x.dtype,
        shape: dims as number[],
        elements: Array(count).fill(elements[0]),
      });
    }
  }
  const sizes = call.scope.sizeVector(target);
  return call.computed(call.g.apply('ExpandTo', [x.value(), sizes], { shape: dims })[0]);
}

function constantOfShape(call: Call): Operand {
  const sizes = call.elements(0);
  const fill = call.tensor('value');
  if (fill && fill.count !== 1) throw call.refuse('its value is not one number');
  const entry = fill ? Number(fill.read()[0]) : 0;
  const dtype = fill?.dtype ?? 'float32';
  if (sizes.some((element) => element === 0)) {
    const dims = sizes.map((element) => (typeof element === 'number' ? element : NaN));
    if (dims.some((dim) => !(dim >= 0))) throw call.refuse('a size is not known');
    return call.known({ dtype, shape: dims, elements: [] });
  }
  return expanded(call, call.known({ dtype, shape: [], elements: [entry] }), sizes);
}

function range(call: Call): Operand {
  const [start, limit, step] = [0, 1, 2].map((i) => call.elements(i)[0]);
  const { dtype } = call.input(0);
  if ([start, limit, step].includes(undefined as never)) throw call.refuse('a bound is empty');
  if ([1, 2].some((i) => call.input(i).dtype !== dtype)) throw call.refuse('its bounds differ in type');
  if (typeof start === 'number' && typeof limit === 'number' && typeof step === 'number') {
    const count = Math.max(0, Math.ceil((limit - start) / step));
    if (!(count <= MOST_KNOWN)) throw call.refuse(`it counts from ${start} to ${limit} by ${step}`);
    call.scope.spend(count);
    const elements = Array.from({ length: count }, (_, i) => start + i * step);
    return call.known({ dtype, shape: [count], elements });
  }
  if (dtype !== 'int64' && dtype !== 'int32') throw call.refuse(`it counts in ${dtype}`);
  const span = add(limit, start, -1);
  const length = span === null ? null : quotient(span, step);
  if (length === null || difference(length, 0).least < 0)
    throw call.refuse('how far it counts cannot be told');
  const bounds = [start, limit, step].map((element) =>
    typeof element === 'number'
      ? call.g.constant(typedList([element], dtype), [])
      : call.known({ dtype, shape: [], elements: [element] }).value(),
  );
  return call.computed(call.g.apply('Range', bounds, { length: toDim(length) })[0]);
}

function concat(call: Call): Operand {
  const parts = call.operands.map((_, i) => call.input(i)).filter(({ shape: dims }) => !dims.includes(0));
  if (parts.length === 0) throw call.refuse('all its inputs are empty');
  const [first] = parts;
  const axis = call.axis(call.int('axis', 0), first.shape.length);
  for (const part of parts) {
    const fits = (dim: Dim, i: number) => i === axis || sameElement(fromDim(dim), fromDim(first.shape[i]));
    if (part.dtype !== first.dtype || part.shape.length !== first.shape.length || !part.shape.every(fits))
      throw call.refuse(`${formatShape(part.shape)} beside ${formatShape(first.shape)}`);
  }
  if (parts.length === 1) return first;
  const values = parts.map((part) => part.value());
  const open = values.some((value) => typeof value.shape[axis] !== 'number');
  if (open && values.some((value) => call.scope.isActive(value)))
    throw call.refuse('it joins along an axis of unknown size, which has no gradient here');
  return call.computed(call.g.concat(values, axis));
}

function triangle(call: Call): Operand {
  const k = call.integers(1)?.[0] ?? 0;
  const x = call.input(0).value();
  if (x.shape.length < 2) throw call.refuse('its input has fewer than two axes');
  return call.computed(call.g.apply('Trilu', [x], { upper: call.int('upper', 1) === 1, k })[0]);
}

function cumulativeSum(call: Call): Operand {
  const x = call.input(0).value();
  if (x.dtype === 'bool') throw call.refuse('its input is bool');
  const axis = call.axis(call.integers(1)?.[0] ?? 0, x.shape.length);
  const [exclusive, reverse] = [call.int('exclusive', 0) === 1, call.int('reverse', 0) === 1];
  return call.computed(call.g.apply('CumSum', [x], { axis, exclusive, reverse })[0]);
}

/** An op of shape arithmetic, which is folded where its inputs are known. */
const foldedOnly = (inputs: Handler['inputs']): Handler => ({
  inputs,
  convert: (call) => {
    throw call.refuse('its result is only known at run time');
  },
});

export const shapes: Handlers = {
  Mod: foldedOnly([2, 2]),
  Floor: foldedOnly([1, 1]),
  Ceil: foldedOnly([1, 1]),
  ReduceProd: foldedOnly([1, 2]),
  Shape: { inputs: [1, 1], convert: shape },
  Size: { inputs: [1, 1], convert: size },
  Reshape: {
    inputs: [2, 2],
    convert: (call) =>
      reshaped(call, call.input(0), reshapeTarget(call, call.input(0).shape, call.elements(1))),
  },
  Flatten: { inputs: [1, 1], convert: flatten },
  Squeeze: { inputs: [1, 2], convert: squeeze },
  Unsqueeze: { inputs: [1, 2], convert: unsqueeze },
  Transpose: { inputs: [1, 1], convert: transpose },
  Expand: { inputs: [2, 2], convert: (call) => expanded(call, call.input(0), call.elements(1)) },
  ConstantOfShape: { inputs: [1, 1], convert: constantOfShape },
  Range: { inputs: [3, 3], convert: range },
  Concat: { inputs: [1, 4096], convert: concat },
  Trilu: { inputs: [1, 2], convert: triangle },
  CumSum: { inputs: [2, 2], convert: cumulativeSum },
};
