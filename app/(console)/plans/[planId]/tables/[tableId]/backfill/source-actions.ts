'use server';

import { keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import { exportChoice, exportStart } from '@/lib/contracts/export';
import { chooseExport as choose, chooseScan as scan } from '@/lib/services/export/choose-source';
import { previewExport as preview, startExport as start } from '@/lib/services/export/start-export';
import { setLiveChannel as channel } from '@/lib/services/table/live-channel';
import * as shape from '../inputs';

const operator = (action: string, input: unknown) =>
  ({ role: 'operator', action, idempotencyKey: keyOf(input) }) as const;

export async function chooseExport(input: shape.Keyed<typeof exportChoice>) {
  const rules = { ...operator('table.copy_source', input), schema: exportChoice };
  return await runAction(rules, input, (given, { ctx, actor }) => choose(ctx, actor, given));
}

export async function chooseScan(input: shape.Keyed<typeof shape.tableInput>) {
  const rules = { ...operator('table.copy_source', input), schema: shape.tableInput };
  return await runAction(rules, input, (given, { ctx, actor }) => scan(ctx, actor, given));
}

export async function previewExport(input: { tableId: string }) {
  const rules = { role: 'operator', schema: shape.tableInput } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => preview(ctx, actor, given));
}

export async function startExport(input: shape.Keyed<typeof exportStart>) {
  const rules = { ...operator('export.start', input), schema: exportStart };
  return await runAction(rules, input, (given, { ctx, actor }) => start(ctx, actor, given));
}

export async function setLiveChannel(input: shape.Keyed<typeof shape.channelInput>) {
  const rules = { ...operator('table.live_channel', input), schema: shape.channelInput };
  return await runAction(rules, input, (given, { ctx, actor }) => channel(ctx, actor, given));
}
