/**
 * Load that knows nothing of Landfall: signed requests over kept connections, never repeated, sent when their time has
 * come whether or not others were answered (open loop). It prefers gateways that say they are ready, as a balancer does,
 * and tells a connection that was refused (nothing was sent; the next gateway gets it) from one that was lost.
 */
import { Agent, request as send } from 'node:http';
import { signRequest } from '@/lib/adapters/dynamodb/sign';

const REQUEST_MS_MAX = 30_000;
/** Requests that wait for an answer here; beyond it the generator itself would be what is measured. */
const OPEN_MAX = 5_000;

export interface LoadTarget {
  url: string;
  isReady: boolean;
  agent: Agent;
}

export interface Answer {
  status: number;
  /** The error's name, `ok`, or how the connection failed: `reset`, `refused`, `timeout`. */
  outcome: string;
  ms: number;
  body: string;
}

export interface LoadOptions {
  credentials: { accessKeyId: string; secretAccessKey: string };
  targets: LoadTarget[];
}

export const loadTarget = (url: string): LoadTarget => ({
  url,
  isReady: true,
  agent: new Agent({ keepAlive: true, maxSockets: 512 }),
});

/** Looks at /ready of each target, as a balancer does; returns what ends it. */
export function watchReady(targets: () => readonly LoadTarget[], everyMs = 100): () => void {
  const timer = setInterval(() => {
    for (const target of targets()) {
      fetch(`${target.url}/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        (answer) => {
          target.isReady = answer.status === 200;
          void answer.text();
        },
        () => {
          target.isReady = false;
        },
      );
    }
  }, everyMs);
  return () => clearInterval(timer);
}

export class Load {
  readonly outcomes = new Map<string, number>();
  readonly tookMs: number[] = [];
  open = 0;
  sent = 0;
  /** Not sent because too many were open already. */
  skipped = 0;
  #next = 0;

  constructor(private readonly options: LoadOptions) {}

  /** One request, over to the next gateway only where the connection itself was refused. */
  async call(operation: string, input: object): Promise<Answer> {
    const body = JSON.stringify(input);
    this.open += 1;
    this.sent += 1;
    const startedAt = performance.now();
    try {
      let answer = await this.#once(this.#pick(), { operation, body });
      for (let tries = 1; answer.outcome === 'refused' && tries < 10; tries += 1) {
        await new Promise((done) => setTimeout(done, 20));
        answer = await this.#once(this.#pick(), { operation, body });
      }
      const ms = performance.now() - startedAt;
      this.tookMs.push(ms);
      this.outcomes.set(answer.outcome, (this.outcomes.get(answer.outcome) ?? 0) + 1);
      return { ...answer, ms };
    } finally {
      this.open -= 1;
    }
  }

  /** Calls `next` so many times a second until `isOver`; lateness of the machine is caught up with. */
  async openLoop(of: { perSecond: number; isOver(): boolean; next(): Promise<unknown> }): Promise<void> {
    const startedAt = performance.now();
    let due = 0;
    while (!of.isOver()) {
      const wanted = Math.floor(((performance.now() - startedAt) / 1_000) * of.perSecond);
      for (; due < wanted; due += 1) {
        if (this.open >= OPEN_MAX) this.skipped += 1;
        else void of.next();
      }
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  #pick(): LoadTarget {
    const { targets } = this.options;
    const ready = targets.filter((target) => target.isReady);
    const among = ready.length > 0 ? ready : targets;
    this.#next += 1;
    return among[this.#next % among.length] as LoadTarget;
  }

  #once(target: LoadTarget, of: { operation: string; body: string }): Promise<Omit<Answer, 'ms'>> {
    const { host, hostname, port } = new URL(target.url);
    const headers = signRequest({
      ...{ method: 'POST', path: '/', body: of.body, region: 'eu-central-1', service: 'dynamodb', nowMs: Date.now() },
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${of.operation}`,
      },
      credentials: this.options.credentials,
    });
    return new Promise((done) => {
      const failed = (error: Error & { code?: string }) =>
        done({ status: 0, outcome: FAILURES[error.code ?? ''] ?? 'reset', body: String(error.code ?? error.message) });
      const outgoing = send({ agent: target.agent, hostname, port, method: 'POST', path: '/', headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', failed);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = incoming.statusCode ?? 0;
          done({ status, outcome: status === 200 ? 'ok' : errorOf(text, status), body: text });
        });
      });
      outgoing.setTimeout(REQUEST_MS_MAX, () => outgoing.destroy(Object.assign(new Error('late'), { code: 'LATE' })));
      outgoing.on('error', failed);
      outgoing.end(of.body);
    });
  }
}

const FAILURES: Record<string, string> = { ECONNREFUSED: 'refused', LATE: 'timeout' };

function errorOf(text: string, status: number): string {
  const type = /"__type":"[^"]*?([A-Za-z]+)"/.exec(text)?.[1];
  return type ?? `status ${status}`;
}
