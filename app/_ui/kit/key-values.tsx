import { cn } from '../cn';

export interface KeyValue {
  label: string;
  value: React.ReactNode;
  note?: React.ReactNode;
}

/** Facts of one thing, as a real description list. */
export function KeyValues({
  items,
  className,
  columns = 1,
}: {
  items: readonly KeyValue[];
  className?: string;
  columns?: 1 | 2;
}) {
  return (
    <dl className={cn('grid gap-x-8', columns === 2 && 'md:grid-cols-2', className)}>
      {items.map((item) => (
        <div
          key={item.label}
          className="flex min-w-0 flex-wrap items-baseline justify-between gap-x-4 border-border border-b py-2"
        >
          <dt className="text-data text-muted">{item.label}</dt>
          <dd className="min-w-0 max-w-full break-words text-right text-data">
            {item.value}
            {item.note ? <span className="block text-caption text-muted">{item.note}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
