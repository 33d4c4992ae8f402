import type { Call } from './call.js';
import type { Operand } from './operand.js';

/** Turns a node of one op into nodes of the graph; gives its outputs, of which later ones may be left out. */
export interface Handler {
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly convert: (call: Call) => Operand | readonly Operand[];
}

export type Handlers = Readonly<Record<string, Handler>>;
