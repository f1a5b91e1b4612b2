import { cn } from '../cn';

/** A bordered part of a page with its own heading. `level` keeps the outline of headings in order. */
export function Card({
  title,
  actions,
  note,
  level = 2,
  className,
  children,
  ...props
}: Omit<React.ComponentProps<'section'>, 'title'> & {
  title?: React.ReactNode;
  actions?: React.ReactNode;
  note?: React.ReactNode;
  level?: 2 | 3;
}) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <section {...props} className={cn('min-w-0 rounded-card border border-border bg-surface', className)}>
      {title || actions ? (
        <header className="flex flex-wrap items-center justify-between gap-2 border-border border-b px-4 py-2.5">
          <div className="min-w-0">
            {title ? <Heading className="font-semibold text-section">{title}</Heading> : null}
            {note ? <p className="text-caption text-muted">{note}</p> : null}
          </div>
          {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
        </header>
      ) : null}
      <div className="p-4">{children}</div>
    </section>
  );
}
