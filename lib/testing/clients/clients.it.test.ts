/** Clients that we did not write hold a session through the gateway, and afterwards both stores hold the same. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGE_ENTRIES, type StaticRig, startStaticRig } from '../static-rig';
import { contents } from '../store-contents';
import { waitFor } from '../wait-for';
import { javascriptSession } from './javascript-session';
import { commandOf } from './present';

/** An attribute of this name, as an own one: written as a literal it would set the prototype. */
const PROTO = Object.fromEntries([['__proto__', { S: 'kept' }]]);
const MINUTE = 60_000;
const STAGES = ['dual_write', 'shift_50'] as const;
const run = promisify(execFile);
const boto3 = commandOf('boto3');
const awscli = commandOf('awscli');

let rig: StaticRig;
beforeAll(async () => {
  rig = await startStaticRig();
});
afterAll(() => rig.stop());

describe.each(STAGES)('in %s', (stage) => {
  const gatewayOf = () => rig.gateway({ '*': { ...STAGE_ENTRIES[stage], sortOrderProven: true } });

  async function expectEqual(gateway: { dirty(): number }, table: string): Promise<void> {
    await waitFor(() => gateway.dirty() === 0, { what: 'nothing dirty' });
    const of = (side: 'source' | 'target') => contents(rig[side].running.engine, table, ['pk', 'sk']);
    await waitFor(async () => JSON.stringify([...(await of('source'))]) === JSON.stringify([...(await of('target'))]), {
      what: 'equal stores',
    });
    expect((await of('source')).size).toBeGreaterThan(2);
  }

  it('the AWS SDK for JavaScript, low level and document client', async () => {
    const gateway = await gatewayOf();
    const client = rig.clientOf(gateway.url);
    await javascriptSession(client, `javascript_${stage}`);
    await expectEqual(gateway, `javascript_${stage}`);
  });

  it.skipIf(boto3 === null)(
    'boto3',
    async () => {
      const gateway = await gatewayOf();
      const args = [`${import.meta.dirname}/session.py`, gateway.url, `boto3_${stage}`];
      const { stdout } = await run(boto3 as string, args, { timeout: MINUTE });
      expect(stdout.trim()).toBe('ok');
      await expectEqual(gateway, `boto3_${stage}`);
    },
    2 * MINUTE,
  );

  it.skipIf(awscli === null)(
    'the AWS CLI',
    async () => {
      const gateway = await gatewayOf();
      const table = `awscli_${stage}`;
      const environment = {
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
        AWS_DEFAULT_REGION: 'eu-central-1',
      };
      const aws = async (operation: string, ...args: string[]) => {
        const given = ['dynamodb', operation, '--endpoint-url', gateway.url, '--output', 'json', ...args];
        const options = {
          timeout: MINUTE,
          env: { ...process.env, ...environment, AWS_MAX_ATTEMPTS: '1', AWS_PAGER: '' },
        };
        const { stdout } = await run(awscli as string, given, options);
        return stdout.trim() === '' ? {} : JSON.parse(stdout);
      };
      const names = ['--table-name', table];
      await aws(
        'create-table',
        ...names,
        '--billing-mode',
        'PAY_PER_REQUEST',
        ...['--attribute-definitions', 'AttributeName=pk,AttributeType=S', 'AttributeName=sk,AttributeType=N'],
        ...['--key-schema', 'AttributeName=pk,KeyType=HASH', 'AttributeName=sk,KeyType=RANGE'],
      );
      const item = { pk: { S: 'a' }, sk: { N: '1' }, b: { B: 'AP8=' }, ...PROTO };
      await aws('put-item', ...names, '--item', JSON.stringify(item));
      const key = ['--key', '{"pk":{"S":"a"},"sk":{"N":"1"}}'];
      const got = await aws('get-item', ...names, ...key);
      expect(Object.getOwnPropertyDescriptor(got.Item, '__proto__')?.value).toEqual({ S: 'kept' });
      const add = ['--update-expression', 'ADD hits :one', '--expression-attribute-values', '{":one":{"N":"1"}}'];
      expect(
        (await aws('update-item', ...names, ...key, ...add, '--return-values', 'UPDATED_NEW')).Attributes.hits.N,
      ).toBe('1');
      const entries = Array.from({ length: 10 }, (_, at) => ({
        PutRequest: { Item: { pk: { S: 'many' }, sk: { N: String(at) } } },
      }));
      await aws('batch-write-item', '--request-items', JSON.stringify({ [table]: entries }));
      const found = await aws(
        'query',
        ...names,
        '--page-size',
        '3',
        '--key-condition-expression',
        'pk = :p',
        ...['--expression-attribute-values', '{":p":{"S":"many"}}'],
      );
      expect(found.Count).toBe(10);
      expect((await aws('scan', ...names, '--page-size', '4')).Count).toBe(11);
      await expect(
        aws('put-item', ...names, '--item', JSON.stringify(item), '--condition-expression', 'attribute_not_exists(pk)'),
      ).rejects.toThrow(/ConditionalCheckFailedException/);
      await expectEqual(gateway, table);
    },
    3 * MINUTE,
  );
});
