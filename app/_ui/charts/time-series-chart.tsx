'use client';

import { Table2, TrendingUp } from 'lucide-react';
import { useId, useState } from 'react';
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { cn } from '../cn';
import { formatCompact, formatRate, formatUtc } from '../kit/format';
import { Button } from '../primitives/button';
import { Table, Tbody, Td, Th, Thead, Tr } from '../primitives/table';

const SERIES_MAX = 4;
const TABLE_ROWS_MAX = 60;

export interface ChartSeries {
  key: string;
  label: string;
  /** Source is grey and target is the accent everywhere; the other two are for a limit's neighbour and for faults. */
  role: 'source' | 'target' | 'warn' | 'bad';
  /** Percentiles and other companions of a solid line. */
  isDashed?: boolean;
}

export interface ChartPoint {
  atMs: number;
  /** Null is a gap and stays one; it is never drawn as zero. */
  [key: string]: number | null;
}

export interface ChartMark {
  atMs: number;
  label: string;
}

interface ChartProps {
  title: string;
  /** The finding in a sentence: "TerraScale answers 10 % of reads". */
  caption: string;
  unit: string;
  points: readonly ChartPoint[];
  series: readonly ChartSeries[];
  threshold?: { value: number; label: string };
  /** Changes of stage or epoch, and holds. */
  marks?: readonly ChartMark[];
  /** Charts with one id share the cursor. */
  syncId?: string;
  rangeMs?: readonly [number, number];
  heightPx?: number;
  format?: (value: number) => string;
  /** How a time stands on the axis; a clock unless the range is one of days. */
  formatAt?: (atMs: number) => string;
  className?: string;
}

const COLOUR: Record<ChartSeries['role'], string> = {
  source: 'var(--idle-solid)',
  target: 'var(--accent)',
  warn: 'var(--warn-solid)',
  bad: 'var(--bad-solid)',
};

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);
const axis = { stroke: 'var(--control)', tick: { fill: 'var(--muted)', fontSize: 12 }, tickLine: false } as const;

/** Lines over time from zero, with a legend in words, and the same numbers as a table. Times are UTC. */
export function TimeSeriesChart(props: ChartProps) {
  const { title, caption, unit, series, points, className } = props;
  const [isTable, setIsTable] = useState(false);
  const id = useId();
  const drawn = series.slice(0, SERIES_MAX);
  return (
    <figure aria-labelledby={id} className={cn('min-w-0 rounded-card border border-border bg-surface p-3', className)}>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <figcaption id={id} className="min-w-0">
          <span className="block font-medium text-data">
            {title} <span className="font-normal text-muted">{unit}</span>
          </span>
          <span className="block text-caption text-muted">{caption}</span>
        </figcaption>
        <Button variant="ghost" size="sm" aria-pressed={isTable} onClick={() => setIsTable((was) => !was)}>
          {isTable ? <TrendingUp aria-hidden /> : <Table2 aria-hidden />}
          {isTable ? 'Chart' : 'Table'}
          <span className="sr-only"> of {title}</span>
        </Button>
      </div>
      <Legend series={drawn} />
      {points.length === 0 ? (
        <p className="grid h-32 place-items-center text-data text-muted">No measurements in this range.</p>
      ) : isTable ? (
        <Numbers {...props} series={drawn} />
      ) : (
        <Plot {...props} series={drawn} />
      )}
    </figure>
  );
}

function Legend({ series }: { series: readonly ChartSeries[] }) {
  return (
    <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-caption text-text-2">
      {series.map((one) => (
        <li key={one.key} className="inline-flex items-center gap-1.5">
          <svg aria-hidden width="18" height="8">
            <line
              x1="0"
              y1="4"
              x2="18"
              y2="4"
              stroke={COLOUR[one.role]}
              strokeWidth="2"
              strokeDasharray={one.isDashed ? '4 3' : undefined}
            />
          </svg>
          {one.label}
        </li>
      ))}
    </ul>
  );
}

function Plot({
  title,
  points,
  series,
  threshold,
  marks = [],
  syncId,
  rangeMs,
  heightPx = 160,
  format = formatRate,
  formatAt = clock,
}: ChartProps) {
  return (
    <div className="mt-2" style={{ height: heightPx }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: heightPx }}>
        <LineChart
          data={[...points]}
          syncId={syncId}
          syncMethod="value"
          margin={{ top: 12, right: 8, bottom: 0, left: 0 }}
          title={title}
        >
          <CartesianGrid stroke="var(--border)" vertical={false} />
          <XAxis
            {...axis}
            dataKey="atMs"
            type="number"
            scale="time"
            domain={rangeMs ? [rangeMs[0], rangeMs[1]] : ['dataMin', 'dataMax']}
            tickFormatter={formatAt}
            minTickGap={48}
          />
          <YAxis {...axis} width={44} domain={[0, 'auto']} tickFormatter={formatCompact} axisLine={false} />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--control)' }}
            labelFormatter={(label) => formatUtc(Number(label))}
            formatter={(value) => (typeof value === 'number' ? format(value) : String(value))}
            contentStyle={{
              background: 'var(--surface)',
              border: '1px solid var(--border)',
              borderRadius: 6,
              fontSize: 12,
              color: 'var(--text)',
            }}
            itemStyle={{ color: 'var(--text)' }}
          />
          {threshold ? (
            <ReferenceLine
              y={threshold.value}
              ifOverflow="extendDomain"
              stroke="var(--bad-solid)"
              strokeDasharray="6 3"
              label={{ value: threshold.label, position: 'insideTopRight', fill: 'var(--bad-fg)', fontSize: 12 }}
            />
          ) : null}
          {marks.map((mark) => (
            <ReferenceLine
              key={`${mark.atMs} ${mark.label}`}
              x={mark.atMs}
              stroke="var(--control)"
              strokeDasharray="2 2"
              label={{ value: mark.label, position: 'insideTopLeft', fill: 'var(--muted)', fontSize: 11 }}
            />
          ))}
          {series.map((one) => (
            <Line
              key={one.key}
              dataKey={one.key}
              name={one.label}
              stroke={COLOUR[one.role]}
              strokeWidth={2}
              strokeDasharray={one.isDashed ? '4 3' : undefined}
              type="linear"
              dot={false}
              connectNulls={false}
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

/** The latest measurements, newest first. */
function Numbers({ title, points, series, format = formatRate }: ChartProps) {
  const latest = points.slice(-TABLE_ROWS_MAX).reverse();
  return (
    <>
      <Table aria-label={`${title}, as a table`} wrapClassName="mt-2 max-h-64 overflow-y-auto">
        <Thead className="sticky top-0 bg-surface">
          <Tr className="h-8">
            <Th>Time (UTC)</Th>
            {series.map((one) => (
              <Th key={one.key} isNumber>
                {one.label}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {latest.map((point) => (
            <Tr key={point.atMs} className="h-8">
              <Td>{clock(point.atMs)}</Td>
              {series.map((one) => {
                const value = point[one.key];
                return (
                  <Td key={one.key} isNumber>
                    {typeof value === 'number' ? format(value) : 'no data'}
                  </Td>
                );
              })}
            </Tr>
          ))}
        </Tbody>
      </Table>
      {points.length > latest.length ? (
        <p className="text-caption text-muted">
          The latest {latest.length} of {points.length} measurements.
        </p>
      ) : null}
    </>
  );
}
