'use client';

import { isLookOpen } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { SqlReadBacksView, SqlReadBackView } from '@/lib/contracts/verification-views';
import { SQL_READ_BACK_ITEMS, SQL_READ_BACK_LIMITS } from '@/lib/domain/run/sql-read-back';
import { startSqlReadBack } from '../actions';
import { CLASS_SAYS } from '../difference-words';
import { Fact } from '../run-progress';

const LOOK: Record<SqlReadBackView['state'], { tone: React.ComponentProps<typeof Badge>['tone']; word: string }> = {
  waiting: { tone: 'idle', word: 'waiting' },
  running: { tone: 'active', word: 'running' },
  done: { tone: 'ok', word: 'done' },
  not_offered: { tone: 'idle', word: 'no SQL' },
  failed: { tone: 'bad', word: 'failed' },
};

/** Copied items looked at through SQL, where the target has it: a check that nothing waits for. */
export function SqlReadBacks({
  tableId,
  sql,
  mayStart,
}: {
  tableId: string;
  sql: SqlReadBacksView;
  mayStart: boolean;
}) {
  const { act, isPending, failure } = useAct();
  const { looks, isPossible } = sql;
  const start = () => act((idempotencyKey) => startSqlReadBack({ tableId, idempotencyKey }));
  return (
    <Card
      title="Read back through SQL"
      note={SQL_READ_BACK_LIMITS}
      actions={
        isPossible ? (
          <Button isPending={isPending} disabled={!mayStart || looks.some(isLookOpen)} onClick={start}>
            Read {SQL_READ_BACK_ITEMS} random items through SQL
          </Button>
        ) : null
      }
    >
      <div className="flex flex-col gap-3 text-data">
        <FormError failure={failure} />
        {isPossible ? null : (
          <p className="text-text-2">
            Not to be had here: the target connection speaks the DynamoDB protocol, and SQL stands beside the REST API.
          </p>
        )}
        {isPossible && looks.length === 0 ? <p className="text-muted">Nobody has looked yet.</p> : null}
        {looks.length > 0 ? (
          <ul className="flex flex-col">
            {looks.map((look) => (
              <Look key={look.id} look={look} />
            ))}
          </ul>
        ) : null}
      </div>
    </Card>
  );
}

function Look({ look }: { look: SqlReadBackView }) {
  const { tone, word } = LOOK[look.state];
  const isWorse = look.differences.length > 0 || look.unreadable > 0;
  return (
    <li className="flex flex-col gap-2 border-border border-b py-2.5 last:border-b-0">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={look.state === 'done' && isWorse ? 'warn' : tone}>{word}</Badge>
        <span className="text-caption text-muted">
          by {look.startedBy}, <TimeAgo at={look.finishedAt ?? look.createdAt} />
          {look.statements > 0 ? `, ${formatCount(look.statements)} requests` : ''}
        </span>
      </p>
      <p>{look.sentence}</p>
      {look.state === 'done' && look.drawn > 0 ? (
        <dl className="grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-3 lg:grid-cols-6" aria-label="Drawn keys">
          <Fact name="Drawn">{formatCount(look.drawn)}</Fact>
          <Fact name="Equal">{formatCount(look.equal)}</Fact>
          <Fact name="Shown otherwise">{formatCount(look.differences.length)}</Fact>
          <Fact name="Written meanwhile">{formatCount(look.moving)}</Fact>
          <Fact name="Expired">{formatCount(look.expired)}</Fact>
          <Fact name="Not readable">{formatCount(look.unreadable)}</Fact>
        </dl>
      ) : null}
      {look.differences.length > 0 ? <Differences look={look} /> : null}
    </li>
  );
}

const Differences = ({ look }: { look: SqlReadBackView }) => (
  <details>
    <summary className="min-h-6 cursor-pointer text-accent">
      The {formatCount(look.differences.length)} keys that SQL shows otherwise
    </summary>
    <ul className="mt-1 flex flex-col">
      {look.differences.map((one) => (
        <li key={one.key} className="min-w-0 break-words py-1">
          <span className="break-all font-mono text-caption">{one.key}</span>: {CLASS_SAYS[one.class]}
          {one.attributes.length > 0 ? `, ${one.attributes.join(', ')}` : ''}.{' '}
          <span className="text-text-2">
            {one.isItemRight ? 'The item API shows it rightly.' : 'The item API differs too: verify the table.'}
          </span>
        </li>
      ))}
    </ul>
  </details>
);
