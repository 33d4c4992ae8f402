import { broadcastShapes } from '../../broadcast.js';
import type { DType, Value } from '../../types.js';
import type { Call } from '../call.js';
import { foldCast } from '../fold.js';
import type { Handler, Handlers } from '../handler.js';
import { knownOf, type Operand, scalarOf } from '../operand.js';
import { fusedGelu, fusedLayerNorm } from '../rewrite.js';
import { sameDims } from '../scope.js';
import { supportedType, typeName } from '../tensors.js';

type Unary =
  'Abs' | 'Sqrt' | 'Reciprocal' | 'Exp' | 'Log' | 'Tanh' | 'Sigmoid' | 'Erf' | 'Relu' | 'Cos' | 'Sin';

const unary = (op: Unary): Handler => ({
  inputs: [1, 1],
  convert: (call) => call.computed(call.g.apply(op, [call.float(0)], {})[0]),
});

/** Two operands of one element type, as values. */
function pair(call: Call): [Value, Value] {
  const [a, b] = [call.input(0), call.input(1)];
  if (a.dtype !== b.dtype) throw call.refuse(`inputs are ${a.dtype} and ${b.dtype}`);
  return [a.value(), b.value()];
}

/** The operand that the other one does not change, as exporters write x * 1 and x + 0; null where there is none. */
function unchanged(call: Call, neutral: number, commutes: boolean): Operand | null {
  const [a, b] = [call.input(0), call.input(1)];
  const keeps = (x: Operand, other: Operand) =>
    scalarOf(other) === neutral && sameDims(broadcastShapes(x.shape, other.shape), x.shape);
  if (a.dtype !== b.dtype) return null;
  if (keeps(a, b)) return a;
  return commutes && keeps(b, a) ? b : null;
}

/** @param finish a rewrite of the result where it ends a longer pattern */
const arithmetic = (
  op: 'Add' | 'Sub' | 'Mul' | 'Div',
  neutral: 0 | 1,
  finish = (_call: Call, y: Value) => y,
): Handler => ({
  inputs: [2, 2],
  convert: (call) => {
    const same = unchanged(call, neutral, op === 'Add' || op === 'Mul');
    if (same) return same;
    const [a, b] = pair(call);
    if (a.dtype === 'bool') throw call.refuse('inputs are bool');
    return call.computed(finish(call, call.g.apply(op, [a, b], {})[0]));
  },
});

const comparison = (op: 'Equal' | 'Greater' | 'GreaterOrEqual' | 'Less' | 'LessOrEqual'): Handler => ({
  inputs: [2, 2],
  convert: (call) => call.computed(call.g.apply(op, pair(call), {})[0]),
});

const logic = (op: 'And' | 'Or'): Handler => ({
  inputs: [2, 2],
  convert: (call) => call.computed(call.g.apply(op, [call.typed(0, 'bool'), call.typed(1, 'bool')], {})[0]),
});

const extreme = (op: 'Max' | 'Min'): Handler => ({
  inputs: [1, 64],
  convert: (call) => {
    const values = call.operands.map((_, i) => call.input(i).value());
    return call.computed(values.reduce((best, value) => call.g.apply(op, [best, value], {})[0]));
  },
});

const passedOn: Handler = { inputs: [1, 3], convert: (call) => call.input(0) };

/** An operand in another element type; the token ids stay known as such. */
function castTo(call: Call, to: DType): Operand {
  const x = call.input(0);
  if (x.dtype === to) return x;
  const entries = knownOf(x);
  const folded = entries && foldCast(to)(call, [entries]);
  if (folded) return call.known(folded);
  const value = x.value();
  const result = call.g.cast(value, to);
  if (call.scope.tokenIds.has(value.name) && (to === 'int64' || to === 'int32'))
    call.scope.tokenIds.add(result.name);
  return call.computed(result);
}

