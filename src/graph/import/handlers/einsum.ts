import type { Call } from '../call.js';
import type { Handlers } from '../handler.js';
import { computed, type Operand } from '../operand.js';
import { reshaped } from '../reshaped.js';
import { type Element, fromDim, productOf, sameElement } from '../sizes.js';
import type { Value } from '../../types.js';

/** An operand's axes by their letters. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

interface Equation {
  readonly inputs: readonly [readonly string[], readonly string[]];
  readonly output: readonly string[];
}

/** `ij,jk->ik`, with each letter at most once a term. */
function parse(call: Call): Equation {
  const text = call.text('equation', '').replaceAll(' ', '');
  const match = /^([A-Za-z]*),([A-Za-z]*)->([A-Za-z]*)$/.exec(text);
  const [a, b, output] = match ? match.slice(1).map((term) => [...term]) : [[], [], []];
  const once = [a, b, output].every((term) => new Set(term).size === term.length);
  const known = output.every((label) => a.includes(label) || b.includes(label));
  if (!match || !once || !known) throw call.refuse(`equation ${text.slice(0, 60)}`);
  return { inputs: [a, b], output };
}

/** The axes in the order of `order`, which holds all of them; axes that are missing are 1. */
function aligned(call: Call, { value, labels }: Labelled, order: readonly string[]): Value {
  const perm = order.filter((label) => labels.includes(label)).map((label) => labels.indexOf(label));
  const turned = perm.every((axis, i) => axis === i) ? value : call.g.transpose(value, perm);
  const dims = order.map((label): Element =>
    labels.includes(label) ? fromDim(value.shape[labels.indexOf(label)]) : 1,
  );
  return reshaped(call, computed(turned), dims).value();
}

/** The axes as [batch, rows, columns], each group merged into one. */
function asMatrix(call: Call, x: Labelled, groups: readonly (readonly string[])[]): Value {
  const flat = aligned(call, x, groups.flat());
  const sizes = groups.map((group) =>
    productOf(group.map((label) => x.value.shape[x.labels.indexOf(label)])),
  );
  if (sizes.some((size) => size === null)) throw call.refuse('a size cannot be told');
  return reshaped(call, computed(flat), sizes as Element[]).value();
}

/** Einsum of two tensors: an outer product where no letter is summed over, else one matrix product. */
function einsum(call: Call): Operand {
  const { inputs, output } = parse(call);
  const [a, b] = inputs.map((labels, i): Labelled => ({ value: call.float(i), labels }));
  const sizes = new Map<string, Element>();
  for (const { value, labels } of [a, b]) {
    if (labels.length !== value.shape.length) throw call.refuse('its equation does not fit its inputs');
    for (const [axis, label] of labels.entries()) {
      const size = fromDim(value.shape[axis]);
      if (!sameElement(sizes.get(label) ?? size, size)) throw call.refuse(`sizes of axis ${label} differ`);
      sizes.set(label, size);
    }
  }
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const summed = shared.filter((label) => !output.includes(label));
  const batch = shared.filter((label) => output.includes(label));
  const own = ({ labels }: Labelled) => labels.filter((label) => !shared.includes(label));
  if ([...own(a), ...own(b)].some((label) => !output.includes(label)))
    throw call.refuse('it sums over an axis of one input alone');
  if (summed.length === 0) return computed(call.g.mul(aligned(call, a, output), aligned(call, b, output)));
  const product = call.g.matMul(
    asMatrix(call, a, [batch, own(a), summed]),
    asMatrix(call, b, [batch, summed, own(b)]),
  );
  const order = [...batch, ...own(a), ...own(b)];
  const spread = reshaped(
    call,
    computed(product),
    order.map((label) => sizes.get(label) ?? 1),
  ).value();
  const perm = output.map((label) => order.indexOf(label));
  return computed(perm.every((axis, i) => axis === i) ? spread : call.g.transpose(spread, perm));
}

export const einsums: Handlers = {
  Einsum: { inputs: [2, 2], convert: einsum },
};
