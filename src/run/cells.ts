/** Significant digits of every score and loss in the files. */
export const DIGITS = 6;

/** A number as the files print it: rounded to `DIGITS` significant digits, as short as that allows. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

/** Cells that a spreadsheet would take for a formula; plain numbers are none. */
export const FORMULA = /^(?![+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$)[=+\-@\t\r]/i;
