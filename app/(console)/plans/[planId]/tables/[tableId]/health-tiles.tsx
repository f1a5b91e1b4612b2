import { formatCount, formatDuration, formatRate } from '@/app/_ui/kit/format';
import { MetricTile } from '@/app/_ui/kit/metric-tile';
import type { Tone } from '@/app/_ui/tone';
import type { TableView, TrafficView } from '@/lib/contracts/views';
import { isCompared } from '../../../../fleet-filter';

type Point = TrafficView['points'][number];

const latest = (traffic: TrafficView | undefined, has: (point: Point) => boolean): Point | undefined =>
  traffic?.points.findLast(has);

const sum = (...values: (number | null)[]): number | null =>
  values.every((value) => value === null) ? null : values.reduce<number>((total, value) => total + (value ?? 0), 0);

/** Is traffic safe: what answers, what differs, what waits. Each with its limit and its age. */
export function HealthTiles({ table, traffic }: { table: TableView; traffic: TrafficView | undefined }) {
  const reads = latest(traffic, (point) => point.readsSource !== null || point.readsTarget !== null);
  const writes = latest(traffic, (point) => point.writes !== null);
  const errors = latest(traffic, (point) => point.userErrors !== null);
  const { dirty, settings } = table;
  return (
    <section aria-label="Health" className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-6">
      <MetricTile
        label="Reads"
        value={formatRate(reads ? sum(reads.readsSource, reads.readsTarget, reads.readsFallback) : null)}
        unit="/s"
        at={reads?.at ?? null}
      />
      <MetricTile label="Writes" value={formatRate(writes?.writes)} unit="/s" at={writes?.at ?? null} />
      <MetricTile
        label="Errors users saw"
        value={formatRate(errors?.userErrors)}
        unit="/s"
        limit="limit 0"
        at={errors?.at ?? null}
        tone={errors === undefined || errors.userErrors === null ? 'idle' : errors.userErrors > 0 ? 'bad' : 'ok'}
      />
      <MetricTile
        label="Dirty keys"
        value={formatCount(dirty.count)}
        limit={`limit ${formatCount(settings.dirtyCountMax)}`}
        note={dirty.oldestMs === null ? 'none waiting' : `oldest ${formatDuration(dirty.oldestMs)}`}
        tone={
          table.stage === 'planned'
            ? 'idle'
            : dirty.count > settings.dirtyCountMax
              ? 'bad'
              : dirty.count > settings.fenceDirtyMax
                ? 'warn'
                : 'ok'
        }
      />
      <MismatchTile table={table} />
      <GuardrailTile table={table} />
    </section>
  );
}

/** Zero counts only once something was compared. */
function MismatchTile({ table }: { table: TableView }) {
  if (!isCompared(table)) return <MetricTile label="Mismatches" value="–" limit="limit 0" note="not verified yet" />;
  return (
    <MetricTile
      label="Mismatches"
      value={formatCount(table.mismatches)}
      limit="limit 0"
      note={table.verifyAgain ? 'verify again' : undefined}
      tone={table.mismatches > 0 ? 'bad' : table.verifyAgain ? 'warn' : 'ok'}
    />
  );
}

const GUARDRAIL_TONE = {
  ok: 'ok',
  warn: 'warn',
  tripped: 'bad',
  not_enough: 'idle',
  no_data: 'idle',
  off: 'idle',
} as const satisfies Record<string, Tone>;

function GuardrailTile({ table }: { table: TableView }) {
  const green = table.guardrails.filter((rail) => rail.state === 'ok').length;
  return (
    <MetricTile
      label="Guardrails green"
      value={table.guardrails.length === 0 ? '–' : `${green}/${table.guardrails.length}`}
      note={table.guardrail?.sentence ?? 'none applies in this stage'}
      tone={table.guardrail ? GUARDRAIL_TONE[table.guardrail.state] : 'idle'}
    />
  );
}
