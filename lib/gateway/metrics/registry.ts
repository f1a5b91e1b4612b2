/**
 * A gateway's numbers for Prometheus, read from its own counters at the moment of the scrape; the request path knows
 * nothing of Prometheus. Labels are bounded: operations by a list, stores by connections, tables by `TABLES_MAX`. No
 * label and no value comes from an item or a key.
 */
import { Counter, Gauge, type MetricObject, Registry } from 'prom-client';
import type { Admission } from '../admission/admission';
import type { LoopDelay } from '../admission/loop-delay';
import type { BreakerState } from '../breaker/breaker';
import { COUNTS, emptyCounts } from '../pipeline/traffic';
import type { Views } from '../pipeline/views';
import { type Counters, LATENCY_BOUNDS_S, type Latency } from './counters';

/** Tables beyond this are summed up as `other`. */
export const TABLES_MAX = 100;
const PREFIX = 'landfall_gateway_';
const STATES: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 };

/** What a gateway's numbers are read from. */
export interface Measured {
  views: Views;
  admission: Admission;
  counters: Counters;
  loopDelay: LoopDelay;
  stores: { breakers(): { store: string; state: BreakerState; opened: number; pausedForMs: number }[] };
  intents: { readonly size: number; readonly unproven: { readonly size: number } };
  notReady(): string | null;
  dirtyKeys(): number;
  /** What stands between it and its Postgres; null where it has none. */
  database: MeasuredDatabase | null;
}

export interface MeasuredDatabase {
  /** Null: never yet. */
  routingAgeMs(): number | null;
  feedAgeMs(): number | null;
  marks: { readonly size: number; readonly dropped: number };
}

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number];

export function createRegistry(inside: Measured): Registry {
  const registry = new Registry();
  /** A metric whose samples are made when it is asked for. */
  const made = (kind: typeof Counter | typeof Gauge, of: { name: string; help: string; read(): Sample[] }) => {
    const labelNames = of.name in LABELS ? LABELS[of.name] : [];
    const metric = new kind({
      ...{ name: PREFIX + of.name, help: of.help, labelNames: labelNames as string[], registers: [registry] },
      collect() {
        (this as Gauge).reset();
        for (const [labels, value] of of.read()) (this as Gauge).inc(labels, value);
      },
    });
    return metric;
  };
  const counter = (name: string, help: string, read: () => Sample[]) => made(Counter, { name, help, read });
  const gauge = (name: string, help: string, read: () => Sample[]) => made(Gauge, { name, help, read });
  addTraffic(inside, { registry, counter });
  addStores(inside, { registry, counter, gauge });
  addState(inside, gauge);
  if (inside.database !== null) addDatabase(inside.database, { counter, gauge });
  addProcess(inside, { counter, gauge });
  return registry;
}

const LABELS: Record<string, string[]> = {
  requests_total: ['operation', 'outcome'],
  denied_total: ['fault'],
  table_events_total: ['table', 'event'],
  store_attempts_total: ['store', 'operation', 'outcome'],
  breaker_state: ['store'],
  breaker_opened_total: ['store'],
  store_paused_seconds: ['store'],
  in_flight: ['class'],
  in_flight_bytes: ['class'],
  shed_total: ['class'],
  event_loop_delay_seconds: ['of'],
};

type Add = (name: string, help: string, read: () => Sample[]) => void;

function addTraffic({ counters, views }: Measured, to: { registry: Registry; counter: Add }): void {
  to.counter('requests_total', 'Requests of applications by operation and by what they were answered.', () =>
    [...counters.requests].flatMap(([operation, tally]) =>
      [...tally.counts].map(([outcome, count]): Sample => [{ operation, outcome }, count]),
    ),
  );
  addHistogram(to.registry, {
    name: 'request_seconds',
    help: 'Time from a whole request to its answer.',
    read: () => [...counters.requests].map(([operation, { latency }]) => [{ operation }, latency]),
  });
  to.counter('denied_total', 'Requests refused at the door by what was wrong with their signature.', () =>
    [...counters.denied].map(([fault, count]): Sample => [{ fault }, count]),
  );
  to.counter('table_events_total', 'What became of reads and writes of tables under a plan.', () => tableEvents(views));
}

function tableEvents(views: Views): Sample[] {
  const shown = [...views.totals].slice(0, TABLES_MAX);
  const rest = emptyCounts();
  for (const [, counts] of [...views.totals].slice(TABLES_MAX)) {
    for (const name of COUNTS) rest[name] += counts[name];
  }
  const all = views.totals.size > TABLES_MAX ? [...shown, ['other', rest] as const] : shown;
  return all.flatMap(([table, counts]) => COUNTS.map((event): Sample => [{ table, event }, counts[event]]));
}

