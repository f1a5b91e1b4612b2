import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableDescription } from '@/lib/adapters/dynamodb/tables';
import { AppError } from '@/lib/domain/errors';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import type { Actor } from '../context';
import { tableView } from '../view/table-view';
import { assessTable } from './assess-table';
import { groundOf, setMappings } from './set-mappings';

let rig: ServiceRig;
beforeAll(async () => {
  rig = await openServiceRig();
});
afterAll(() => rig?.close());

const CREATED: Mapping = { attribute: 'created', kind: 'epoch_seconds' };
const viewOf = (table: RigTable, actor: Actor = ADA) => tableView(rig.ctx, actor, table.id);
const choose = async (table: RigTable, mappings: Mapping[], by: { actor?: Actor; version?: number } = {}) =>
  await setMappings(rig.ctx, by.actor ?? ADA, {
    tableId: table.id,
    version: by.version ?? (await viewOf(table)).version,
    mappings,
  });
const refusalOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  const { code, detail } = error as AppError;
  return { code, fields: detail.fields ?? {} };
};

describe('mappings of a table', () => {
  test('are off, are suggested with evidence by the assessment, and are chosen with a new version of the table', async () => {
    const table = await rig.newTable();
    const { name } = table;
    const schema = (await viewOf(table)).keySchema;
    for (const [at, created] of [1_600_000_000, 1_700_000_000].entries()) {
      const Item = { [schema.partition.name]: { S: `a${at}` }, created: { N: String(created) }, size: { N: '1' } };
      if (schema.sort) Item[schema.sort.name] = { [schema.sort.type]: '1' } as never;
      await rig.source.running.engine.run('PutItem', { TableName: name, Item });
    }
    expect((await viewOf(table)).mapping).toEqual({ chosen: [], candidates: null });
    await assessTable(rig.ctx, ADA, { tableId: table.id });
    const before = await viewOf(table);
    const candidate = { ...CREATED, samples: 2 };
    const bounds = { from: '2020-09-13T12:26:40.000Z', to: '2023-11-14T22:13:20.000Z' };
    expect(before.mapping).toEqual({ chosen: [], candidates: [{ ...candidate, ...bounds }] });
    expect((await viewOf(table, VIEWER)).mapping.candidates).toEqual([{ ...candidate, from: null, to: null }]);
    const checkOf = (view: typeof before) => view.assessment.checks.find((check) => check.check === 'mappings');
    expect(checkOf(before)).toMatchObject({ state: 'passed', observed: expect.stringContaining('created') });

    await choose(table, [CREATED]);
    const after = await viewOf(table);
    expect(after).toMatchObject({ version: before.version + 1, mapping: { chosen: [CREATED] } });
    expect(checkOf(after)?.observed).toContain('created (seconds since 1970');
    const stepsOf = (view: typeof before) =>
      JSON.stringify(view.moves.find((m) => m.verb === 'begin_dual_write')?.steps);
    expect(stepsOf(after)).toContain('Mapped on the way: created');
    expect(await refusalOf(choose(table, [], { version: before.version }))).toMatchObject({ code: 'input.stale_form' });
    await choose(table, []);
    expect((await viewOf(table)).mapping.chosen).toEqual([]);
  });

  test('are refused by field for keys and for the TTL that the source has now, and fail the assessment if it comes later', async () => {
    const table = await rig.newTable();
    const { partition } = (await viewOf(table)).keySchema;
    const refused = await refusalOf(choose(table, [CREATED, { attribute: partition.name, kind: 'epoch_seconds' }]));
    expect(refused.code).toBe('input.invalid');
    expect(Object.keys(refused.fields)).toEqual(['mappings.1.attribute']);
    await choose(table, [CREATED]);
    const TimeToLiveSpecification = { AttributeName: 'created', Enabled: true };
    await rig.source.running.engine.run('UpdateTimeToLive', { TableName: table.name, TimeToLiveSpecification });
    expect((await refusalOf(choose(table, [CREATED]))).fields['mappings.0.attribute']).toContain('TTL attribute');
    const { checks } = await assessTable(rig.ctx, ADA, { tableId: table.id });
    expect(checks.find((check) => check.check === 'mappings')).toMatchObject({ state: 'failed' });
  });

  test("stay as they are once the table is under way, and are not a viewer's to choose", async () => {
    const table = await rig.newTable();
    expect(await refusalOf(choose(table, [CREATED], { actor: VIEWER }))).toMatchObject({ code: 'auth.role_too_low' });
    await rig.database.sql`update plan_table set stage = 'dual_write' where id = ${table.id}`;
    for (const mappings of [[CREATED], []])
      expect(await refusalOf(choose(table, mappings))).toMatchObject({ code: 'table.mappings_fixed' });
  });

  test('know every attribute that an index is declared with', () => {
    const key = { partition: { name: 'pk', type: 'S' as const }, sort: null };
    const AttributeDefinitions = ['pk', 'day', 'odd'].map((AttributeName) => ({ AttributeName, AttributeType: 'N' }));
    const index = {
      name: 'days',
      kind: 'global',
      projection: 'ALL',
      key: { ...key, sort: { name: 'day', type: 'N' } },
    };
    const description = { key, indexes: [index], raw: { AttributeDefinitions } } as unknown as TableDescription;
    const { indexKeys } = groundOf(description, null);
    expect(indexKeys.find((one) => one.attribute === 'day')).toEqual({ attribute: 'day', index: 'days' });
    expect(indexKeys.find((one) => one.attribute === 'odd')).toEqual({ attribute: 'odd', index: null });
  });
});
