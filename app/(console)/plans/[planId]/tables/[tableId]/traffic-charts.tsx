import { type ChartPoint, TimeSeriesChart } from '@/app/_ui/charts/time-series-chart';
import { formatRate, formatShare } from '@/app/_ui/kit/format';
import type { TrafficView } from '@/lib/contracts/views';
import { marksOf } from './chart-marks';

type Point = TrafficView['points'][number];
type Field = { [K in keyof Point]: Point[K] extends number | null ? K : never }[keyof Point];

interface Shared {
  traffic: TrafficView;
  syncId: string;
  heightPx?: number;
}

const pointsOf = (traffic: TrafficView, fields: readonly Field[]): ChartPoint[] =>
  traffic.points.map((point) => ({
    ...Object.fromEntries(fields.map((field) => [field, point[field]])),
    atMs: Date.parse(point.at),
  }));

const common = ({ traffic, syncId, heightPx }: Shared, fields: readonly Field[]) => ({
  points: pointsOf(traffic, fields),
  marks: marksOf(traffic),
  rangeMs: [Date.parse(traffic.fromAt), Date.parse(traffic.toAt)] as const,
  syncId,
  heightPx,
});

const last = (traffic: TrafficView, field: Field): number | null =>
  traffic.points.findLast((point) => point[field] !== null)?.[field] ?? null;

/** Reads by the store that answered them, fall-back apart. */
export function ReadsChart(props: Shared) {
  const [source, target] = [last(props.traffic, 'readsSource'), last(props.traffic, 'readsTarget')];
  const total = (source ?? 0) + (target ?? 0);
  return (
    <TimeSeriesChart
      title="Reads by store"
      unit="per second"
      caption={
        total === 0
          ? 'No reads lately.'
          : `DynamoDB answers ${formatRate(source)}/s, TerraScale ${formatRate(target)}/s (${formatShare(Math.round(((target ?? 0) / total) * 100_000))}).`
      }
      series={[
        { key: 'readsSource', label: 'DynamoDB', role: 'source' },
        { key: 'readsTarget', label: 'TerraScale', role: 'target' },
        { key: 'readsFallback', label: 'Fall-back to DynamoDB', role: 'warn', isDashed: true },
      ]}
      {...common(props, ['readsSource', 'readsTarget', 'readsFallback'])}
    />
  );
}

export function WritesChart(props: Shared) {
  const failed = last(props.traffic, 'mirrorFailed');
  return (
    <TimeSeriesChart
      title="Writes"
      unit="per second"
      caption={
        last(props.traffic, 'writes') === null
          ? 'No writes lately.'
          : failed
            ? `${formatRate(failed)} writes/s do not reach the follower at once; their keys are dirty until settled.`
            : 'Every write reaches the follower.'
      }
      series={[
        { key: 'writes', label: 'Acknowledged', role: 'source' },
        { key: 'mirrored', label: 'Mirrored', role: 'target' },
        { key: 'mirrorFailed', label: 'Mirror failed', role: 'bad', isDashed: true },
      ]}
      {...common(props, ['writes', 'mirrored', 'mirrorFailed'])}
    />
  );
}

export function LatencyChart(props: Shared) {
  const [source, target] = [last(props.traffic, 'sourceP95Ms'), last(props.traffic, 'targetP95Ms')];
  return (
    <TimeSeriesChart
      title="Latency of both sides"
      unit="milliseconds, p95 and p99"
      caption={
        source === null && target === null
          ? 'No requests lately.'
          : `p95: DynamoDB ${formatRate(source)} ms, TerraScale ${formatRate(target)} ms.`
      }
      series={[
        { key: 'sourceP95Ms', label: 'DynamoDB p95', role: 'source' },
        { key: 'targetP95Ms', label: 'TerraScale p95', role: 'target' },
        { key: 'sourceP99Ms', label: 'DynamoDB p99', role: 'source', isDashed: true },
        { key: 'targetP99Ms', label: 'TerraScale p99', role: 'target', isDashed: true },
      ]}
      {...common(props, ['sourceP95Ms', 'targetP95Ms', 'sourceP99Ms', 'targetP99Ms'])}
    />
  );
}

export function MedianChart(props: Shared) {
  return (
    <TimeSeriesChart
      title="Median latency"
      unit="milliseconds, p50"
      caption={`p50: DynamoDB ${formatRate(last(props.traffic, 'sourceP50Ms'))} ms, TerraScale ${formatRate(last(props.traffic, 'targetP50Ms'))} ms.`}
      series={[
        { key: 'sourceP50Ms', label: 'DynamoDB', role: 'source' },
        { key: 'targetP50Ms', label: 'TerraScale', role: 'target' },
      ]}
      {...common(props, ['sourceP50Ms', 'targetP50Ms'])}
    />
  );
}

