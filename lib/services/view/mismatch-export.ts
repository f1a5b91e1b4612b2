import type { MismatchRowView } from '@/lib/contracts/views';

const COLUMNS = ['id', 'key', 'class', 'state', 'attributes', 'deletesOnTarget', 'firstSeenAt', 'lastSeenAt'] as const;

/** One line a mismatch (RFC 4180). A key that begins like a formula is quoted away from spreadsheets. */
export function mismatchesAsCsv(rows: readonly MismatchRowView[]): string {
  const lines = rows.map((row) =>
    COLUMNS.map((name) => cell(name === 'attributes' ? namesOf(row) : String(row[name]))).join(','),
  );
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

export const mismatchesAsJsonl = (rows: readonly MismatchRowView[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const namesOf = (row: MismatchRowView): string =>
  row.attributes.map((one) => `${one.attribute}: ${one.class}`).join('; ');

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
