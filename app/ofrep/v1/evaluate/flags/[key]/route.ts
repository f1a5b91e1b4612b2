import { evaluate, preflight } from '@/app/_server/flags';

export const dynamic = 'force-dynamic';

/** OFREP 0.3: one flag. */
export async function POST(request: Request, segment: { params: Promise<{ key: string }> }): Promise<Response> {
  return await evaluate(request, (await segment.params).key);
}
export const OPTIONS = preflight;
