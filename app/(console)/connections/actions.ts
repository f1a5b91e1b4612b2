'use server';

import { z } from 'zod';
import { id, keyOf } from '@/app/_server/action-input';
import { runAction } from '@/app/_server/run-action';
import {
  type ConnectionChange,
  type ConnectionInput,
  connectionChange,
  connectionInput,
} from '@/lib/contracts/connection';
import { createConnection as create } from '@/lib/services/connection/create-connection';
import { probeConnection, testConnection as test } from '@/lib/services/connection/test-connection';
import { updateConnection as update } from '@/lib/services/connection/update-connection';
import { probeSeen } from './probe-seen';

export async function testConnection(input: ConnectionInput) {
  return await runAction({ role: 'admin', schema: connectionInput }, input, async (given, { ctx, actor }) =>
    probeSeen(await test(ctx, actor, given)),
  );
}

export async function createConnection(input: ConnectionInput & { idempotencyKey: string }) {
  const rules = {
    role: 'admin',
    schema: connectionInput,
    action: 'connection.create',
    idempotencyKey: keyOf(input),
  } as const;
  return await runAction(rules, input, (given, { ctx, actor, idempotencyKey }) =>
    create(ctx, actor, { ...given, idempotencyKey }),
  );
}

export async function changeConnection(input: ConnectionChange & { idempotencyKey: string }) {
  const rules = {
    role: 'admin',
    schema: connectionChange,
    action: 'connection.update',
    idempotencyKey: keyOf(input),
  } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => update(ctx, actor, given));
}

export async function probeStoredConnection(input: { connectionId: string }) {
  const schema = z.object({ connectionId: id });
  return await runAction({ role: 'operator', schema }, input, async (given, { ctx, actor }) =>
    probeSeen(await probeConnection(ctx, actor, given)),
  );
}
