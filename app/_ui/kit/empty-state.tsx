import { CircleDashed, CloudOff, FilterX, Lock } from 'lucide-react';
import { cn } from '../cn';

const KIND = {
  never: { Icon: CircleDashed, tone: 'bg-idle-tint text-idle-fg' },
  filtered: { Icon: FilterX, tone: 'bg-idle-tint text-idle-fg' },
  forbidden: { Icon: Lock, tone: 'bg-warn-tint text-warn-fg' },
  failed: { Icon: CloudOff, tone: 'bg-bad-tint text-bad-fg' },
} as const;

/**
 * Nothing to show, and why: `never` had any (say how to get one), `filtered` away (a way to clear), `forbidden`
 * (who can), `failed` to load (code, retry, runbook). The next step is the child.
 */
export function EmptyState({
  kind,
  title,
  children,
  actions,
  className,
}: {
  kind: keyof typeof KIND;
  title: string;
  children?: React.ReactNode;
  actions?: React.ReactNode;
  className?: string;
}) {
  const { Icon, tone } = KIND[kind];
  return (
    <div
      role={kind === 'failed' ? 'alert' : undefined}
      className={cn(
        'flex flex-col items-start gap-2 rounded-card border border-border border-dashed bg-surface p-6',
        className,
      )}
    >
      <span className={cn('grid size-8 place-items-center rounded-control', tone)}>
        <Icon aria-hidden className="size-4" />
      </span>
      <p className="font-semibold text-section">{title}</p>
      {children ? <div className="max-w-measure text-prose text-text-2">{children}</div> : null}
      {actions ? <div className="mt-1 flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  );
}
