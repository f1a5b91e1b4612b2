import { cn } from '../cn';

const WIDTH = 80;
const HEIGHT = 20;

/** The shape of the last minutes beside a number that says it all; hidden from assistive technology for that reason. */
export function Sparkline({
  values,
  role = 'target',
  className,
}: {
  values: readonly (number | null)[];
  role?: 'source' | 'target' | 'bad';
  className?: string;
}) {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return null;
  const top = Math.max(...known, 1e-9);
  const step = WIDTH / Math.max(1, values.length - 1);
  let isDown = false;
  const path = values
    .map((value, index) => {
      if (value === null) {
        isDown = false;
        return '';
      }
      const command = isDown ? 'L' : 'M';
      isDown = true;
      return `${command}${(index * step).toFixed(1)} ${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`;
    })
    .join('');
  const stroke = { source: 'stroke-source', target: 'stroke-target', bad: 'stroke-bad-solid' }[role];
  return (
    <svg
      aria-hidden
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className={cn('shrink-0', className)}
    >
      <path d={path} fill="none" strokeWidth="1.5" className={stroke} />
    </svg>
  );
}
