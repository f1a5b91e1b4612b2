import { cn } from '../cn';

/** Title of a page, its state, one line about it, and its actions (one primary at most). */
export function PageHead({
  title,
  status,
  note,
  actions,
  className,
}: {
  title: React.ReactNode;
  status?: React.ReactNode;
  note?: React.ReactNode;
  actions?: React.ReactNode;
  className?: string;
}) {
  return (
    <header className={cn('flex flex-wrap items-start justify-between gap-x-4 gap-y-2', className)}>
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="min-w-0 break-words font-semibold text-page">{title}</h1>
          {status}
        </div>
        {note ? <div className="mt-0.5 max-w-measure text-prose text-text-2">{note}</div> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-start gap-2">{actions}</div> : null}
    </header>
  );
}
