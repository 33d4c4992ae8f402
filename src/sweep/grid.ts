import type { Json } from './canonical-json.js';
import type { MethodEntry } from './config-schema.js';
import type { Settings } from './method.js';

/** Number of combinations of the values of a grid. */
export function gridSize(grid: Readonly<Record<string, readonly Json[]>>): number {
  return Object.values(grid).reduce((product, values) => product * values.length, 1);
}

/** Every combination of the values, the last name fastest; one empty combination for an empty grid. */
export function expandGrid(grid: Readonly<Record<string, readonly Json[]>>): Settings[] {
  return Object.entries(grid).reduce<Settings[]>(
    (points, [name, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/** What a method with one combination is called: its label with `{setting}` filled in, or with the combination behind it. */
export function labelOf({ method, label = method }: MethodEntry, point: Settings): string {
  const names = Object.keys(point);
  const text = (name: string) => textOf(point[name]);
  const unnamed = names.filter((name) => !label.includes(`{${name}}`));
  const filled = names.reduce((result, name) => result.replaceAll(`{${name}}`, () => text(name)), label);
  return [filled, ...unnamed.map((name) => `${name}=${text(name)}`)].join(' ');
}

/** A value for people: words as they are, the parts of a list with `+` between them. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return value.map(textOf).join(' + ') || 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
