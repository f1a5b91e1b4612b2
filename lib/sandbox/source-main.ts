import { z } from 'zod';
import { readOptions } from './child-options';
import { loadSampleData } from './sample-data';
import { announceReady, closeOnSignal } from './shutdown';
import { startSource } from './source';

const options = z.object({
  port: z.number().int(),
  dataDir: z.string(),
  adminToken: z.string().min(16),
  /** Fill an empty store with the sample tables before saying ready. */
  sampleData: z.boolean(),
});

async function main(): Promise<void> {
  const { sampleData, ...rest } = await readOptions(options);
  const source = await startSource(rest);
  closeOnSignal(() => source.close());
  const loaded = sampleData ? await loadSampleData(source.engine, Math.floor(Date.now() / 1000)) : null;
  announceReady({ endpoint: source.endpoint, ...(loaded ?? {}) });
}

await main();
