import { z } from 'zod';
import { startAlertReceiver } from './alert-receiver';
import { readOptions } from './child-options';
import { announceReady, closeOnSignal } from './shutdown';

const receiver = await startAlertReceiver(
  await readOptions(z.object({ port: z.number().int(), secret: z.string().min(16) })),
);
closeOnSignal(() => receiver.close());
announceReady({ endpoint: receiver.url });
