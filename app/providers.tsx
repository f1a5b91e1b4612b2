'use client';

import { QueryClientProvider } from '@tanstack/react-query';
import { getQueryClient } from './_data/query-client';
import { Toaster } from './_ui/primitives/toast';
import { TooltipProvider } from './_ui/primitives/tooltip';

const TOOLTIP_DELAY_MS = 300;

export function Providers({ children }: { children: React.ReactNode }) {
  return (
    <QueryClientProvider client={getQueryClient()}>
      <TooltipProvider delay={TOOLTIP_DELAY_MS}>{children}</TooltipProvider>
      <Toaster />
    </QueryClientProvider>
  );
}
