/** What the gateway bench says, in numbers and in a table. */
import type { Machine } from './machine';

export interface Sample {
  /** Requests for one second of the proxy's processor time. */
  perCpuSecond: number;
  /** Requests a second of the clock, as far as load and store kept up. */
  perSecond: number;
  usUsed: number;
  /** How much of one core the proxy used. */
  share: number;
}

interface Percentiles {
  p50Ms: number;
  p99Ms: number;
}

export interface GatewayResult {
  bench: 'gateway';
  gatewayOverNginx: number | null;
  gatewayOverHttpProxy: number | null;
  dualWriteOverNginx: number | null;
  addedP50Ms: number;
  p99OverNginx: number | null;
  met: boolean;
  bars: Record<string, number>;
  rounds: number;
  /** Of each variant that runs in Node. */
  processes: number;
  series: Record<string, Sample[]>;
  paced: {
    addedP50Ms: number;
    p99OverNginx: number | null;
    direct: Percentiles | null;
    nginx: Percentiles | null;
    gateway: Percentiles | null;
  };
  proof: {
    source: Record<string, number>;
    target: Record<string, number>;
    items: number;
    unequal: number;
    wallS: number;
  };
  versions: { nginx: string | null; httpProxy: string };
  /** Seconds that all processors were busy during the rounds, whoever used them. */
  othersBusyS: number;
  pinned: boolean;
  /** Proxies, store and load were scheduled before the machine's other work. */
  goesFirst: boolean;
  machine: Machine;
  at: string;
}

export const round = (value: number): number => Number(value.toFixed(3));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Median of the ratios of each round; null where one of them did not run. */
export function medianRatio(a: readonly Sample[], b: readonly Sample[]): number | null {
  if (a.length === 0 || a.length !== b.length) return null;
  return round(median(a.map((one, at) => one.perCpuSecond / (b[at] as Sample).perCpuSecond)));
}

const NAMES: Record<string, string> = {
  nginx: 'nginx, bytes passed through',
  httpProxy: 'http-proxy with kept connections, bytes passed through',
  gateway: 'gateway, source only: signature checked, signed anew',
  dual: 'gateway, dual write: intent on disk, mirror, confirming read',
};

function row(id: string, samples: readonly Sample[]): string {
  const [who = '', operation = ''] = id.split(' ');
  const of = (pick: (sample: Sample) => number, digits = 0) =>
    median(samples.map(pick)).toLocaleString('en-US', { maximumFractionDigits: digits });
  return `| ${NAMES[who] ?? who} | ${operation} | ${of((one) => one.perCpuSecond)} | ${of((one) => one.usUsed)} | ${of((one) => one.perSecond)} | ${of((one) => one.share * 100)} % |`;
}

export function gatewayMarkdown(result: GatewayResult): string {
  const { machine, bars, paced } = result;
  const say = (value: number | null) => (value === null ? 'not measured' : String(value));
  const spread = (id: string) => {
    const all = (result.series[id] ?? []).map((one) => one.perCpuSecond);
    return all.length === 0 ? '' : (Math.max(...all) / Math.min(...all)).toFixed(2);
  };
  const at = (one: Percentiles | null) => (one === null ? 'not measured' : `p50 ${one.p50Ms} ms, p99 ${one.p99Ms} ms`);
  return `# What the gateway costs

GetItem and PutItem of 1 KB, 32 kept connections, ${result.rounds} alternating rounds of 0.8 s (those in Node in ${result.processes} processes each, in turn), on ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, load ${machine.loadAtStart} at the start${result.pinned ? ', proxies on one core, store and load on another' : ''}${result.goesFirst ? ', all of them scheduled before other work (round robin)' : ''}. Taken ${result.at} with \`npm run bench -- gateway\`. Rivals: ${result.versions.nginx ?? 'no nginx'}, ${result.versions.httpProxy}.

Requests are counted for a second of the proxy's own processor time (all threads), because store and load share the machine with it; ratios are medians of the ratios of each round. Of GetItem and PutItem the worse ratio counts.

| | measured | bar |
|---|---|---|
| **gateway over nginx**, source only | **${say(result.gatewayOverNginx)}** | ≥ ${bars.gatewayOverNginx} |
| **gateway over http-proxy**, source only | **${say(result.gatewayOverHttpProxy)}** | ≥ ${bars.gatewayOverHttpProxy} |
| **dual write over nginx** | **${say(result.dualWriteOverNginx)}** | ≥ ${bars.dualWriteOverNginx} |
| **added to the median latency**, ms at 1,000 requests/s | **${paced.addedP50Ms}** | ≤ ${bars.addedP50Ms} |
| p99 over nginx's p99 at 1,000 requests/s | ${say(paced.p99OverNginx)} | reported |

| | operation | requests a CPU second | µs CPU a request | requests a second | of its core |
|---|---|---|---|---|---|
${Object.entries(result.series)
  .map(([id, samples]) => row(id, samples))
  .join('\n')}

Spread of a series (largest over smallest round): ${Object.keys(result.series)
    .map((id) => `${id} ${spread(id)}`)
    .join(', ')}.

Latency at 1,000 requests/s: store itself ${at(paced.direct)}; nginx ${at(paced.nginx)}; gateway ${at(paced.gateway)}.

After the run both stores held the same ${result.proof.items} items of the mirrored table. All processors together were busy ${result.othersBusyS} s in ${result.proof.wallS} s of rounds, other work included.
`;
}
