import Papa from 'papaparse';

/** Delimiters in the order in which they are preferred where the text does not decide. */
const CANDIDATES = ['\t', ',', ';', '|'];
/** Records that the choice looks at. */
const SAMPLE_RECORDS = 100;

/**
 * The delimiter of a table from the head of its text: the header must have two fields or more, and the one with the
 * most rows as wide as the header wins, then the one with the widest header. A header of one field gives `,`.
 * @param head complete records, lines ended by `\n`
 */
export function sniffDelimiter(head: string): string {
  let best = { delimiter: ',', share: 0, width: 1 };
  for (const delimiter of CANDIDATES) {
    const { data } = Papa.parse<string[]>(head, {
      delimiter,
      newline: '\n',
      preview: SAMPLE_RECORDS,
      skipEmptyLines: 'greedy',
    });
    const width = data[0]?.length ?? 1;
    if (width < 2) continue;
    const fitting = data.filter((fields) => fields.length === width).length;
    const share = fitting / data.length;
    if (share > best.share || (share === best.share && width > best.width))
      best = { delimiter, share, width };
  }
  return best.delimiter;
}
