import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import {
  add,
  difference,
  type Element,
  fromDim,
  multiply,
  productOf,
  quotient,
  sameElement,
  toDim,
  unknownSize,
} from '../../../src/graph/import/sizes.js';

const random = createRandom('sizes');
const [B, T] = [unknownSize('B'), unknownSize('T')];

/** A random expression, with the same expression as a function of B and T. */
function expression(depth: number): { element: Element; value: (b: number, t: number) => number } {
  const kind = depth === 0 ? random.integer(3) : 3 + random.integer(3);
  if (kind === 0) return { element: B, value: (b) => b };
  if (kind === 1) return { element: T, value: (_b, t) => t };
  if (kind === 2) {
    const number = random.integer(9) - 3;
    return { element: number, value: () => number };
  }
  const [x, y] = [expression(depth - 1), expression(depth - 1)];
  if (kind === 3)
    return { element: add(x.element, y.element)!, value: (b, t) => x.value(b, t) + y.value(b, t) };
  if (kind === 4)
    return { element: add(x.element, y.element, -1)!, value: (b, t) => x.value(b, t) - y.value(b, t) };
  return { element: multiply(x.element, y.element)!, value: (b, t) => x.value(b, t) * y.value(b, t) };
}

function evaluate(element: Element, b: number, t: number): number {
  if (typeof element === 'number') return element;
  let sum = 0;
  for (const [monomial, coefficient] of element.terms) {
    const factors = monomial === '' ? [] : monomial.split('*');
    sum += factors.reduce((product, name) => product * (name === 'B' ? b : t), coefficient);
  }
  return sum;
}

describe('polynomials of sizes', () => {
  it('add, subtract and multiply as their values do', () => {
    for (let i = 0; i < 500; i++) {
      const { element, value } = expression(random.integer(4));
      for (const [b, t] of [
        [1, 1],
        [2, 7],
        [5, 3],
      ])
        expect(evaluate(element, b, t) + 0).toBe(value(b, t) + 0);
    }
  });

  it('survive being written as a dimension', () => {
    for (let i = 0; i < 500; i++) {
      const { element } = expression(3);
      expect(sameElement(fromDim(toDim(element)), element)).toBe(true);
    }
  });

  it('bound their differences for all sizes', () => {
    for (let i = 0; i < 500; i++) {
      const [a, c] = [expression(2), expression(2)];
      const { least, most } = difference(a.element, c.element);
      for (let b = 1; b < 6; b++) {
        for (let t = 1; t < 6; t++) {
          const value = a.value(b, t) - c.value(b, t);
          expect(value).toBeGreaterThanOrEqual(least);
          expect(value).toBeLessThanOrEqual(most);
        }
      }
    }
  });

  it('divide only without a rest', () => {
    for (let i = 0; i < 500; i++) {
      const [a, c] = [expression(2).element, expression(1).element];
      const product = multiply(a, c);
      const found = product === null || c === 0 ? null : quotient(product, c);
      if (found !== null) expect(sameElement(found, a)).toBe(true);
    }
    expect(quotient(multiply(B, T)!, T)).toEqual(B);
    expect(quotient(multiply(T, 12)!, multiply(T, 4)!)).toBe(3);
    expect(quotient(multiply(add(T, 1)!, 6)!, add(T, 1)!)).toBe(6);
    expect(quotient(T, 2)).toBeNull();
    expect(quotient(add(T, 1)!, T)).toBeNull();
    expect(quotient(T, 0)).toBeNull();
  });

  it('write the batch first and give up where an expression explodes', () => {
    expect(toDim(multiply(multiply(T, 4)!, B)!)).toBe('B*T*4');
    expect(toDim(add(multiply(T, 2)!, 1)!)).toBe('T*2+1');
    expect(productOf(['B', 3, 'T*2'])).toEqual(multiply(multiply(B, T)!, 6));
    let power: Element | null = T;
    for (let i = 0; i < 20 && power !== null; i++) power = multiply(power, add(T, B)!);
    expect(power).toBeNull();
  });
});
