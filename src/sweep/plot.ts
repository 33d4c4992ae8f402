import { max, min } from 'd3-array';
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { printable } from '../run/printable.js';
import { meanInterval } from '../stats/index.js';
import { METRIC_TITLES } from './metrics.js';
import type { MethodSummary, SweepSummary, TaskSummary } from './summary.js';

/** Sizes in pixels. */
const WIDTH = 760;
const ROW = 24;
const LABEL_WIDTH = 230;
const MARGIN = { top: 34, right: 24, bottom: 44 };
const TITLE = 40;
/** Characters of a label that fit beside the panel. */
const LONGEST = 34;

/** Text as SVG and HTML take it. */
function escaped(text: string): string {
  return printable(text).replace(
    /[&<>"']/g,
    (character) => `&#${(character.codePointAt(0) as number).toString()};`,
  );
}

/** Coordinates with one decimal, so that a figure's bytes do not hang on the last bit. */
const at = (value: number): string => String(Number(value.toFixed(1)));

/**
 * The summary as an SVG chart: a panel for each task, a row for each method with a small dot for each repeat, and their
 * mean with its 95 % interval. The axis is the task's metric. The same summary gives the same bytes.
 */
export function svgPlot(summary: SweepSummary): string {
  const panels: string[] = [];
  let top = TITLE;
  for (const task of summary.tasks) {
    panels.push(`<g transform="translate(0 ${top})">\n${panel(task)}\n</g>`);
    top += heightOf(task);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"` +
      ` role="img" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">`,
    `<title>${escaped(summary.title)}</title>`,
    `<rect width="${WIDTH}" height="${top}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600">${escaped(shortened(summary.title, 80))}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

/** The chart as a page of its own. */
export function htmlPlot(summary: SweepSummary): string {
  const title = escaped(summary.title);
  return (
    `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${title}</title>\n` +
    `<body style="margin: 1rem">\n${svgPlot(summary)}</body>\n</html>\n`
  );
}

const heightOf = ({ methods }: TaskSummary): number => MARGIN.top + ROW * methods.length + MARGIN.bottom;

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

function panel(task: TaskSummary): string {
  const { methods, label, metric, over, repeats } = task;
  const bottom = MARGIN.top + ROW * methods.length;
  const x = scaleOf(methods);
  const n = repeats.length;
  return [
    `<text x="16" y="20" font-weight="600">${escaped(shortened(label, 60))}</text>`,
    ...(x === null
      ? [`<text x="${LABEL_WIDTH}" y="${MARGIN.top + 16}" fill="#59636e">no results</text>`]
      : [axis(x, bottom), ...methods.map((method, i) => row(method, x, MARGIN.top + ROW * (i + 0.5)))]),
    ...methods.map(({ label: name }, i) => rowLabel(name, MARGIN.top + ROW * (i + 0.5))),
    `<text x="${at((LABEL_WIDTH + WIDTH - MARGIN.right) / 2)}" y="${bottom + 34}" text-anchor="middle" fill="#59636e">` +
      `${METRIC_TITLES[metric]}; dots: ${n} ${n === 1 ? over.slice(0, -1) : over}, bar: 95 % interval of the mean</text>`,
  ].join('\n');
}

type Scale = ScaleLinear<number, number>;

/** An axis that holds every dot and interval; null where there is nothing to show. */
function scaleOf(methods: readonly MethodSummary[]): Scale | null {
  const ends = methods.flatMap(({ values }) => {
    const interval = intervalOf(known(values));
    return [...known(values), ...(interval === null ? [] : [interval.low, interval.high])];
  });
  const [low, high] = [min(ends), max(ends)];
  if (low === undefined || high === undefined) return null;
  const pad = low === high ? Math.max(Math.abs(low) * 0.1, 0.1) : 0;
  return scaleLinear([low - pad, high + pad], [LABEL_WIDTH, WIDTH - MARGIN.right]).nice(6);
}

function intervalOf(values: readonly number[]) {
  return values.length < 2 ? null : meanInterval(values);
}

function axis(x: Scale, bottom: number): string {
  const format = x.tickFormat(6);
  return x
    .ticks(6)
    .map(
      (tick) =>
        `<line x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${MARGIN.top}" y2="${bottom}" stroke="#d1d9e0"/>` +
        `<text x="${at(x(tick))}" y="${bottom + 16}" text-anchor="middle">${escaped(format(tick))}</text>`,
    )
    .join('\n');
}

function row({ values }: MethodSummary, x: Scale, y: number): string {
  const found = known(values);
  const dots = found.map(
    (value) => `<circle cx="${at(x(value))}" cy="${at(y)}" r="2.5" fill="#0969da" fill-opacity="0.35"/>`,
  );
  const interval = intervalOf(found);
  if (interval === null) return dots.join('');
  const { low, high, mean } = interval;
  return [
    ...dots,
    `<line x1="${at(x(low))}" x2="${at(x(high))}" y1="${at(y)}" y2="${at(y)}" stroke="#0a3069" stroke-width="2"/>`,
    `<circle cx="${at(x(mean))}" cy="${at(y)}" r="4.5" fill="#0a3069"/>`,
  ].join('');
}

function rowLabel(name: string, y: number): string {
  return (
    `<text x="${LABEL_WIDTH - 10}" y="${at(y + 4)}" text-anchor="end">` +
    `<title>${escaped(name)}</title>${escaped(shortened(name, LONGEST))}</text>`
  );
}

function shortened(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}
