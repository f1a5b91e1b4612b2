import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoreWire, WireOutcome } from '@/lib/adapters/ports';
import { AppError } from '@/lib/domain/errors';
import type { KeySchema } from '@/lib/domain/item/item';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { SCRATCH_PREFIX, scratchKeyWith } from '../connection/scratch-key';
import type { ServiceContext } from '../context';
import { tableView } from '../view/table-view';
import { assessTable } from './assess-table';
import { proveTypes } from './prove-types';

const key = (partition: 'S' | 'N' | 'B', sort?: 'S' | 'N' | 'B'): KeySchema => ({
  partition: { name: 'id', type: partition },
  sort: sort ? { name: 'at', type: sort } : null,
});

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(() => rig?.close());

const itemsOn = async (side: 'source' | 'target', table: RigTable): Promise<unknown[]> => {
  const answer = await rig[side].running.engine.run('Scan', { TableName: table.name });
  return answer.Items as unknown[];
};

const refusal: WireOutcome = {
  ...{ kind: 'refused', status: 400, headers: {}, body: Buffer.from('{}'), retryAfterMs: null },
  ...{ errorType: 'ValidationException', message: 'Number underflow' },
};

/** The context of a target that bends what it answers, on its way over the wire. */
const bent = (bend: (body: string) => string, refused = 'nothing is refused'): ServiceContext => ({
  ...rig.ctx,
  makeWire: (target) => {
    const wire = rig.ctx.makeWire(target);
    if (target.kind !== 'terrascale') return wire;
    const send: StoreWire['send'] = async (request) => {
      if (request.operation === 'PutItem' && String(request.body).includes(refused)) return refusal;
      const outcome = await wire.send(request);
      if (outcome.kind !== 'ok') return outcome;
      const { 'x-amz-crc32': _, ...headers } = outcome.headers;
      return { ...outcome, headers, body: Buffer.from(bend(outcome.body.toString())) };
    };
    return { target: wire.target, inFlight: () => wire.inFlight(), close: () => wire.close(), send };
  },
});

describe('the type round trip', () => {
  test.each([
    ['S and N', key('S', 'N')],
    ['N and B', key('N', 'B')],
    ['B and S', key('B', 'S')],
    ['N alone', key('N')],
  ])('brings every value back with a key of %s, and leaves nothing behind', async (_, schema) => {
    const table = await rig.newTable({ schema });
    const { roundTrip } = await proveTypes(rig.ctx, ADA, { tableId: table.id });
    expect(roundTrip.differences).toEqual([]);
    expect(roundTrip.left).toBe(0);
    expect(Object.values(roundTrip.cases).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(55);
    expect(roundTrip.cases).toHaveProperty([`key ${schema.partition.type}`]);
    expect(await itemsOn('target', table)).toEqual([]);
    expect(await itemsOn('source', table)).toEqual([]);
  });

  test('names what a target rounds, drops and refuses, and the assessment fails with it', async () => {
    const table = await rig.newTable();
    await assessTable(rig.ctx, ADA, { tableId: table.id });
    const round = (body: string) =>
      body.replaceAll('9007199254740993', '9007199254740992').replaceAll('"NULL":true', '"S":"null"');
    const ctx = bent(round, '"-1E-130"');
    const { roundTrip } = await proveTypes(ctx, ADA, { tableId: table.id });
    const named = roundTrip.differences.map((one) => `${one.group} ${one.class} ${one.what}`);
    expect(named).toContain('N changed 2^53 + 1');
    expect(named).toContain('NULL changed null');
    // Of an item that is refused each value is tried by itself, so that the others are not blamed.
    expect(named.filter((name) => name.startsWith('N refused'))).toEqual(['N refused the smallest, negative']);
    const view = await tableView(rig.ctx, VIEWER, table.id);
    const check = view.assessment.checks.find((one) => one.check === 'type_round_trip');
    expect(check?.state).toBe('failed');
    expect(view.typeRoundTrip).toMatchObject({ by: 'Ada', left: 0 });
    expect(await itemsOn('target', table)).toEqual([]);
    // The next assessment keeps what was found.
    await assessTable(rig.ctx, ADA, { tableId: table.id });
    const again = await tableView(rig.ctx, VIEWER, table.id);
    expect(again.assessment.checks.find((one) => one.check === 'type_round_trip')?.state).toBe('failed');
  });

  test.each(['source', 'target'] as const)(
    'is refused where a key is taken on the %s, before anything is written',
    async (side) => {
      const schema = key('S');
      const table = await rig.newTable({ schema });
      const random = 'fixed';
      const taken = { ...scratchKeyWith(schema, { random: `${random}-3`, sort: null }), mine: { S: 'application' } };
      await rig[side].running.engine.run('PutItem', { TableName: table.name, Item: taken });
      const ctx = { ...rig.ctx, random: () => random };
      const before = rig.target.running.stats.byOperation.PutItem ?? 0;
      const error = await proveTypes(ctx, ADA, { tableId: table.id }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toBe('target.scratch_taken');
      expect(rig.target.running.stats.byOperation.PutItem ?? 0).toBe(before);
      expect(await itemsOn(side, table)).toEqual([taken]);
    },
  );

  test('neither overwrites nor removes an item that takes a key in the middle of it', async () => {
    const schema = key('S');
    const table = await rig.newTable({ schema });
    const random = 'race';
    const taken = { ...scratchKeyWith(schema, { random: `${random}-5`, sort: null }), mine: { S: 'application' } };
    let isPut = false;
    const ctx = { ...bent((body) => body), random: () => random };
    const makeWire = ctx.makeWire;
    ctx.makeWire = (target) => {
      const wire = makeWire(target);
      const send: StoreWire['send'] = async (request): Promise<WireOutcome> => {
        if (request.operation === 'PutItem' && !isPut) {
          isPut = true;
          await rig.target.running.engine.run('PutItem', { TableName: table.name, Item: taken });
        }
        return await wire.send(request);
      };
      return { target: wire.target, inFlight: () => wire.inFlight(), close: () => wire.close(), send };
    };
    const { roundTrip } = await proveTypes(ctx, ADA, { tableId: table.id });
    expect(roundTrip.left).toBe(1);
    expect(roundTrip.scratch.startsWith(SCRATCH_PREFIX)).toBe(true);
    expect(await itemsOn('target', table)).toEqual([taken]);
  });

  test('is an operator’s act on a planned table', async () => {
    const planned = await rig.newTable();
    const low = await proveTypes(rig.ctx, VIEWER, { tableId: planned.id }).catch((caught: AppError) => caught.code);
    expect(low).toBe('auth.role_too_low');
    const moved = await rig.newTable({ stage: 'dual_write' });
    const late = await proveTypes(rig.ctx, ADA, { tableId: moved.id }).catch((caught: AppError) => caught.code);
    expect(late).toBe('table.move_refused');
    const rows = await rig.sql`select action from audit where action = 'table.prove_types' and subject = ${moved.id}`;
    expect(rows).toHaveLength(0);
  });
});
