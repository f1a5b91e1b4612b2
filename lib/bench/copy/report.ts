/** Tables and results of the copy benches. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, type Machine } from '../machine';
import type { Measurement, Work } from './protocol';
import { median, OLD_CPU_S, type Rounds, rateOf, ratioOf, WARM_UP_CPU_S } from './rounds';

/** One client's rate over another's. */
export interface Bar {
  name: string;
  variant: string;
  over: string;
  /** Null: told, and held to nothing. */
  atLeast: number | null;
  /** The client that does the same over bare sockets and nothing else: what this machine can do at best. */
  limit?: string;
}

interface Measured extends Bar {
  value: number;
  /** The ratio that the limit itself comes to; null where none is named. */
  limitValue: number | null;
  /** The same of processes that are old. */
  old: number;
}

export interface CopyResult {
  bench: Work;
  bars: Bar[];
  rounds: Rounds;
  machine: Machine;
  /** What the figures leave out or stand for, in sentences. */
  notes: readonly string[];
}

const SAYS: Record<string, string> = {
  sdk: 'AWS SDK v3 as it comes',
  tunedSdk: 'AWS SDK v3, no logger, own agents',
  socketLimit: 'cuts over a bare socket, signed',
  socketLimitConfirmed: 'cuts over a bare socket, signed, each item read back',
  product: 'worker, unconfirmed',
  productConfirmed: 'worker, confirmed',
};

/** What the rival is, for whoever compares these figures with older ones. */
export const SDK_NOTES: readonly string[] = [
  'The SDK is the loop that its users write: a DynamoDBClient as it comes, the next page asked for while the last one is worked on, what is left unprocessed sent again. Attribute values are not turned into JavaScript objects, which would cost it more.',
  'Up to @aws-sdk/core 3.981.0 every input and output was copied for a logger that says nothing, which halved the speed of a client as it comes; 3.981.1, which is used here, does not. A client without a logger is hardly faster any more.',
  'A client is measured at the age at which the bars were set. The SDK is the slowest to warm up, so a copy that runs for long is told by the old processes.',
];

/** Writes `results/<bench>.json` and `.md` and prints the one line of the result. Exit code 1 where a bar is missed. */
export function report(result: Omit<CopyResult, 'machine'>, isKept: boolean): void {
  const machine = describeMachine();
  const { rounds } = result;
  const bars: Measured[] = result.bars.map((bar) => {
    const { variant, over, limit } = bar;
    const limitValue = limit === undefined ? null : ratioOf(rounds.rounds, limit, over);
    const value = ratioOf(rounds.rounds, variant, over);
    return { ...bar, value, limitValue, old: ratioOf([rounds.old], variant, over) };
  });
  const variants = Object.keys(rounds.rounds[0] ?? {});
  const sdkVersion = (createRequire(import.meta.url)('@aws-sdk/client-dynamodb/package.json') as { version: string })
    .version;
  const of = (variant: string, value: (one: Measurement) => number) =>
    rounds.rounds.map((row) => value(row[variant] as Measurement));
  const rows = variants.map((variant) => {
    const rates = of(variant, rateOf);
    return {
      variant,
      itemsPerCpuS: Math.round(median(rates)),
      min: Math.round(Math.min(...rates)),
      max: Math.round(Math.max(...rates)),
      cpuUsPerItem: Number((1e6 / median(rates)).toFixed(2)),
      itemsPerS: Math.round(median(of(variant, (one) => one.items / one.wallS))),
      oldItemsPerCpuS: Math.round(rateOf(rounds.old[variant] as Measurement)),
    };
  });
  const printed = {
    bench: result.bench,
    ...Object.fromEntries(bars.map((bar) => [bar.name, Number(bar.value.toFixed(2))])),
    met: bars.every(isMet),
    missed: bars.filter((bar) => !isMet(bar)).map((bar) => bar.name),
    outOfReach: bars.filter(isOutOfReach).map((bar) => bar.name),
    bars: Object.fromEntries(bars.map((bar) => [bar.name, bar.atLeast])),
    limits: Object.fromEntries(bars.map((bar) => [bar.name, rounded(bar.limitValue)])),
    old: Object.fromEntries(bars.map((bar) => [bar.name, Number(bar.old.toFixed(2))])),
    warmUpCpuS: WARM_UP_CPU_S,
    oldCpuS: OLD_CPU_S,
    rows,
    check: rounds.check,
    isPinned: rounds.isPinned,
    rounds: rounds.rounds.length,
    sdkVersion,
    machine,
    at: new Date().toISOString(),
  };
  if (isKept) {
    const results = fileURLToPath(new URL('../results', import.meta.url));
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, `${result.bench}.json`), `${JSON.stringify(printed, null, 2)}\n`);
    writeFileSync(join(results, `${result.bench}.md`), markdown(printed, result.notes, bars));
  }
  process.stdout.write(`${JSON.stringify(printed)}\n`);
  if (!printed.met) process.exitCode = 1;
}

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toFixed(2)));

