import type { Handler } from '../handler.js';
import { attentions } from './attention.js';
import { constants } from './constants.js';
import { einsums } from './einsum.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { normalisation } from './normalisation.js';
import { products } from './products.js';
import { shapes } from './shapes.js';

const handlers = new Map<string, Handler>(
  Object.entries({
    ...constants,
    ...elementwise,
    ...normalisation,
    ...shapes,
    ...indexing,
    ...products,
    ...attentions,
    ...einsums,
  }),
);

/** How an ONNX op is taken over, or undefined for one that is not. */
export function handlerOf(op: string): Handler | undefined {
  return handlers.get(op);
}
