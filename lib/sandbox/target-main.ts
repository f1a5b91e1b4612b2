import { z } from 'zod';
import { readOptions } from './child-options';
import type { QuotaName } from './quota';
import { announceReady, closeOnSignal } from './shutdown';
import { startTarget } from './target';

const options = z.object({
  port: z.number().int(),
  dataDir: z.string(),
  adminToken: z.string().min(16),
  quota: z.enum(['demo', 'free', 'pro']) satisfies z.ZodType<QuotaName>,
  allowCreateTable: z.boolean(),
});

async function main(): Promise<void> {
  const target = await startTarget(await readOptions(options));
  closeOnSignal(() => target.close());
  announceReady({ endpoint: target.endpoint });
}

await main();
