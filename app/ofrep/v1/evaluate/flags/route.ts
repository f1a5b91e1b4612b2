import { evaluate, preflight } from '@/app/_server/flags';

export const dynamic = 'force-dynamic';

/** OFREP 0.3: all flags that the key may ask about, with an ETag over this context's answer. */
export const POST = (request: Request): Promise<Response> => evaluate(request, null);
export const OPTIONS = preflight;
