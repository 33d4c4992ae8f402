import type { OpName } from '../attributes.js';
import type { Node } from '../builder.js';
import { type Dim, formatShape, type Shape } from '../types.js';

const BROADCASTING: ReadonlySet<OpName> = new Set<OpName>([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'Max',
  'Min',
  'Where',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'And',
  'Or',
]);

/** Whether two sizes agree for every batch, one of them being free to be 1. */
const agree = (a: Dim, b: Dim) => a === b || a === 1 || b === 1;

function shapesAgree(a: Shape, b: Shape): boolean {
  const shared = Math.min(a.length, b.length);
  return Array.from({ length: shared }, (_, i) => -1 - i).every((axis) => agree(a.at(axis)!, b.at(axis)!));
}

function productAgrees({ inputs: [a, b], attributes }: Node): boolean {
  const transposes = 'transA' in attributes ? attributes : { transA: false, transB: false };
  const columns = a.shape.at(transposes.transA ? -2 : -1);
  const rows = b.shape.at(transposes.transB ? -1 : -2);
  return columns === rows && shapesAgree(a.shape.slice(0, -2), b.shape.slice(0, -2));
}

/**
 * What is wrong with a node whose inputs fit only for one length of sequence or one size of batch, or null. (A graph of
 * our own may leave such sizes to the run; one that others wrote may not.)
 */
export function disagreement(node: Node): string | null {
  const { op, inputs } = node;
  const fits =
    op === 'MatMul' || op === 'FusedMatMul'
      ? productAgrees(node)
      : !BROADCASTING.has(op) || inputs.every((a) => inputs.every((b) => shapesAgree(a.shape, b.shape)));
  return fits ? null : `${inputs.map(({ shape }) => formatShape(shape)).join(' and ')} do not fit together`;
}