export function ErrorsChart(props: Shared) {
  const users = last(props.traffic, 'userErrors');
  return (
    <TimeSeriesChart
      title="Errors"
      unit="per second"
      caption={
        users === null
          ? 'No requests lately.'
          : users > 0
            ? `Users see ${formatRate(users)} errors/s.`
            : 'Users see no errors.'
      }
      series={[
        { key: 'sourceErrors', label: 'DynamoDB', role: 'source' },
        { key: 'targetErrors', label: 'TerraScale, before fall-back', role: 'target' },
        { key: 'userErrors', label: 'Seen by users', role: 'bad', isDashed: true },
      ]}
      {...common(props, ['sourceErrors', 'targetErrors', 'userErrors'])}
    />
  );
}

export function DirtyChart({ limit, ...props }: Shared & { limit: number }) {
  const count = last(props.traffic, 'dirty');
  return (
    <TimeSeriesChart
      title="Dirty keys"
      unit="keys"
      caption={count === null ? 'Not measured lately.' : `${formatRate(count)} keys wait to be settled.`}
      series={[{ key: 'dirty', label: 'Dirty keys', role: 'warn' }]}
      threshold={count !== null && count > limit / 4 ? { value: limit, label: `limit ${limit}` } : undefined}
      {...common(props, ['dirty'])}
    />
  );
}

/** Of the items that shadow reads compared, how many stayed different at the recheck. */
export function ShadowChart(props: Shared) {
  const compared = last(props.traffic, 'shadowCompared');
  const differing = props.traffic.points.reduce((sum, point) => sum + (point.shadowDiffering ?? 0), 0);
  return (
    <TimeSeriesChart
      title="Shadow mismatch rate"
      unit="percent of items compared"
      caption={
        compared === null
          ? 'Nothing was compared lately.'
          : `${formatRate(compared)} items/s compared lately; ${differing === 0 ? 'none differs in this range.' : 'some differ in this range.'}`
      }
      series={[{ key: 'shadowPercent', label: 'Differ after a recheck', role: 'bad' }]}
      {...common(props, ['shadowPercent'])}
    />
  );
}

export function ShadowVolumeChart(props: Shared) {
  const dropped = last(props.traffic, 'shadowDropped');
  return (
    <TimeSeriesChart
      title="Shadow reads"
      unit="per second"
      caption={
        dropped === null
          ? 'No shadow reads lately.'
          : dropped > 0
            ? `${formatRate(dropped)} reads/s were dropped, so that live traffic does not wait.`
            : 'None was dropped lately.'
      }
      series={[
        { key: 'shadowCompared', label: 'Items compared', role: 'target' },
        { key: 'shadowDiffering', label: 'Items that differ', role: 'bad', isDashed: true },
        { key: 'shadowDropped', label: 'Reads dropped', role: 'warn', isDashed: true },
      ]}
      {...common(props, ['shadowCompared', 'shadowDiffering', 'shadowDropped'])}
    />
  );
}

/** The same reads on both stores: the fairest comparison of their pace, and nothing that users waited for. */
export function ShadowLatencyChart(props: Shared & { percentile: 'median' | 'tail' }) {
  const { percentile, ...rest } = props;
  if (percentile === 'median')
    return (
      <TimeSeriesChart
        title="Shadowed reads, median"
        unit="milliseconds, p50"
        caption={`p50: DynamoDB ${formatRate(last(rest.traffic, 'shadowSourceP50Ms'))} ms, TerraScale ${formatRate(last(rest.traffic, 'shadowTargetP50Ms'))} ms.`}
        series={[
          { key: 'shadowSourceP50Ms', label: 'DynamoDB', role: 'source' },
          { key: 'shadowTargetP50Ms', label: 'TerraScale', role: 'target' },
        ]}
        {...common(rest, ['shadowSourceP50Ms', 'shadowTargetP50Ms'])}
      />
    );
  const fields = ['shadowSourceP95Ms', 'shadowTargetP95Ms', 'shadowSourceP99Ms', 'shadowTargetP99Ms'] as const;
  return (
    <TimeSeriesChart
      title="Shadowed reads, slow ones"
      unit="milliseconds, p95 and p99"
      caption={`p99: DynamoDB ${formatRate(last(rest.traffic, 'shadowSourceP99Ms'))} ms, TerraScale ${formatRate(last(rest.traffic, 'shadowTargetP99Ms'))} ms.`}
      series={[
        { key: 'shadowSourceP95Ms', label: 'DynamoDB p95', role: 'source' },
        { key: 'shadowTargetP95Ms', label: 'TerraScale p95', role: 'target' },
        { key: 'shadowSourceP99Ms', label: 'DynamoDB p99', role: 'source', isDashed: true },
        { key: 'shadowTargetP99Ms', label: 'TerraScale p99', role: 'target', isDashed: true },
      ]}
      {...common(rest, fields)}
    />
  );
}

export function CopyChart(props: Shared & { limit: number | null }) {
  const rate = last(props.traffic, 'itemsPerSecond');
  return (
    <TimeSeriesChart
      title="Rate of copying"
      unit="items per second"
      caption={rate === null ? 'Nothing is being copied.' : `${formatRate(rate)} items/s are copied and confirmed.`}
      series={[{ key: 'itemsPerSecond', label: 'Items confirmed', role: 'target' }]}
      threshold={props.limit === null ? undefined : { value: props.limit, label: `limit ${props.limit}/s` }}
      {...common(props, ['itemsPerSecond'])}
    />
  );
}
