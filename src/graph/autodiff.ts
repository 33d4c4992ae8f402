import { internal } from '../core/errors.js';
import type { OpName } from './attributes.js';
import type { GraphBuilder, Node } from './builder.js';
import { ops } from './ops/index.js';
import type { VjpContext } from './rule.js';
import { formatShape, type Value } from './types.js';

/** Names of all values that depend on any of `sources`. */
function dependents(nodes: readonly Node[], sources: readonly Value[]): Set<string> {
  const reached = new Set(sources.map((source) => source.name));
  for (const node of nodes) {
    if (node.inputs.some((input) => reached.has(input.name))) {
      for (const output of node.outputs) reached.add(output.name);
    }
  }
  return reached;
}

function applyRule<K extends OpName>(g: GraphBuilder, node: Node<K>, cotangent: Value, active: Set<string>) {
  const context: VjpContext<K> = {
    g,
    node,
    inputs: node.inputs,
    outputs: node.outputs,
    attributes: node.attributes,
    cotangent,
    needs: node.inputs.map((input) => active.has(input.name)),
  };
  return ops[node.op].vjp(context);
}

/**
 * Reverse-mode differentiation, graph to graph: adds to the builder the nodes of the vector-Jacobian product
 * d<cotangent, output> / d wrt, and returns one value for each of `wrt`.
 * @param pairs outputs with the cotangents that flow into them, of the same shapes
 * @param wrt values (inputs, constants or inner values) to differentiate by
 * @throws an internal error when an output does not depend on one of `wrt`
 */
export function vjp(
  g: GraphBuilder,
  pairs: readonly { output: Value; cotangent: Value }[],
  wrt: readonly Value[],
): Value[] {
  const nodes = [...g.nodes];
  const active = dependents(nodes, wrt);
  const cotangents = new Map<string, Value>();
  const accumulate = (value: Value, cotangent: Value) => {
    const sum = cotangents.get(value.name);
    cotangents.set(value.name, sum ? g.add(sum, cotangent) : cotangent);
  };
  for (const { output, cotangent } of pairs) {
    if (output.shape.length !== cotangent.shape.length) {
      throw internal(`cotangent ${formatShape(cotangent.shape)} for an output ${formatShape(output.shape)}`);
    }
    accumulate(output, cotangent);
  }
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    const cotangent = cotangents.get(node.outputs[0].name);
    if (!cotangent || !node.inputs.some((input) => active.has(input.name))) continue;
    applyRule(g, node, cotangent, active).forEach((flow, index) => {
      if (flow && active.has(node.inputs[index].name)) accumulate(node.inputs[index], flow);
    });
  }
  return wrt.map((value) => {
    const gradient = cotangents.get(value.name);
    if (!gradient) throw internal(`the outputs do not depend on ${value.name}`);
    return gradient;
  });
}
