/** Tables and results of the copy benches. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, type Machine } from '../machine';
import type { Measurement, Work } from './protocol';
import { median, type Rounds, rateOf } from './rounds';

export interface Bar {
  name: string;
  value: number;
  atLeast: number;
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
  product: 'worker, unconfirmed',
  productConfirmed: 'worker, confirmed',
};

/** Writes `results/<bench>.json` and `.md` and prints the one line of the result. Exit code 1 where a bar is missed. */
export function report(result: Omit<CopyResult, 'machine'>, isKept: boolean): void {
  const machine = describeMachine();
  const { bars, rounds } = result;
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
    };
  });
  const printed = {
    bench: result.bench,
    ...Object.fromEntries(bars.map((bar) => [bar.name, Number(bar.value.toFixed(2))])),
    met: bars.every((bar) => bar.value >= bar.atLeast),
    missed: bars.filter((bar) => bar.value < bar.atLeast).map((bar) => bar.name),
    bars: Object.fromEntries(bars.map((bar) => [bar.name, bar.atLeast])),
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

interface Printed {
  bench: Work;
  rows: { variant: string; itemsPerCpuS: number; min: number; max: number; cpuUsPerItem: number; itemsPerS: number }[];
  check: Rounds['check'];
  isPinned: boolean;
  rounds: number;
  sdkVersion: string;
  machine: Machine;
  at: string;
}

function markdown(of: Printed, notes: readonly string[], bars: readonly Bar[]): string {
  const n = (value: number) => value.toLocaleString('en-US');
  const { machine } = of;
  const pinned = of.isPinned ? 'Client on one core, stub and Postgres on the other.' : 'Not pinned to cores.';
  const checked = Object.entries(of.check)
    .map(([variant, one]) => `${variant} ${n(of.bench === 'backfill' ? one.written : one.got)} items`)
    .join(', ');
  return `# ${of.bench === 'backfill' ? 'Backfill' : 'Verification'} against a stub store

${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, AWS SDK ${of.sdkVersion}, load ${machine.loadAtStart} at the end. ${pinned} ${of.rounds} rounds, each client once a round; ratios are medians of the rounds. Taken ${of.at} with \`npm run bench -- ${of.bench}\`.

| client | items per processor second | lowest – highest | µs an item | items a second |
|---|---|---|---|---|
${of.rows.map((row) => `| ${SAYS[row.variant] ?? row.variant} | ${n(row.itemsPerCpuS)} | ${n(row.min)} – ${n(row.max)} | ${row.cpuUsPerItem} | ${n(row.itemsPerS)} |`).join('\n')}

| ratio | measured | bar | |
|---|---|---|---|
${bars.map((bar) => `| ${bar.name} | ${bar.value.toFixed(2)} | ≥ ${bar.atLeast} | ${bar.value >= bar.atLeast ? 'met' : '**missed**'} |`).join('\n')}

Checked before the rounds, every item decoded and every signature verified, 0 wrong: ${checked}.

${notes.map((note) => `- ${note}`).join('\n')}
`;
}
