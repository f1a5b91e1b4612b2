import { Equal, EqualNot } from 'lucide-react';
import { cn } from '../cn';
import { Table, Tbody, Td, Th, Thead, Tr } from '../primitives/table';

export interface DiffRow {
  attribute: string;
  /** The value as DynamoDB JSON text; null where the side does not have it. */
  source: string | null;
  target: string | null;
  isDifferent: boolean;
}

/** Both images side by side; attributes that differ are marked by sign, word and tint. Masked values say so. */
export function ItemDiff({
  rows,
  isMasked,
  label,
  className,
}: {
  rows: readonly DiffRow[];
  isMasked: boolean;
  label: string;
  className?: string;
}) {
  const different = rows.filter((row) => row.isDifferent).length;
  return (
    <div className={cn('flex flex-col gap-2', className)}>
      <p className="text-data text-text-2">
        {different === 0 ? 'No attribute differs.' : `${different} of ${rows.length} attributes differ.`}
        {isMasked ? ' Values are masked: your role may not see them.' : null}
      </p>
      <Table aria-label={label}>
        <Thead>
          <Tr className="h-8">
            <Th className="w-8">
              <span className="sr-only">Difference</span>
            </Th>
            <Th>Attribute</Th>
            <Th>
              <span className="inline-flex items-center gap-1.5">
                <span aria-hidden className="size-2 rounded-full bg-source" /> DynamoDB
              </span>
            </Th>
            <Th>
              <span className="inline-flex items-center gap-1.5">
                <span aria-hidden className="size-2 rounded-full bg-target" /> TerraScale
              </span>
            </Th>
          </Tr>
        </Thead>
        <Tbody>
          {rows.map((row) => (
            <Tr key={row.attribute} className={row.isDifferent ? 'bg-bad-tint text-bad-fg' : undefined}>
              <Td>
                {row.isDifferent ? (
                  <EqualNot aria-hidden className="size-3.5" />
                ) : (
                  <Equal aria-hidden className="size-3.5 text-muted" />
                )}
                <span className="sr-only">{row.isDifferent ? 'different' : 'equal'}</span>
              </Td>
              <th scope="row" className="px-2 py-1.5 text-left align-top font-mono text-caption">
                {row.attribute}
              </th>
              <Value text={row.source} isMasked={isMasked} />
              <Value text={row.target} isMasked={isMasked} />
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}

function Value({ text, isMasked }: { text: string | null; isMasked: boolean }) {
  return (
    <Td className="max-w-96 align-top">
      {text === null ? (
        <em className="text-caption">absent</em>
      ) : isMasked ? (
        <span className="text-caption">
          <span aria-hidden>••••••</span>
          <span className="sr-only">masked</span>
        </span>
      ) : (
        <code className="whitespace-pre-wrap break-all font-mono text-caption">{text}</code>
      )}
    </Td>
  );
}
