'use client';

import type { MeView } from '@/lib/contracts/views';
import { meQuery } from './me';
import { useView } from './use-view';

/** Who looks at this screen, for what is offered; the server decides again at each act. Null until it is known. */
export const useMe = (): MeView | null => useView(meQuery()).data ?? null;
