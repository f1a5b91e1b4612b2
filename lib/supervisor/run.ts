/**
 * The supervisor: one parent that brings everything up in order, each process gated on the readiness of the one before
 * and never on time, keeps it up, and takes it down in the reverse order.
 */
import { openDatabase, type Sql } from '@/db/client';
import { migrate } from '@/db/migrate';
import { DEMO_CONNECTIONS, DEMO_PEOPLE } from '@/db/seed/demo-names';
import type { SupervisorConfig } from '@/lib/config';
import { buildIfStale } from './build';
import { type ChildSpec, ManagedChild } from './child';
import { type DataDir, dataDirAt, resetDataDir, type Secrets, secretsIn } from './data-dir';
import { recordGatewayCrash, recordWorkerEnd } from './exits';
import { type Lock, takeLock } from './lock';
import { isPortFree, type RunningPostgres, startPostgres } from './postgres';
import * as processes from './processes';

const POSTGRES_SETTINGS = { max_connections: '200' };
const PORT_FREE_MS_MAX = 5_000;
/** Until a dashboard that ended again and again is tried anew. */
const AGAIN_MS = 60_000;

export type Command = 'demo' | 'start' | 'web';

/** A refusal to start that a person can mend; its message is all there is to say. */
export class StartRefusedError extends Error {
  override readonly name = 'StartRefusedError';
}

const isLoopback = (host: string) => ['127.0.0.1', '::1', 'localhost'].includes(host);

/** Beyond loopback the secrets must be somebody's own: generated ones lie on this disk and nowhere else. */
function requireSecretsBeyondLoopback(config: SupervisorConfig): void {
  if (isLoopback(config.bindHost)) return;
  const missing = [
    ...(config.sealingKey ? [] : ['LANDFALL_SEALING_KEY']),
    ...(config.authSecret ? [] : ['BETTER_AUTH_SECRET']),
  ];
  if (missing.length === 0) return;
  throw new StartRefusedError(
    `LANDFALL_BIND_HOST is ${config.bindHost}, beyond this machine, so these must be set: ${missing.join(', ')}. ` +
      '.env.example says how to make them.',
  );
}

async function requirePorts(ports: Record<string, number>): Promise<void> {
  const busy: string[] = [];
  for (const [variable, port] of Object.entries(ports)) {
    const giveUpAt = performance.now() + PORT_FREE_MS_MAX;
    // A process that was just ended may hold its port for a moment.
    while (!(await isPortFree(port)) && performance.now() < giveUpAt)
      await new Promise((done) => setTimeout(done, 100));
    if (!(await isPortFree(port))) busy.push(`port ${port} (${variable})`);
  }
  if (busy.length === 0) return;
  throw new StartRefusedError(
    `Taken by another process: ${busy.join(', ')}. Free it, or set the variable to another port.`,
  );
}

const portsOf = (command: Command, config: SupervisorConfig): Record<string, number> => ({
  LANDFALL_WEB_PORT: config.webPort,
  ...(command === 'web' ? {} : { LANDFALL_GATEWAY_PORT: config.gatewayPort }),
  ...(command === 'demo'
    ? {
        LANDFALL_SOURCE_PORT: config.sourcePort,
        LANDFALL_TARGET_PORT: config.targetPort,
        LANDFALL_APPLICATION_PORT: config.applicationPort,
        LANDFALL_ALERTS_PORT: config.alertsPort,
      }
    : {}),
});

export class Supervisor {
  readonly #dir: DataDir;
  readonly #began = performance.now();
  readonly #children: ManagedChild[] = [];
  #lock: Lock | null = null;
  #postgres: RunningPostgres | null = null;
  #records: { sql: Sql; close(): Promise<void> } | null = null;
  #stopping: Promise<void> | null = null;
  #isUp = false;
  /** Resolves with the exit code once everything has stopped. */
  readonly ended: Promise<number>;
  #end: (code: number) => void = () => {};

  constructor(
    private readonly command: Command,
    private readonly config: SupervisorConfig,
    private readonly print: (line: string) => void,
  ) {
    this.#dir = dataDirAt(config.dataDir);
    this.ended = new Promise((done) => {
      this.#end = done;
    });
  }