function addStores({ counters, stores }: Measured, to: { registry: Registry; counter: Add; gauge: Add }): void {
  to.counter('store_attempts_total', 'Requests to stores by what came of them: one write is several of them.', () =>
    [...counters.attempts].flatMap(([store, byOperation]) =>
      [...byOperation].flatMap(([operation, tally]) =>
        [...tally.counts].map(([outcome, count]): Sample => [{ store, operation, outcome }, count]),
      ),
    ),
  );
  addHistogram(to.registry, {
    name: 'store_seconds',
    help: 'Time of requests to stores.',
    read: () =>
      [...counters.attempts].flatMap(([store, byOperation]) =>
        [...byOperation].map(([operation, { latency }]): [Labels, Latency] => [{ store, operation }, latency]),
      ),
  });
  to.counter('read_repeats_total', 'Reads sent once more because their connection was lost.', () => [
    [{}, counters.repeatedReads],
  ]);
  to.gauge('breaker_state', '0 closed, 1 half open, 2 open.', () =>
    stores.breakers().map(({ store, state }): Sample => [{ store }, STATES[state]]),
  );
  to.counter('breaker_opened_total', 'Times that the breaker of a store opened.', () =>
    stores.breakers().map(({ store, opened }): Sample => [{ store }, opened]),
  );
  to.gauge('store_paused_seconds', 'For how long a store asked to be left alone yet (Retry-After).', () =>
    stores.breakers().map(({ store, pausedForMs }): Sample => [{ store }, pausedForMs / 1_000]),
  );
}

/** -1 stands for "never yet", because a missing series raises no alarm. */
const ageS = (ms: number | null): Sample[] => [[{}, ms === null ? -1 : ms / 1_000]];

const one = (read: () => number) => (): Sample[] => [[{}, read()]];

function addState({ views, intents, notReady, dirtyKeys }: Measured, gauge: Add): void {
  const ready = one(() => (notReady() === null ? 1 : 0));
  gauge('ready', '1 when requests should be sent here.', ready);
  const epoch = one(() => views.current?.snapshot.epoch ?? 0);
  gauge('epoch', 'The routing epoch that requests obey.', epoch);
  const incarnation = one(() => views.current?.snapshot.incarnation ?? 0);
  gauge('incarnation', 'Its incarnation.', incarnation);
  gauge('dirty_keys', 'Dirty keys known here.', one(dirtyKeys));
  const open = one(() => intents.size);
  gauge('intents_open', 'Keys with an open write or an uncommitted mark.', open);
  const unproven = one(() => intents.unproven.size);
  gauge('unproven_tables', 'Tables whose writes could not be recorded.', unproven);
}

function addDatabase({ routingAgeMs, feedAgeMs, marks }: MeasuredDatabase, to: { counter: Add; gauge: Add }): void {
  const routing = () => ageS(routingAgeMs());
  to.gauge('routing_age_seconds', 'Since routing was last read from Postgres; -1: never yet.', routing);
  const feed = () => ageS(feedAgeMs());
  to.gauge('dirty_feed_age_seconds', 'Since dirty keys were last read from Postgres; -1: never yet.', feed);
  const waiting = one(() => marks.size);
  to.gauge('marks_waiting', 'Marks that wait for Postgres.', waiting);
  const dropped = one(() => marks.dropped);
  to.counter('marks_dropped_total', 'Marks for which the owed verification of their table stands.', dropped);
}

function addProcess({ admission, loopDelay }: Measured, to: { counter: Add; gauge: Add }): void {
  const rooms = () => Object.entries(admission.inFlight());
  to.gauge('in_flight', 'Requests, held requests, images and shadow reads under way.', () =>
    rooms().map(([name, room]): Sample => [{ class: name }, room.count]),
  );
  to.gauge('in_flight_bytes', 'Bytes that they hold, about.', () =>
    rooms().map(([name, room]): Sample => [{ class: name }, room.bytes]),
  );
  to.counter('shed_total', 'What was refused for want of room, by class.', () =>
    Object.entries(admission.shed).map(([name, count]): Sample => [{ class: name }, count]),
  );
  to.gauge('event_loop_delay_seconds', 'How late the event loop runs.', () => [
    [{ of: 'sustained' }, loopDelay.sustainedMs() / 1_000],
    [{ of: 'p99' }, loopDelay.p99Ms() / 1_000],
  ]);
  to.gauge('resident_memory_bytes', 'Memory of the process.', () => [[{}, process.memoryUsage.rss()]]);
  to.gauge('heap_used_bytes', 'Of it, objects of JavaScript.', () => [[{}, process.memoryUsage().heapUsed]]);
}

/** A histogram whose buckets are counted elsewhere: prom-client's own would count for itself. */
function addHistogram(registry: Registry, of: { name: string; help: string; read(): [Labels, Latency][] }): void {
  const name = PREFIX + of.name;
  const get = async () => ({
    ...{ name, help: of.help, type: 'histogram', aggregator: 'sum' },
    values: of.read().flatMap(([labels, latency]) => {
      let sum = 0;
      const buckets = [...latency.counts].map((count, at) => {
        sum += count;
        const le = LATENCY_BOUNDS_S[at] ?? '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: latency.sumS },
        { metricName: `${name}_count`, labels, value: sum },
      ];
    }),
  });
  registry.registerMetric({ name, help: of.help, get, reset: () => {} } as unknown as MetricObject as never);
}
