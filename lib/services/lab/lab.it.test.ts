import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoreWire } from '@/lib/adapters/ports';
import type { LabInput } from '@/lib/contracts/lab';
import { AppError } from '@/lib/domain/errors';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { runLab } from './run-lab';

let rig: ServiceRig;
let table: RigTable;
beforeAll(async () => {
  rig = await openServiceRig();
  table = await rig.newTable();
});
afterAll(() => rig?.close());

const ITEM = '{"status":{"S":"open"},"amount":{"N":"5"},"tags":{"SS":["a","b"]}}';
const ask = (more: Partial<LabInput>): LabInput => ({
  tableId: table.id,
  kind: 'condition',
  expression: '#s = :s',
  names: '{"#s":"status"}',
  values: '{":s":{"S":"open"}}',
  item: ITEM,
  ...more,
});
const refusal = async (input: LabInput, actor = ADA): Promise<AppError> => {
  const error = await runLab(rig.ctx, actor, input).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};
const isEmpty = async () => {
  for (const side of ['source', 'target'] as const) {
    const { Count } = await rig[side].running.engine.run('Scan', { TableName: table.name });
    expect(Count).toBe(0);
  }
};

describe('the condition lab', () => {
  test('runs a condition, a filter and an update on both sides, shows both images, and leaves nothing', async () => {
    const held = await runLab(rig.ctx, ADA, ask({}));
    expect(held).toMatchObject({
      isEqual: true,
      source: { outcome: 'held' },
      target: { outcome: 'held', isClean: true },
    });
    const failed = await runLab(rig.ctx, ADA, ask({ values: '{":s":{"S":"closed"}}' }));
    expect(failed).toMatchObject({ isEqual: true, source: { outcome: 'failed' }, target: { outcome: 'failed' } });
    const filter = await runLab(
      rig.ctx,
      ADA,
      ask({ kind: 'filter', expression: 'contains(tags, :s)', names: '', values: '{":s":{"S":"b"}}' }),
    );
    expect(filter).toMatchObject({ isEqual: true, source: { outcome: 'matched' } });
    const update = await runLab(
      rig.ctx,
      ADA,
      ask({
        kind: 'update',
        expression: 'SET amount = amount + :n REMOVE #s',
        values: '{":n":{"N":"2"}}',
        condition: 'attribute_exists(#s)',
      }),
    );
    expect(update).toMatchObject({ isEqual: true, source: { outcome: 'applied' }, target: { outcome: 'applied' } });
    expect(update.rows.find((row) => row.attribute === 'amount')).toMatchObject({
      source: '{"N":"7"}',
      isDifferent: false,
    });
    expect(update.rows.map((row) => row.attribute)).not.toContain('pk');
    const none = await runLab(rig.ctx, ADA, ask({ kind: 'update', expression: 'SET x = :s', names: '', item: '' }));
    expect(none).toMatchObject({ isEqual: true, source: { outcome: 'applied', image: { x: '{"S":"open"}' } } });
    await isEmpty();
  });

  test('shows what one side refuses or makes otherwise', async () => {
    const syntax = await runLab(rig.ctx, ADA, ask({ expression: '#s = = :s' }));
    expect(syntax.source).toMatchObject({ outcome: 'refused' });
    expect(syntax.source.detail).toContain('ValidationException');
    const bent = {
      ...rig.ctx,
      makeWire: (store: Parameters<typeof rig.ctx.makeWire>[0]): StoreWire => {
        const wire = rig.ctx.makeWire(store);
        if (store.kind === 'dynamodb') return wire;
        const send: StoreWire['send'] = async (request) => {
          const outcome = await wire.send(request);
          const { 'x-amz-crc32': _, ...headers } = outcome.headers;
          if (outcome.kind !== 'ok') return outcome;
          return {
            ...outcome,
            headers,
            body: Buffer.from(outcome.body.toString().replace('"N":"7"', '"N":"7.0000001"')),
          };
        };
        return { ...wire, send };
      },
    };
    const update = ask({
      kind: 'update',
      expression: 'SET amount = amount + :n',
      names: '',
      values: '{":n":{"N":"2"}}',
    });
    const result = await runLab(bent, ADA, update);
    expect(result.isEqual).toBe(false);
    expect(result.rows.filter((row) => row.isDifferent).map((row) => row.attribute)).toEqual(['amount']);
    await isEmpty();
  });

  test.each([
    ['item', { item: '{"total":5}' }],
    ['item', { item: '{"pk":{"S":"mine"}}' }],
    ['names', { names: '{"s":"status"}' }],
    ['values', { values: 'no json' }],
    ['values', { values: '{"s":{"S":"x"}}' }],
    ['expression', { expression: '#landfall_lab = :s' }],
    ['condition', { condition: 'attribute_exists(x)' }],
  ] as const)('names the field %s where it is not right, and writes nothing', async (field, more) => {
    const before = rig.source.running.stats.byOperation.PutItem ?? 0;
    const error = await refusal(ask(more));
    expect(error.code).toBe('input.invalid');
    expect(Object.keys(error.detail.fields ?? {})).toEqual([field]);
    expect(rig.source.running.stats.byOperation.PutItem ?? 0).toBe(before);
  });

  test('is an operator’s act on a planned table, and its record holds no value', async () => {
    expect((await refusal(ask({}), VIEWER)).code).toBe('auth.role_too_low');
    const moved = await rig.newTable({ stage: 'dual_write' });
    expect((await refusal(ask({ tableId: moved.id }))).code).toBe('table.move_refused');
    const rows = await rig.sql`select detail from audit where action = 'table.lab' and subject = ${table.id}`;
    expect(rows.length).toBeGreaterThan(4);
    expect(JSON.stringify(rows)).not.toContain('open');
    expect(rows[0]?.detail).toMatchObject({ kind: 'condition', source: 'held', target: 'held', left: 0 });
  });
});
