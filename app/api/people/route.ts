import { readRoute } from '@/app/_server/to-http';
import { listPeople } from '@/lib/services/auth/people';

/** Everybody with an account. Anyone signed in may see who they work with. */
export const GET = readRoute('viewer', async ({ ctx }) => await listPeople(ctx.db));
