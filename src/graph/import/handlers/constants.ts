import type { DType } from '../../types.js';
import type { Call } from '../call.js';
import type { Handlers } from '../handler.js';
import { type Operand, stored } from '../operand.js';
import type { StoredTensor } from '../tensors.js';
import { typedList } from '../tensors.js';

/** A tensor written as numbers in attributes. */
function listed(call: Call): StoredTensor | null {
  for (const [name, attribute] of call.node.attributes) {
    const make = (dtype: DType, values: readonly number[], shape: readonly number[]): StoredTensor => ({
      name: call.node.outputs[0],
      dtype,
      shape,
      count: values.length,
      read: () => typedList(values, dtype),
    });
    if (name === 'value_int' && attribute.kind === 'int') return make('int64', [attribute.value], []);
    if (name === 'value_float' && attribute.kind === 'float') return make('float32', [attribute.value], []);
    if (name === 'value_ints' && attribute.kind === 'ints')
      return make('int64', attribute.value, [attribute.value.length]);
    if (name === 'value_floats' && attribute.kind === 'floats')
      return make('float32', attribute.value, [attribute.value.length]);
  }
  return null;
}

function constant(call: Call): Operand {
  const tensor = call.tensor('value') ?? listed(call);
  if (!tensor) throw call.refuse('it holds no numbers');
  const named = { ...tensor, name: call.node.outputs[0] };
  return stored(call.scope, named, (_name, shape) => call.g.constant(tensor.read(), shape));
}

export const constants: Handlers = {
  Constant: { inputs: [0, 0], convert: constant },
};
