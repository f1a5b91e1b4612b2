import type { ConnectionRow } from '@/db/queries/connection/connections';
import type { PlanTableRow } from '@/db/queries/plan/plans';
import { getItem, scanPage } from '@/lib/adapters/dynamodb/items';
import { describeTable, describeTimeToLive } from '@/lib/adapters/dynamodb/tables';
import type { StoreWire, WireItem } from '@/lib/adapters/ports';
import type { AssessmentEvidence, SourceTable } from '@/lib/domain/assessment/assess';
import { forecastOf } from '@/lib/domain/assessment/forecast';
import { type Sample, sampleOf } from '@/lib/domain/assessment/sample';
import type { Strategy } from '@/lib/domain/plan/stages';
import { storeTargetOf } from '../connection/credentials';
import { shapeOf } from '../connection/discover-tables';
import { PROBE_KEY, PROBE_MS_MAX } from '../connection/probe';
import { proveTarget } from '../connection/prove-target';
import { sayTrouble, verdictOf } from '../connection/trouble';
import type { ServiceContext } from '../context';
import { groundOf } from './set-mappings';

/** Two pages from each of a few places of the table: enough to see types and sizes, cheap on any table. */
const SAMPLE_SEGMENTS = 4;
const SAMPLE_ITEMS_A_SEGMENT = 100;

export interface LookAsk {
  table: PlanTableRow;
  strategy: Strategy;
  source: ConnectionRow;
  target: ConnectionRow;
  liveWritesPerSecond: number | null;
}

/** Finds out everything that the checks of a table read, by asking both stores now. */
export async function lookAtTable(ctx: ServiceContext, ask: LookAsk): Promise<AssessmentEvidence> {
  const { table, strategy } = ask;
  const source = ctx.makeWire(storeTargetOf(ctx, ask.source, PROBE_MS_MAX));
  const target = ctx.makeWire(storeTargetOf(ctx, ask.target, PROBE_MS_MAX));
  try {
    const [described, sample, reached] = await Promise.all([
      lookAtSource(ctx, source, table.name),
      takeSample(source, table.name),
      reachTarget(ctx, target),
    ]);
    const proof = reached.ok
      ? await proveTarget(target, { table: table.targetName, key: table.keySchema, random: ctx.random() })
      : { state: 'unreachable' as const, detail: reached.detail };
    const size = described.described;
    const forecast = size
      ? forecastOf({
          itemCount: size.itemCount,
          sizeBytes: size.sizeBytes,
          liveWritesPerSecond: ask.liveWritesPerSecond,
          source: ask.source.limits,
          target: ask.target.limits,
        })
      : null;
    return {
      tableName: table.name,
      targetName: table.targetName,
      targetKind: ask.target.kind,
      strategy,
      key: table.keySchema,
      source: { described: described.described, detail: described.detail, latencyMs: described.latencyMs },
      targetReachable: reached,
      proof,
      sample,
      mappings: table.mappings,
      ground: described.ground,
      roundTrip: table.typeRoundTrip,
      forecast,
      isLiveMeasured: ask.liveWritesPerSecond !== null,
    };
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

async function lookAtSource(
  ctx: ServiceContext,
  wire: StoreWire,
  name: string,
): Promise<AssessmentEvidence['source'] & Pick<AssessmentEvidence, 'ground'>> {
  const startMs = ctx.clock.monotonicMs();
  const [table, ttl] = await Promise.all([describeTable(wire, name), describeTimeToLive(wire, name)]);
  const latencyMs = Math.round(ctx.clock.monotonicMs() - startMs);
  if (table.kind !== 'ok') return { described: null, detail: sayTrouble(table), latencyMs, ground: null };
  const { keySchema: key, itemCount, sizeBytes, indexes, streamView } = shapeOf(table.value);
  const ttlAttribute = ttl.kind === 'ok' ? ttl.value : null;
  const described: SourceTable = { key, itemCount, sizeBytes, indexes, streamView, ttlAttribute };
  const ground = groundOf(table.value, ttlAttribute);
  return { described, detail: `answered in ${latencyMs} ms`, latencyMs, ground };
}

/** Null: the source did not let the table be read. */
async function takeSample(wire: StoreWire, table: string): Promise<Sample | null> {
  const segments = Array.from({ length: SAMPLE_SEGMENTS }, (_, segment) => segment);
  const pages = await Promise.all(
    segments.map((segment) =>
      // Eventually consistent: a sample decides nothing, and costs half.
      scanPage(
        wire,
        { table, segment, totalSegments: SAMPLE_SEGMENTS, limit: SAMPLE_ITEMS_A_SEGMENT },
        { isConsistent: false },
      ),
    ),
  );
  const items: WireItem[] = [];
  let isWhole = true;
  for (const page of pages) {
    if (page.kind !== 'ok') return null;
    items.push(...page.value.items);
    isWhole &&= page.value.cursor === null;
  }
  return sampleOf(items, isWhole);
}

async function reachTarget(ctx: ServiceContext, wire: StoreWire): Promise<AssessmentEvidence['targetReachable']> {
  const startMs = ctx.clock.monotonicMs();
  const table = `landfall-probe-${ctx.random().slice(0, 8)}`;
  wire.know?.(table, PROBE_KEY);
  const answer = await getItem(wire, { table, key: { landfall: { S: 'probe' } } });
  const latencyMs = Math.round(ctx.clock.monotonicMs() - startMs);
  const verdict = verdictOf(answer);
  const ok = verdict !== 'unreachable' && verdict !== 'not_a_store' && verdict !== 'key_refused';
  return { ok, detail: answer.kind === 'ok' ? 'answered' : sayTrouble(answer), latencyMs };
}
