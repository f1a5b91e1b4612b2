/** From the commit of an epoch in Postgres to every gateway acting on it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTransaction } from '@/db/client';
import { republishRouting } from '@/db/queries/routing/publish';
import { spawnGateway } from '../gateway-process';
import { openServiceRig } from '../service-rig';
import { waitFor } from '../wait-for';
import { SCENE_SCHEMA, SCENE_SETTINGS } from './fence-scene';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const COMMITS = 200;
const GATEWAYS = 3;
const P99_MS_MAX = 250;

/**
 * Each commit raises the epoch of one table. `acknowledged_at` is the database's time when a gateway said that the epoch
 * is on its disk and that every request of an older one has ended, so it is later than the moment at which it began to
 * act on it; `changed_at` is the beginning of the transaction that published it. Both stretch what is measured.
 */
export async function runPropagation(options: LongOptions): Promise<LongRun> {
  const commits = options.rounds ?? COMMITS;
  const rig = await openServiceRig({ serverUrl: options.serverUrl });
  const dataDir = mkdtempSync(join(tmpdir(), 'landfall-propagation-'));
  const table = await rig.newTable({ name: 'orders', stage: 'shift', schema: SCENE_SCHEMA, settings: SCENE_SETTINGS });
  const connection = table.sourceConnectionId;
  const gateways = await Promise.all(
    Array.from({ length: GATEWAYS }, (_, index) =>
      spawnGateway({ databaseUrl: rig.database.url, connection, identity: `gateway-${index}`, dataDir }),
    ),
  );
  const slowestMs: number[] = [];
  const eachMs: number[] = [];
  try {
    for (let commit = 0; commit < commits; commit += 1) {
      const { epoch } = await withTransaction(rig.ctx.db, (tx) => republishRouting(tx, table.id));
      const ages = await waitFor(
        async () => {
          const rows = await rig.sql<{ ms: number }[]>`
            select (extract(epoch from g.acknowledged_at - h.changed_at) * 1000)::float8 as ms
            from gateway g join routing_head h on h.connection_id = g.connection_id
            where g.state = 'registered' and g.acknowledged_epoch >= ${epoch}`;
          return rows.length === GATEWAYS ? rows.map((row) => row.ms) : null;
        },
        { what: `every gateway to acknowledge epoch ${epoch}`, everyMs: 5 },
      );
      eachMs.push(...ages);
      slowestMs.push(Math.max(...ages));
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.kill()));
    await rig.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const all = { p50: percentile(slowestMs, 0.5), p99: percentile(slowestMs, 0.99), max: percentile(slowestMs, 1) };
  const one = { p50: percentile(eachMs, 0.5), p99: percentile(eachMs, 0.99), max: percentile(eachMs, 1) };
  return {
    broken: all.p99 < P99_MS_MAX ? [] : [`p99 of ${all.p99} ms is not below ${P99_MS_MAX} ms`],
    figures: { commits, gateways: GATEWAYS, everyGatewayMs: all, oneGatewayMs: one },
    words: `${commits} commits of a new epoch, ${GATEWAYS} gateways, each a process of its own. Measured by the database's clock, from
the beginning of the publishing transaction to the gateway's acknowledgement (the epoch is on its disk, every older
request has ended).

| | p50 | p99 | longest |
|---|---|---|---|
| until every gateway acknowledged | ${all.p50} ms | ${all.p99} ms | ${all.max} ms |
| until one did | ${one.p50} ms | ${one.p99} ms | ${one.max} ms |`,
  };
}
