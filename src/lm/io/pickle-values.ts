import type { Dtype } from './dtype.js';

/** A value of a state dict. Nothing here can hold code. */
export type PickleValue = null | boolean | number | string | Tuple | Dict | Global | Storage | StridedTensor;

export interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}
export interface Dict {
  readonly kind: 'dict';
  readonly entries: Map<string, PickleValue>;
}
/** One of the few names that may be mentioned. */
export interface Global {
  readonly kind: 'global';
  readonly name: string;
}
/** The bytes that tensors share, an entry of the zip file. */
export interface Storage {
  readonly kind: 'storage';
  readonly dtype: Dtype;
  readonly key: string;
  /** Elements, not bytes. */
  readonly count: number;
}
/** A tensor: element `(i, j, ...)` lies at `offset + i * strides[0] + j * strides[1] + ...` of its storage. */
export interface StridedTensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Classes of storages, by their Python names. */
export const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** What a state dict calls, each read as data: the named Python function is never run. */
export const CALLS: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue | undefined>> = {
  'collections.OrderedDict': (args) => (args.length === 0 ? { kind: 'dict', entries: new Map() } : undefined),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides]) => {
    const sizes = sizesOf(shape);
    const steps = sizesOf(strides);
    if (!isKind(storage, 'storage') || !isSize(offset) || !sizes || sizes.length !== steps?.length)
      return undefined;
    return { kind: 'tensor', storage, offset, shape: sizes, strides: steps };
  },
  'torch._utils._rebuild_parameter': ([tensor]) => (isKind(tensor, 'tensor') ? tensor : undefined),
};

/** A value with its kind, as a type guard. */
export function isKind<K extends 'tuple' | 'dict' | 'global' | 'storage' | 'tensor'>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** A whole number of elements, 0 or more. */
export function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function sizesOf(value: PickleValue | undefined): number[] | undefined {
  if (!isKind(value, 'tuple')) return undefined;
  const sizes = value.items.filter(isSize);
  return sizes.length === value.items.length ? sizes : undefined;
}