function power(call: Call): Operand {
  const [x, exponent] = [call.float(0), call.input(1)];
  const known = scalarOf(exponent);
  const square = () => call.g.mul(x, x);
  const scalar = exponent.shape.length <= x.shape.length;
  if (known === 1 && scalar) return call.input(0);
  if (known === 2 && scalar) return call.computed(square());
  if (known === 3 && scalar) return call.computed(call.g.mul(square(), x));
  if (known === 0.5 && scalar) return call.computed(call.g.unary('Sqrt', x));
  const value = call.g.cast(exponent.value(), x.dtype);
  if (call.scope.isActive(value)) throw call.refuse('the exponent depends on the token ids');
  return call.computed(call.g.apply('Pow', [x, value], {})[0]);
}

function clip(call: Call): Operand {
  let x = call.float(0);
  const [least, most] = [call.optional(1), call.optional(2)];
  if (least) x = call.g.apply('Max', [x, least.value()], {})[0];
  if (most) x = call.g.apply('Min', [x, most.value()], {})[0];
  return call.computed(x);
}

function where(call: Call): Operand {
  const condition = call.typed(0, 'bool');
  const [a, b] = [call.input(1), call.input(2)];
  if (a.dtype !== b.dtype) throw call.refuse(`inputs are ${a.dtype} and ${b.dtype}`);
  return call.computed(call.g.where(condition, a.value(), b.value()));
}

function gelu(call: Call): Operand {
  const approximate = call.text('approximate', 'none');
  if (approximate !== 'none' && approximate !== 'tanh') throw call.refuse(`approximate is ${approximate}`);
  return call.computed(call.g.gelu(call.float(0), approximate));
}

export const elementwise: Handlers = {
  Abs: unary('Abs'),
  Sqrt: unary('Sqrt'),
  Reciprocal: unary('Reciprocal'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Tanh: unary('Tanh'),
  Sigmoid: unary('Sigmoid'),
  Erf: unary('Erf'),
  Relu: unary('Relu'),
  Cos: unary('Cos'),
  Sin: unary('Sin'),
  Neg: {
    inputs: [1, 1],
    convert: (call) => {
      const x = call.input(0);
      if (x.dtype === 'bool') throw call.refuse('its input is bool');
      return call.computed(call.g.neg(x.value()));
    },
  },
  Add: arithmetic('Add', 0, (call, y) => fusedLayerNorm(call.g, y)),
  Sub: arithmetic('Sub', 0),
  Mul: arithmetic('Mul', 1, (call, y) => fusedGelu(call.g, y)),
  Div: arithmetic('Div', 1),
  Sum: {
    inputs: [1, 64],
    convert: (call) =>
      call.computed(
        call.operands.map((_, i) => call.float(i)).reduce((sum, value) => call.g.add(sum, value)),
      ),
  },
  Pow: { inputs: [2, 2], convert: power },
  Max: extreme('Max'),
  Min: extreme('Min'),
  Clip: { inputs: [1, 3], convert: clip },
  Gelu: { inputs: [1, 1], convert: gelu },
  Where: { inputs: [3, 3], convert: where },
  Equal: comparison('Equal'),
  Greater: comparison('Greater'),
  GreaterOrEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessOrEqual: comparison('LessOrEqual'),
  And: logic('And'),
  Or: logic('Or'),
  Not: {
    inputs: [1, 1],
    convert: (call) => call.computed(call.g.apply('Not', [call.typed(0, 'bool')], {})[0]),
  },
  IsNaN: {
    inputs: [1, 1],
    convert: (call) => call.computed(call.g.apply('IsNaN', [call.float(0)], {})[0]),
  },
  Cast: {
    inputs: [1, 1],
    convert: (call) => {
      const code = call.int('to', 0);
      const dtype = supportedType(code);
      if (!dtype) throw call.refuse(`it casts to ${typeName(code)}`);
      return castTo(call, dtype);
    },
  },
  CastLike: { inputs: [2, 2], convert: (call) => castTo(call, call.input(1).dtype) },
  Identity: passedOn,
  // Outside training it passes its input on.
  Dropout: passedOn,
};
