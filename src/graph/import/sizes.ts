import type { Dim } from '../types.js';

/**
 * A size that is not known before the run: a polynomial with integer coefficients in the names of unknown sizes (`B`,
 * `T`). `terms` maps a monomial (its factors sorted and joined by `*`, the empty text for 1) to its coefficient.
 */
export interface Size {
  readonly terms: ReadonlyMap<string, number>;
}

/** An entry of a tensor whose values are known while a model is read: a number, or an integer that depends on sizes. */
export type Element = number | Size;

/** Nothing that an exporter writes comes near; beyond them an expression counts as unknown. */
const MOST_TERMS = 32;
const MOST_FACTORS = 8;

/** A polynomial as an element: a number where nothing is unknown, null where it grows beyond all use. */
function normalised(terms: Map<string, number>): Element | null {
  for (const [monomial, coefficient] of terms) {
    if (coefficient === 0) terms.delete(monomial);
    else if (!Number.isSafeInteger(coefficient) || monomial.split('*').length > MOST_FACTORS) return null;
  }
  if (terms.size > MOST_TERMS) return null;
  if (terms.size === 0) return 0;
  const constant = terms.get('');
  return terms.size === 1 && constant !== undefined ? constant : { terms };
}

function termsOf(element: Element): ReadonlyMap<string, number> | null {
  if (typeof element !== 'number') return element.terms;
  return Number.isSafeInteger(element) ? new Map([['', element]]) : null;
}

/** The size that a name stands for. */
export function unknownSize(name: string): Size {
  return { terms: new Map([[name, 1]]) };
}

/** a + factor * b, or null when it cannot be told. */
export function add(a: Element, b: Element, factor = 1): Element | null {
  if (typeof a === 'number' && typeof b === 'number') return a + factor * b;
  const [left, right] = [termsOf(a), termsOf(b)];
  if (!left || !right) return null;
  const sum = new Map(left);
  for (const [monomial, coefficient] of right)
    sum.set(monomial, (sum.get(monomial) ?? 0) + factor * coefficient);
  return normalised(sum);
}

/** a b, or null when it cannot be told. */
export function multiply(a: Element, b: Element): Element | null {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const [left, right] = [termsOf(a), termsOf(b)];
  if (!left || !right) return null;
  const product = new Map<string, number>();
  for (const [first, x] of left) {
    for (const [second, y] of right) {
      const factors = [...factorsOf(first), ...factorsOf(second)].sort();
      const monomial = factors.join('*');
      product.set(monomial, (product.get(monomial) ?? 0) + x * y);
    }
  }
  return normalised(product);
}

function factorsOf(monomial: string): string[] {
  return monomial === '' ? [] : monomial.split('*');
}

/** a / b where b divides a without a rest for all sizes, else null. */
export function quotient(a: Element, b: Element): Element | null {
  const [dividend, divisor] = [termsOf(a), termsOf(b)];
  if (!dividend || !divisor || divisor.size === 0 || b === 0) return null;
  if (divisor.size > 1) return ratio(dividend, divisor);
  const [[monomial, by]] = divisor;
  const result = new Map<string, number>();
  for (const [term, coefficient] of dividend) {
    const rest = without(factorsOf(term), factorsOf(monomial));
    if (!rest || coefficient % by !== 0) return null;
    result.set(rest.join('*'), coefficient / by);
  }
  return normalised(result);
}

/** The number c with a = c b, else null. */
function ratio(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number | null {
  const [[monomial, by]] = b;
  const c = (a.get(monomial) ?? 0) / by;
  if (!Number.isInteger(c) || a.size !== b.size) return null;
  for (const [term, coefficient] of b) if (a.get(term) !== c * coefficient) return null;
  return c;
}

function without(factors: string[], removed: string[]): string[] | null {
  const rest = [...factors];
  for (const factor of removed) {
    const at = rest.indexOf(factor);
    if (at < 0) return null;
    rest.splice(at, 1);
  }
  return rest;
}

/** What a - b can be, every unknown size being 1 or more. */
export function difference(a: Element, b: Element): { least: number; most: number } {
  const element = add(a, b, -1);
  if (element === null) return { least: -Infinity, most: Infinity };
  if (typeof element === 'number') return { least: element, most: element };
  let atOnes = 0;
  let [grows, shrinks] = [true, true];
  for (const [monomial, coefficient] of element.terms) {
    atOnes += coefficient;
    if (monomial === '') continue;
    if (coefficient > 0) shrinks = false;
    else grows = false;
  }
  return { least: grows ? atOnes : -Infinity, most: shrinks ? atOnes : Infinity };
}

/** Whether a and b are the same for all sizes. */
export function sameElement(a: Element, b: Element): boolean {
  const { least, most } = difference(a, b);
  return least === 0 && most === 0;
}

/** The element as a dimension of a shape: the same expression always gives the same text, `B` leading. */
export function toDim(element: Element): Dim {
  if (typeof element === 'number') return element;
  const text = ([monomial, coefficient]: readonly [string, number]) =>
    monomial === '' ? `${coefficient}` : coefficient === 1 ? monomial : `${monomial}*${coefficient}`;
  const inOrder = [...element.terms].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  return inOrder.map(text).join('+');
}

/** The reverse of {@link toDim}. */
export function fromDim(dim: Dim): Element {
  if (typeof dim === 'number') return dim;
  let sum: Element | null = 0;
  for (const term of dim.split('+')) {
    let product: Element | null = 1;
    for (const factor of term.split('*')) {
      const one: Element = /^-?\d+$/.test(factor) ? Number(factor) : unknownSize(factor);
      product = product === null ? null : multiply(product, one);
    }
    sum = sum === null || product === null ? null : add(sum, product);
  }
  return sum ?? unknownSize(dim);
}

/** Product of the dimensions, or null when it grows beyond all use. */
export function productOf(dims: readonly Dim[]): Element | null {
  let product: Element | null = 1;
  for (const dim of dims) product = product === null ? null : multiply(product, fromDim(dim));
  return product;
}
