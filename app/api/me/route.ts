import { readRoute } from '@/app/_server/to-http';
import type { MeView } from '@/lib/contracts/views';

/** Who is signed in. */
export const GET = readRoute('viewer', async ({ who }): Promise<MeView> => ({ ...who.actor, email: who.email }));
