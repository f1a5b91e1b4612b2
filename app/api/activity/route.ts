import { readRoute } from '@/app/_server/to-http';
import { activityView } from '@/lib/services/view/activity-view';

/** `?planId= &tableId= &actorKind= &kind= &text= &before=`: the record, newest first. */
export const GET = readRoute('viewer', ({ ctx, actor, query }) =>
  activityView(ctx, actor, {
    planId: query.get('planId'),
    tableId: query.get('tableId'),
    actorKind: query.get('actorKind'),
    kind: query.get('kind'),
    text: query.get('text'),
    before: query.get('before'),
  }),
);
