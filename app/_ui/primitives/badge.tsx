import { cn } from '../cn';
import { TONE_CLASS, type Tone } from '../tone';

/** A word in a tone, without the icon and sentence of `kit/status-badge`; for counts, kinds and classes. */
export function Badge({ tone = 'idle', className, ...props }: React.ComponentProps<'span'> & { tone?: Tone }) {
  return (
    <span
      {...props}
      className={cn(
        'inline-flex min-h-5 items-center gap-1 whitespace-nowrap rounded-control px-1.5 font-medium text-caption [&_svg]:size-3',
        TONE_CLASS[tone].badge,
        className,
      )}
    />
  );
}
