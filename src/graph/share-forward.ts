import type { Graph, Node } from './builder.js';
import type { Dim, Value } from './types.js';

/** Whether a dimension counts rows of the batch: `B`, or a product that they lead, `B*12`. */
const countsRows = (dim: Dim, batch: string): dim is string =>
  typeof dim === 'string' && (dim === batch || dim.startsWith(`${batch}*`));

const renamed = (shape: readonly Dim[], from: string, to: string): Dim[] =>
  shape.map((dim) => (countsRows(dim, from) ? to + dim.slice(from.length) : dim));

/**
 * Lets one forward pass serve `copies` cotangents a row. In the given graph forward and backward share the batch axis
 * `batch`; in the result every node that depends on `cotangent` runs on `copies` times as many rows (copy-major), and
 * the forward values that it reads are repeated along the axis that counts rows.
 */
export function shareForward(graph: Graph, cotangent: Value, copies: number, batch = 'B'): Graph {
  if (copies === 1) return graph;
  const wide = `${copies}${batch}`;
  const widened = new Map<string, Value>([
    [cotangent.name, { ...cotangent, shape: renamed(cotangent.shape, batch, wide) }],
  ]);
  const repeats = new Map<string, Value>();
  const nodes: Node[] = [];
  const repeat = (value: Value): Value => {
    const axis = value.shape.findIndex((dim) => countsRows(dim, batch));
    if (axis < 0) return value;
    const known = repeats.get(value.name);
    if (known) return known;
    const output = { ...value, name: `${value.name}_repeated`, shape: renamed(value.shape, batch, wide) };
    nodes.push({
      op: 'Concat',
      inputs: Array<Value>(copies).fill(value),
      outputs: [output],
      attributes: { axis },
    });
    repeats.set(value.name, output);
    return output;
  };
  for (const node of graph.nodes) {
    if (!node.inputs.some((input) => widened.has(input.name))) {
      nodes.push(node);
      continue;
    }
    const inputs = node.inputs.map((input) => widened.get(input.name) ?? repeat(input));
    const outputs = node.outputs.map((output) => ({ ...output, shape: renamed(output.shape, batch, wide) }));
    outputs.forEach((output) => widened.set(output.name, output));
    const attributes =
      'shape' in node.attributes ? { shape: renamed(node.attributes.shape, batch, wide) } : node.attributes;
    nodes.push({ ...node, inputs, outputs, attributes } as Node);
  }
  const widen = (value: Value) => widened.get(value.name) ?? value;
  return {
    constants: graph.constants,
    inputs: graph.inputs.map(widen),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: widen(value) })),
    nodes,
  };
}
