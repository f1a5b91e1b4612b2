/** Counters on their way to Postgres: taken every second, kept while it is away, the oldest dropped past a bound. */
import type { Sql } from '@/db/client';
import { insertTraffic, type TrafficRow } from '@/db/queries/gateway/traffic';
import { bookRequests } from '@/db/queries/gateway/use';
import type { Clock, Log } from '@/lib/adapters/ports';
import { LIMITS } from '../limits';
import { emptyCounts } from '../pipeline/traffic';
import type { Views } from '../pipeline/views';
import type { SealedStores } from '../stores';

export class TrafficReport {
  #waiting: TrafficRow[] = [];
  #takenAtMs: number;

  constructor(
    private readonly options: {
      sql: Sql;
      gatewayId: string;
      views: Views;
      stores: Pick<SealedStores, 'takeSent' | 'giveBack'>;
      clock: Clock;
      log: Log;
    },
  ) {
    this.#takenAtMs = options.clock.monotonicMs();
  }

  async run(): Promise<void> {
    this.#take();
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.slice(0, 200);
      await insertTraffic(this.options.sql, rows);
      this.#waiting.splice(0, rows.length);
    }
    await this.#book();
  }

  /** Requests count against the month's quota of their store; what cannot be booked now is booked with the next. */
  async #book(): Promise<void> {
    const { sql, stores } = this.options;
    const sent = [...stores.takeSent()];
    while (sent.length > 0) {
      const [connectionId, requests] = sent[0] as [string, number];
      try {
        await bookRequests(sql, { connectionId, requests });
      } catch (error) {
        for (const [id, count] of sent) stores.giveBack(id, count);
        throw error;
      }
      sent.shift();
    }
  }

  #take(): void {
    const { gatewayId, views, clock, log } = this.options;
    const nowMs = clock.monotonicMs();
    const spanMs = Math.round(nowMs - this.#takenAtMs);
    this.#takenAtMs = nowMs;
    for (const view of views.viewsToSample()) {
      for (const [planTableId, traffic] of view.touched()) {
        this.#waiting.push({
          planTableId,
          gatewayId,
          epoch: view.epoch,
          atMs: clock.nowMs(),
          spanMs,
          counts: traffic.counts,
          sourceUs: traffic.latency.source.take(),
          targetUs: traffic.latency.target.take(),
          shadowSourceUs: traffic.shadowLatency.source.take(),
          shadowTargetUs: traffic.shadowLatency.target.take(),
        });
        traffic.counts = emptyCounts();
        traffic.isTouched = false;
      }
    }
    const tooMany = this.#waiting.length - LIMITS.trafficSamplesWaitingMax;
    if (tooMany <= 0) return;
    this.#waiting.splice(0, tooMany);
    log.warn({ dropped: tooMany }, 'Traffic samples were dropped: Postgres has been away for long');
  }
}
