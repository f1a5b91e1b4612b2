/**
 * An application without a gateway on its way: an administrator makes its key, and the stock OpenFeature provider asks
 * the running dashboard, with a base URL that ends in a slash as people write it.
 */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { expect, test } from '@playwright/test';
import { OFREPApi } from 'ofrep-core-2';
import { demo } from '../fixtures/demo';
import { asPerson } from '../fixtures/session';

const CONTEXT = { targetingKey: 'tenant-42' };

test('a key from the settings reads flags by the stock provider until it is revoked', async ({ page }) => {
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/settings/api-keys`);
  await page.getByLabel('Application', { exact: true }).fill('shop');
  await page.getByRole('button', { name: 'Make a key' }).click();
  const banner = page.getByRole('alert').filter({ hasText: 'shown now and never again' });
  const key = await banner.locator('code').innerText();
  await banner.getByRole('button', { name: 'I have kept it' }).click();
  await expect(page.getByText(key)).toHaveCount(0);
  await expect(page.getByRole('row', { name: new RegExp(`^shop …${key.slice(-4)} all`) })).toBeVisible();

  const baseUrl = `${demo().base}/`;
  const api = new OFREPApi({ baseUrl, headers: [['Authorization', `Bearer ${key}`]] });
  const all = await api.postBulkEvaluateFlags({ context: CONTEXT });
  const etag = all.httpResponse?.headers.get('etag') as string;
  expect([all.httpStatus, etag]).toEqual([200, expect.stringMatching(/^"[\w-]{43}"$/)]);
  expect((await api.postBulkEvaluateFlags({ context: CONTEXT }, etag)).httpStatus).toBe(304);
  api.close();
  const { flags } = all.value as { flags: { key: string }[] };
  const stage = flags.map((flag) => flag.key).find((name) => name.endsWith('.orders.stage')) as string;

  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [['X-API-Key', key]] }) as never);
  const client = OpenFeature.getClient();
  const read = () => client.getStringDetails(stage.replace(/stage$/, 'read'), 'default', CONTEXT);
  // The story before this one has moved all reads of orders.
  expect(await read()).toMatchObject({ value: 'target' });

  await page.getByRole('button', { name: 'Revoke the key of shop' }).click();
  await page.getByRole('button', { name: 'Revoke the key', exact: true }).click();
  await expect(page.getByRole('row', { name: /^shop .* revoked/ })).toBeVisible();
  await expect.poll(async () => (await read()).value, { timeout: 10_000 }).toBe('default');
  await OpenFeature.close();
});
