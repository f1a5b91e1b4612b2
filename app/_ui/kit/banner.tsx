import { cn } from '../cn';
import { TONE_CLASS, type Tone } from '../tone';
import { iconOf } from './icons';

/** A sentence over a page or a card that stays until its cause is gone. */
export function Banner({
  tone,
  title,
  children,
  actions,
  icon,
  isUrgent = false,
  className,
}: {
  tone: Tone;
  title: React.ReactNode;
  children?: React.ReactNode;
  actions?: React.ReactNode;
  icon?: string;
  /** Read out at once. Only for what just went wrong. */
  isUrgent?: boolean;
  className?: string;
}) {
  const Icon = iconOf(icon, tone);
  return (
    <div
      role={isUrgent ? 'alert' : undefined}
      className={cn(
        'flex flex-wrap items-start gap-x-3 gap-y-2 rounded-card border px-3 py-2',
        TONE_CLASS[tone].badge,
        TONE_CLASS[tone].border,
        className,
      )}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium text-data">{title}</p>
        {children ? <div className="text-data text-text">{children}</div> : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  );
}