  async start(options: { reset: boolean }): Promise<void> {
    const { command, config } = this;
    requireSecretsBeyondLoopback(config);
    const url = config.publicUrl;
    const startedAt = new Date().toISOString();
    this.#lock = await takeLock(this.#dir.lock, { pid: process.pid, command: `npm run ${command}`, url, startedAt });
    if (options.reset) await this.#reset();
    await requirePorts(portsOf(command, config));
    const secrets = secretsIn(this.#dir);
    const sandbox = { config, dir: this.#dir, secrets };
    const [databaseUrl] = await Promise.all([
      this.#database(),
      command === 'demo' ? this.#startStores(sandbox) : Promise.resolve(),
    ]);
    const setting = { ...sandbox, databaseUrl };
    this.#records = openDatabase('supervisor', databaseUrl);
    for (const { name, pid } of this.#lock.leftovers) {
      if (name === 'worker') await recordWorkerEnd(this.#records.sql, pid);
    }
    await this.#build();
    if (command === 'demo') await this.#seed(setting);
    await this.#startProcesses(setting);
    if (command === 'demo') await this.#up(processes.application(sandbox));
    this.#announce(secrets);
    this.#isUp = true;
  }

  async #reset(): Promise<void> {
    // A server that outlived its parent is adopted first, or its files would go from under it.
    const left = await startPostgres({ dataDir: this.#dir.postgres, port: 0, stopAdopted: true }).catch(() => null);
    await left?.stop();
    resetDataDir(this.#dir);
    this.print('Everything of the data directory was removed.');
  }

  /** The operator's Postgres, or ours; migrated once, before any process. */
  async #database(): Promise<string> {
    const { databaseUrl, postgresPort } = this.config;
    let url = databaseUrl;
    // The demo makes people and connections of its own: never on a database that others may use.
    if (url !== undefined && this.command === 'demo' && !isLoopback(new URL(url).hostname)) {
      throw new StartRefusedError(
        'The demo uses a DATABASE_URL on this machine alone; unset it for the embedded Postgres.',
      );
    }
    if (url === undefined) {
      const { postgres } = this.#dir;
      const given = { dataDir: postgres, port: postgresPort, settings: POSTGRES_SETTINGS, stopAdopted: true };
      this.#postgres = await startPostgres(given);
      url = this.#postgres.url;
    }
    const applied = await migrate(url);
    this.#say(applied.length > 0 ? `database ready, ${applied.length} migration(s) applied` : 'database ready');
    return url;
  }

  async #startStores(sandbox: Omit<processes.Setting, 'databaseUrl'>): Promise<void> {
    const specs = [processes.source(sandbox), processes.target(sandbox), processes.alerts(sandbox)];
    const [source] = await Promise.all(specs.map((spec) => this.#up(spec)));
    const { items, loadMs } = source?.readyFields ?? {};
    if (typeof items === 'number') this.#say(`${items} sample items written to the source in ${loadMs} ms`);
  }

  async #build(): Promise<void> {
    const began = performance.now();
    const isBuilt = await buildIfStale(() => {});
    if (isBuilt) this.#say(`dashboard built in ${Math.round((performance.now() - began) / 1000)} s`);
  }

  async #seed(setting: processes.Setting): Promise<void> {
    const { config, secrets, databaseUrl } = setting;
    const sealingKey = config.sealingKey ?? secrets.sealingKey;
    // Loaded here alone: the services take seconds to load, and a refusal to start should not wait for them.
    const [{ seedDemo }, { createServiceContext }, { createLog }] = await Promise.all([
      import('@/db/seed/demo'),
      import('@/lib/services/context'),
      import('@/lib/adapters/log'),
    ]);
    const log = createLog({ process: 'supervisor', level: 'warn' });
    const ctx = createServiceContext({ process: 'supervisor', databaseUrl, sealingKey, log });
    const store = (port: number, adminToken: string) => ({
      endpoint: processes.local(port),
      adminUrl: processes.adminUrlOf(port),
      adminToken,
    });
    try {
      await seedDemo(ctx, {
        source: store(config.sourcePort, secrets.sourceAdminToken),
        target: store(config.targetPort, secrets.targetAdminToken),
        passwords: { ada: secrets.adaPassword, grace: secrets.gracePassword },
        application: { ...secrets.applicationKey, tables: processes.applicationTables },
        alerts: { url: processes.alertUrlOf(config.alertsPort), secret: secrets.alertSecret },
      });
    } finally {
      await ctx.close();
    }
  }

  async #startProcesses(setting: processes.Setting): Promise<void> {
    const connection = this.command === 'demo' ? DEMO_CONNECTIONS.source : this.config.gatewayConnection;
    const specs = [processes.web(setting)];
    if (this.command !== 'web') {
      specs.unshift(processes.worker(setting));
      if (connection) specs.unshift(processes.gateway(setting, connection));
      else this.print('No gateway runs: set LANDFALL_GATEWAY_CONNECTION to the name of a source connection.');
    }
    await Promise.all(specs.map((spec) => this.#up(spec)));
  }

  async #up(spec: ChildSpec): Promise<ManagedChild> {
    const { command } = this;
    const child: ManagedChild = new ManagedChild(spec, this.#dir.logs, {
      started: () => this.#noteChildren(),
      crashed: (pid, how) => this.#crashed(spec.name, pid, how),
      gaveUp: (tail) => {
        if (this.#isUp && processes.mayBeWithout(spec.name, command)) {
          this.print(`${spec.name} ended five times within a minute and is tried again in a minute; all else goes on`);
          child.againIn(AGAIN_MS);
          return;
        }
        this.print(`${spec.name} ended five times within a minute, so Landfall stops. The end of its log:\n${tail}`);
        void this.stop(1);
      },
    });
    this.#children.push(child);
    await child.start();
    this.#say(`${spec.name} ready`);
    return child;
  }

  #noteChildren(): void {
    const children = this.#children.flatMap(({ spec, pid }) => (pid === null ? [] : [{ name: spec.name, pid }]));
    this.#lock?.update({ children });
  }

  #crashed(name: string, pid: number, how: string): void {
    this.print(`${name} ended (${how}) and is started again`);
    const sql = this.#records?.sql;
    if (!sql) return;
    const failed = (error: Error) => this.print(`The end of ${name} could not be recorded: ${error.message}`);
    if (name === 'worker') recordWorkerEnd(sql, pid).catch(failed);
    if (name === 'gateway') recordGatewayCrash(sql, how).catch(failed);
  }

