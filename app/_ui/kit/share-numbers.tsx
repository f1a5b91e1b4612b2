import { cn } from '../cn';
import { formatShare } from './format';

export interface ShareFacts {
  desiredMilli: number;
  acknowledged: number;
  registered: number;
  lagging: readonly string[];
  observedMilli: number | null;
}

/** What the share is for a reader in a hurry: it agrees, gateways lag, or nothing was read. */
export const isShareSettled = (share: ShareFacts): boolean =>
  share.acknowledged === share.registered && share.observedMilli === share.desiredMilli;

/** Desired, acknowledged n of N, observed. Never fewer than the three, because only the last is what happens. */
export function ShareNumbers({ share, className }: { share: ShareFacts; className?: string }) {
  const isLagging = share.acknowledged < share.registered;
  return (
    <dl className={cn('flex flex-wrap gap-x-4 gap-y-0.5 text-data', className)}>
      <Part name="Desired" value={formatShare(share.desiredMilli)} />
      <Part
        name="Acknowledged"
        value={`${share.acknowledged}/${share.registered}`}
        tone={isLagging ? 'text-warn-fg' : undefined}
        note={isLagging ? `waiting for ${share.lagging.join(', ') || 'a gateway'}` : undefined}
      />
      <Part
        name="Observed"
        value={share.observedMilli === null ? 'no reads yet' : formatShare(share.observedMilli)}
        tone={share.observedMilli === null ? 'text-muted' : undefined}
      />
    </dl>
  );
}

function Part({ name, value, tone, note }: { name: string; value: string; tone?: string; note?: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-caption text-muted">{name}</dt>
      <dd className={cn('whitespace-nowrap font-medium', tone)}>{value}</dd>
      {note ? <dd className="text-caption text-warn-fg">{note}</dd> : null}
    </div>
  );
}
