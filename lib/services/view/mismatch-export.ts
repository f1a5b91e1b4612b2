import type { MismatchRowView } from '@/lib/contracts/views';

const COLUMNS = [
  'id',
  'key',
  'class',
  'state',
  'attributes',
  'repair',
  'equalAt',
  'firstSeenAt',
  'lastSeenAt',
] as const;

/** The head of the file (RFC 4180). */
export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

/** One line a mismatch. A text that begins like a formula is quoted away from spreadsheets. */
export const asCsvLine = (row: MismatchRowView): string =>
  `${COLUMNS.map((name) => cell(textOf(row, name))).join(',')}\r\n`;

export const asJsonLine = (row: MismatchRowView): string => `${JSON.stringify(row)}\n`;

function textOf(row: MismatchRowView, name: (typeof COLUMNS)[number]): string {
  if (name === 'attributes') return row.attributes.map((one) => `${one.attribute}: ${one.class}`).join('; ');
  if (name === 'repair') return `${row.repair.does} on ${row.repair.side}`;
  return row[name] ?? '';
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Pages as the bytes of a file: one page is made when it is asked for, and none after the reader has gone. */
export function asFile(pages: AsyncIterable<MismatchRowView[]>, format: 'csv' | 'jsonl'): ReadableStream<Uint8Array> {
  const each = pages[Symbol.asyncIterator]();
  const utf8 = new TextEncoder();
  const line = format === 'csv' ? asCsvLine : asJsonLine;
  return new ReadableStream<Uint8Array>({
    start(file) {
      if (format === 'csv') file.enqueue(utf8.encode(CSV_HEAD));
    },
    async pull(file) {
      const page = await each.next();
      if (page.done) file.close();
      else file.enqueue(utf8.encode(page.value.map(line).join('')));
    },
    async cancel() {
      await each.return?.();
    },
  });
}
