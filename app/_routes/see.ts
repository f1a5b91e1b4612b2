import type { GateResult } from '@/lib/domain/plan/facts';
import type { GateLine } from '../_ui/kit/gate-list';
import { routes } from './routes';

/** Where the cause of a gate can be seen. */
export function gateHref(see: GateResult['see'], planId: string, tableId: string): string {
  switch (see) {
    case 'overview':
    case 'backfill':
    case 'verification':
    case 'traffic':
    case 'assessment':
      return routes.table(planId, tableId, see);
    case 'gateways':
      return routes.gateways();
    case 'checklist':
      return routes.checklist(planId);
    case 'connections':
      return routes.connections();
  }
}

/** Gates of the domain as lines of the kit's list. */
export const gateLines = (gates: readonly GateResult[], planId: string, tableId: string): GateLine[] =>
  gates.map(({ see, ...gate }) => ({ ...gate, href: gateHref(see, planId, tableId) }));
