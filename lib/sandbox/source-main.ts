import { z } from 'zod';
import { readOptions } from './child-options';
import { loadSampleData } from './sample-data';
import { announceReady, closeOnSignal } from './shutdown';
import { startSource } from './source';

const options = z.object({
  port: z.number().int(),
  dataDir: z.string(),
  adminToken: z.string().min(16),
  /** Fill an empty store with the sample tables before saying ready, `orders` with so many items; null: with nothing. */
  sampleOrders: z.number().int().nullable(),
});

async function main(): Promise<void> {
  const { sampleOrders, ...rest } = await readOptions(options);
  const source = await startSource(rest);
  closeOnSignal(() => source.close());
  const nowS = Math.floor(Date.now() / 1000);
  const loaded = sampleOrders === null ? null : await loadSampleData(source.engine, nowS, sampleOrders);
  announceReady({ endpoint: source.endpoint, ...(loaded ?? {}) });
}

await main();