  #say(sentence: string): void {
    this.print(`${((performance.now() - this.#began) / 1000).toFixed(1).padStart(6)} s  ${sentence}`);
  }

  #announce(secrets: Secrets): void {
    const { config, command } = this;
    this.print('');
    this.print(`Landfall runs at ${config.publicUrl}`);
    if (command !== 'demo') return;
    const { ada, grace } = DEMO_PEOPLE;
    this.print(
      `  gateway      ${processes.local(config.gatewayPort)}   application  ${processes.local(config.applicationPort)}`,
    );
    this.print(`  sign in as   ${ada.email}    ${secrets.adaPassword}   (administrator)`);
    this.print(`  or as        ${grace.email}  ${secrets.gracePassword}   (approver)`);
  }

  /** Stops everything in the reverse order of its start; later calls wait for the first. */
  stop(code: number): Promise<void> {
    this.#stopping ??= this.#stop(code);
    return this.#stopping;
  }

  async #stop(code: number): Promise<void> {
    for (const child of [...this.#children].reverse()) {
      const { pid, spec } = child;
      await child.stop();
      // A worker that was killed after its grace said no goodbye.
      if (spec.name === 'worker' && pid !== null && this.#records) {
        await recordWorkerEnd(this.#records.sql, pid).catch(() => {});
      }
    }
    await this.#records?.close();
    await this.#postgres?.stop();
    this.#lock?.release();
    this.#end(code);
  }

  /** The second Ctrl-C. Postgres still gets its fast shutdown: it is quick, and it is the data. */
  kill(): void {
    for (const child of this.#children) child.kill();
    if (this.#postgres) process.kill(this.#postgres.pid, 'SIGINT');
    this.#lock?.release();
    this.#end(130);
  }
}
