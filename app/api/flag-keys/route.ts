import { readRoute } from '@/app/_server/to-http';
import { flagKeysView } from '@/lib/services/flags/flag-keys';

export const GET = readRoute('viewer', ({ ctx, actor }) => flagKeysView(ctx, actor));
