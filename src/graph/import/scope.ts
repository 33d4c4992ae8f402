import { internal } from '../../core/errors.js';
import type { GraphBuilder } from '../builder.js';
import type { Value } from '../types.js';
import { EXPORT_AGAIN, modelFault } from './fault.js';
import { dataOf, type Known } from './operand.js';
import { type Element, fromDim, sameElement, type Size, toDim } from './sizes.js';

/** Where an unknown size can be read at run time: an axis of a value. */
export interface SizeSource {
  readonly value: Value;
  readonly axis: number;
}

/** Entries computed while one model is read; shape arithmetic needs some thousands. */
const MOST_FOLDED = 2 ** 21;

/** What is known about the graph that a model is being turned into. */
export class Scope {
  /** Values that depend on the embedding look-up: gradients flow through them. */
  readonly active = new Set<string>();
  /** Values that are the token ids, whatever their integer type. */
  readonly tokenIds = new Set<string>();
  private readonly bounds = new Map<string, Element>();
  private readonly limits = new Map<string, number>();
  private readonly runtimeSizes = new Map<string, Value>();
  private folded = 0;

  constructor(
    readonly g: GraphBuilder,
    readonly file: string,
    private readonly sources: ReadonlyMap<string, SizeSource>,
  ) {}

  isActive(value: Value): boolean {
    return this.active.has(value.name);
  }

  /** Counts entries that are computed while the model is read. */
  spend(entries: number): void {
    this.folded += entries;
    if (this.folded <= MOST_FOLDED) return;
    throw modelFault(this.file, {
      what: 'the model computes too much from constants',
      expected: `at most ${MOST_FOLDED} entries`,
      fix: EXPORT_AGAIN,
    });
  }

  /** Known entries as a value of the graph: a constant, or sizes put together at run time. */
  materialise({ dtype, shape, elements }: Known): Value {
    if (elements.every((element) => typeof element === 'number'))
      return this.g.constant(dataOf(elements as number[], dtype), shape);
    const vector = this.sizeVector(elements);
    return this.g.cast(shape.length === 1 ? vector : this.g.reshape(vector, shape), dtype);
  }

  /** Sizes as int64 [n], read from the batch at run time where they have to be. */
  sizeVector(elements: readonly Element[]): Value {
    if (elements.every((element) => typeof element === 'number')) return this.integers(elements as number[]);
    const parts = elements.map((element) =>
      typeof element === 'number' ? this.integers([element]) : this.runtimeSize(element),
    );
    return parts.length === 1 ? parts[0] : this.g.concat(parts, 0);
  }

  private integers(numbers: readonly number[]): Value {
    return this.g.constant(dataOf(numbers, 'int64'), [numbers.length]);
  }

  /** A polynomial of sizes, int64 [1]. */
  private runtimeSize(size: Size): Value {
    const key = String(toDim(size));
    const found = this.runtimeSizes.get(key);
    if (found) return found;
    let sum: Value | null = null;
    for (const [monomial, coefficient] of size.terms) {
      let product: Value | null = null;
      for (const name of monomial === '' ? [] : monomial.split('*')) {
        const factor = this.namedSize(name);
        product = product ? this.g.mul(product, factor) : factor;
      }
      if (!product) product = this.integers([coefficient]);
      else if (coefficient !== 1) product = this.g.mul(product, this.integers([coefficient]));
      sum = sum ? this.g.add(sum, product) : product;
    }
    const value = sum ?? this.integers([0]);
    this.runtimeSizes.set(key, value);
    return value;
  }

  private namedSize(name: string): Value {
    const known = this.runtimeSizes.get(name);
    if (known) return known;
    const source = this.sources.get(name);
    if (!source) throw internal(`size ${name} cannot be read at run time`);
    const { value, axis } = source;
    const [size] = this.g.apply('Shape', [value], { start: axis, end: axis + 1 });
    this.runtimeSizes.set(name, size);
    return size;
  }

  /** What every entry of an integer value that is never negative stays below, where that is known. */
  bound(value: Value): Element | undefined {
    return this.bounds.get(value.name);
  }

  setBound(value: Value, bound: Element | null | undefined): void {
    if (bound !== null && bound !== undefined) this.bounds.set(value.name, bound);
  }

  /**
   * Takes it that an element is never above `most`, and remembers what that says of the unknown size in it.
   * @returns false when that cannot be said in terms of one size
   */
  assumeAtMost(element: Element, most: number): boolean {
    if (typeof element === 'number') return element <= most;
    let name: string | null = null;
    let [factor, rest] = [0, 0];
    for (const [monomial, coefficient] of element.terms) {
      if (monomial === '') rest = coefficient;
      else if (name !== null || monomial.includes('*') || coefficient < 0) return false;
      else [name, factor] = [monomial, coefficient];
    }
    if (name === null) return false;
    const limit = Math.floor((most - rest) / factor);
    if (limit < 1) return false;
    this.limits.set(name, Math.min(limit, this.limits.get(name) ?? Infinity));
    return true;
  }

  /** The largest value of a size for which the graph holds; Infinity where nothing limits it. */
  limit(name: string): number {
    return this.limits.get(name) ?? Infinity;
  }
}

/** Whether two shapes are the same for all sizes. */
export function sameDims(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return (
    a.length === b.length &&
    a.every((dim, axis) => dim === b[axis] || sameElement(fromDim(dim), fromDim(b[axis])))
  );
}
