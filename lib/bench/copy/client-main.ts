/** One client of a bench in a process of its own: warms up, then measures when it is told to. */
import type { BenchVariant, ClientAsk, ClientInput, Measurement } from './protocol';
import { VARIANTS } from './variants';

/** How often the processor time is looked at. */
const LOOK_MS = 100;

const input = JSON.parse(process.argv[2] ?? '{}') as ClientInput;
const variant: BenchVariant = await (VARIANTS[input.variant] as (given: ClientInput) => Promise<BenchVariant>)(input);

/**
 * Items and processor seconds of all threads between two moments of one run. Both moments are set by processor time, not
 * by the clock, so that a busy machine gives every client as much warming up and as long a look.
 */
async function measure(ask: ClientAsk): Promise<Measurement> {
  const end = new AbortController();
  const running = variant.run(end.signal);
  await cpuPassed(cpuS() + ask.warmUpCpuS);
  const before = await mark();
  await cpuPassed(before.cpuS + ask.measureCpuS);
  const after = await mark();
  end.abort();
  await running;
  return { items: after.items - before.items, cpuS: after.cpuS - before.cpuS, wallS: after.atS - before.atS };
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function cpuPassed(untilS: number): Promise<void> {
  while (cpuS() < untilS) await new Promise<void>((done) => setTimeout(done, LOOK_MS));
}

const mark = async () => ({ items: await variant.items(), cpuS: cpuS(), atS: performance.now() / 1000 });

process.on('message', async (ask: ClientAsk) => {
  const measurement = await measure(ask);
  process.send?.({ kind: 'measured', measurement, found: variant.found?.() ?? null });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
