import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from '../../src/sweep/canonical-json.js';

/** The same value with the keys of every object in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  // defineProperty, because a key may be __proto__
  const object: Record<string, unknown> = {};
  for (const [key, member] of members)
    Object.defineProperty(object, key, {
      value: turned(member),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return object;
}

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and says the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        const text = canonicalJson(plain);
        expect(canonicalJson(turned(plain))).toBe(text);
        expect(JSON.parse(text)).toEqual(plain);
      }),
    );
  });

  it('tells different values apart', () => {
    const values = [1, '1', [1], { a: 1 }, { a: '1' }, { a: null }, {}, [], null, true, [[]], { b: 1 }];
    expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
  });

  it('leaves undefined members out and refuses what JSON cannot hold', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
    for (const value of [NaN, Infinity, undefined, () => 1, new Map(), [undefined]])
      expect(() => canonicalJson(value)).toThrow('internal: canonicalJson');
  });
});

it('sha256 of a known text', () => {
  // FIPS 180-2, appendix B.1
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
