'use client';

import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react';
import { useState } from 'react';
import { cn } from '../cn';
import { Table, Tbody, Td, Th, Thead, Tr } from '../primitives/table';

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => React.ReactNode;
  /** Present: the column can be sorted by this. Nothing known (null) always comes last. */
  sortBy?: (row: Row) => string | number | null;
  isNumber?: boolean;
  /** The cell that names the row; becomes its header for assistive technology. */
  isRowHeader?: boolean;
  className?: string;
}

export interface Sort {
  key: string;
  direction: 'ascending' | 'descending';
}

function ordered<Row>(rows: readonly Row[], column: Column<Row> | undefined, sort: Sort | null): readonly Row[] {
  const by = column?.sortBy;
  if (!by || !sort) return rows;
  const sign = sort.direction === 'ascending' ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === 'string' || typeof y === 'string')
      return sign * String(x).localeCompare(String(y), 'en', { numeric: true });
    return sign * (x - y);
  });
}

/**
 * A real table with sortable heads. It keeps its own sort unless `sort` and `onSort` are given (to mirror it in the
 * URL). `initialSort` null keeps the order of the rows, which is by need.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  sort: given,
  onSort,
  initialSort = null,
  empty,
  rowClassName,
  isStickyHead = true,
  heightClassName,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  initialSort?: Sort | null;
  empty?: React.ReactNode;
  rowClassName?: (row: Row) => string | undefined;
  isStickyHead?: boolean;
  /** Give a maximum height (such as `max-h-96`) and the head stays in sight while the rows scroll. */
  heightClassName?: string;
}) {
  const [own, setOwn] = useState<Sort | null>(initialSort);
  const sort = given === undefined ? own : given;
  const change = (next: Sort | null) => {
    setOwn(next);
    onSort?.(next);
  };
  if (rows.length === 0 && empty) return empty;
  const column = columns.find((each) => each.key === sort?.key);
  return (
    <Table aria-label={label} wrapClassName={heightClassName}>
      <caption className="sr-only">{label}</caption>
      <Thead className={isStickyHead ? 'sticky top-0 z-10 bg-surface' : undefined}>
        <Tr className="h-8">
          {columns.map((each) => (
            <SortableHead key={each.key} column={each} sort={sort} onSort={change} />
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {ordered(rows, column, sort).map((row) => (
          <Tr key={rowKey(row)} className={cn('hover:bg-sunken/60', rowClassName?.(row))}>
            {columns.map((each) =>
              each.isRowHeader ? (
                <th key={each.key} scope="row" className={cn('px-2 py-1.5 text-left font-medium', each.className)}>
                  {each.cell(row)}
                </th>
              ) : (
                <Td key={each.key} isNumber={each.isNumber} className={each.className}>
                  {each.cell(row)}
                </Td>
              ),
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function SortableHead<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
}) {
  if (!column.sortBy)
    return (
      <Th isNumber={column.isNumber} className={column.className}>
        {column.head}
      </Th>
    );
  const direction = sort?.key === column.key ? sort.direction : 'none';
  const Icon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : ArrowUpDown;
  const next: Sort | null =
    direction === 'none'
      ? { key: column.key, direction: column.isNumber ? 'descending' : 'ascending' }
      : direction === (column.isNumber ? 'descending' : 'ascending')
        ? { key: column.key, direction: column.isNumber ? 'ascending' : 'descending' }
        : null;
  return (
    <Th isNumber={column.isNumber} aria-sort={direction} className={cn('p-0', column.className)}>
      <button
        type="button"
        onClick={() => onSort(next)}
        className={cn(
          'inline-flex min-h-8 w-full items-center gap-1 px-2 hover:text-text focus-visible:-outline-offset-2',
          column.isNumber && 'flex-row-reverse',
          direction !== 'none' && 'text-text',
        )}
      >
        {column.head}
        <Icon aria-hidden className={cn('size-3', direction === 'none' && 'opacity-60')} />
      </button>
    </Th>
  );
}
