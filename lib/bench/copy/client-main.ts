/** One client of a bench in a process of its own: warms up, then measures when it is told to. */
import type { BenchVariant, ClientAsk, ClientInput, Measurement } from './protocol';
import { VARIANTS } from './variants';

const input = JSON.parse(process.argv[2] ?? '{}') as ClientInput;
const variant: BenchVariant = await (VARIANTS[input.variant] as (given: ClientInput) => Promise<BenchVariant>)(input);

/** Items and processor seconds of all threads between two moments of one run of the client. */
async function measure(warmUpMs: number, measureMs: number): Promise<Measurement> {
  const running = variant.run(warmUpMs + measureMs);
  await pause(warmUpMs);
  const before = await mark();
  await pause(measureMs);
  const after = await mark();
  await running;
  return { items: after.items - before.items, cpuS: after.cpuS - before.cpuS, wallS: after.atS - before.atS };
}

async function mark() {
  const items = await variant.items();
  const { user, system } = process.cpuUsage();
  return { items, cpuS: (user + system) / 1e6, atS: performance.now() / 1000 };
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

process.on('message', async (ask: ClientAsk) => {
  const measurement = await measure(ask.warmUpMs, ask.measureMs);
  process.send?.({ kind: 'measured', measurement, found: variant.found?.() ?? null });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
