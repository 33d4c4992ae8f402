import type { OpName } from '../attributes.js';
import type { OpRule } from '../rule.js';
import * as attention from './attention.js';
import * as elementwise from './elementwise.js';
import * as indexing from './indexing.js';
import * as logic from './logic.js';
import * as lookup from './lookup.js';
import * as matmul from './matmul.js';
import * as normalisation from './normalisation.js';
import * as runtimeShape from './runtime-shape.js';
import * as sequence from './sequence.js';
import * as shape from './shape.js';

/** Every op with its inference and reverse rule. An op without a rule does not compile. */
export const ops: { readonly [K in OpName]: OpRule<K> } = {
  ...attention,
  ...elementwise,
  ...matmul,
  ...normalisation,
  ...shape,
  ...lookup,
  ...logic,
  ...runtimeShape,
  ...sequence,
  ...indexing,
};