const isMet = ({ value, atLeast }: Measured): boolean => atLeast === null || value >= atLeast;

/** Even the bare sockets, which keep no account of anything, do not come to the bar in this run. */
const isOutOfReach = ({ atLeast, limitValue }: Measured): boolean =>
  atLeast !== null && limitValue !== null && limitValue < atLeast;

interface Printed {
  bench: Work;
  rows: {
    variant: string;
    itemsPerCpuS: number;
    min: number;
    max: number;
    cpuUsPerItem: number;
    itemsPerS: number;
    oldItemsPerCpuS: number;
  }[];
  check: Rounds['check'];
  isPinned: boolean;
  rounds: number;
  sdkVersion: string;
  machine: Machine;
  at: string;
}

function markdown(of: Printed, notes: readonly string[], bars: readonly Measured[]): string {
  const n = (value: number) => value.toLocaleString('en-US');
  const { machine } = of;
  const pinned = of.isPinned ? 'Client on one core, stub and Postgres on the other.' : 'Not pinned to cores.';
  const checked = Object.entries(of.check)
    .map(([variant, one]) => `${variant} ${n(of.bench === 'backfill' ? one.written : one.got)} items`)
    .join(', ');
  return `# ${of.bench === 'backfill' ? 'Backfill' : 'Verification'} against a stub store

${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, AWS SDK ${of.sdkVersion}, load ${machine.loadAtStart} at the end. ${pinned} ${of.rounds} rounds, each client once a round in a new process, measured after ${WARM_UP_CPU_S} processor seconds of work; ratios are medians of the rounds. Old: the last round's processes at ${OLD_CPU_S} processor seconds. Taken ${of.at} with \`npm run bench -- ${of.bench}\`.

| client | items per processor second | lowest – highest | µs an item | items a second | old: items per processor second |
|---|---|---|---|---|---|
${of.rows.map((row) => `| ${SAYS[row.variant] ?? row.variant} | ${n(row.itemsPerCpuS)} | ${n(row.min)} – ${n(row.max)} | ${row.cpuUsPerItem} | ${n(row.itemsPerS)} | ${n(row.oldItemsPerCpuS)} |`).join('\n')}

| ratio | measured | bar | | bare sockets | old |
|---|---|---|---|---|---|
${bars.map(rowOf).join('\n')}
${bars.filter(isOutOfReach).map(arithmetic).join('')}
Checked before the rounds, every item decoded and every signature verified, 0 wrong: ${checked}.

${notes.map((note) => `- ${note}`).join('\n')}
`;
}

function rowOf(bar: Measured): string {
  const { name, value, atLeast, limitValue } = bar;
  const said = atLeast === null ? '' : isMet(bar) ? 'met' : '**missed**';
  const bound = atLeast === null ? '' : `≥ ${atLeast}`;
  return `| ${name} | ${value.toFixed(2)} | ${bound} | ${said} | ${limitValue?.toFixed(2) ?? ''} | ${bar.old.toFixed(2)} |`;
}

/** Why a bar cannot be reached, from this run's own figures. */
function arithmetic({ name, limitValue, atLeast, over }: Measured): string {
  return `
${name}: the same bytes over bare sockets, signed, without an account, a deadline or a checkpoint, come to ${limitValue?.toFixed(2)} times "${SAYS[over] ?? over}". That is below the bar of ${atLeast}, so no worker on these sockets can reach it, whatever it costs itself.
`;
}
