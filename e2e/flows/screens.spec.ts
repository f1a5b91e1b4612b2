/**
 * A second, small table: what screens say when two people move it at once, and when the sides differ. It ends with a
 * difference in sight, for whoever looks at full pages afterwards.
 */
import { DynamoDBClient, PutItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, type Page, test } from '@playwright/test';
import { storeOfDemo } from '../fixtures/equality';
import { asPerson } from '../fixtures/session';
import { commitMove, followTable, openMove } from '../pages/console';
import { makePlan } from '../pages/new-plan';

const WAIT_MS_MAX = 90_000;
let tableUrl = '';

test.describe.configure({ mode: 'serial', retries: 0 });

async function asAda(page: Page, path = ''): Promise<void> {
  await asPerson(page, 'ada');
  if (tableUrl) await page.goto(`${tableUrl}${path}`);
}

/** Writes to the target past the gateway, as nobody should. */
async function onTarget(act: (client: DynamoDBClient) => Promise<unknown>): Promise<void> {
  const client = new DynamoDBClient(await storeOfDemo('target'));
  await act(client);
  client.destroy();
}

const plantExtra = (key: string) =>
  onTarget((client) => client.send(new PutItemCommand({ TableName: 'sessions', Item: { session: { S: key } } })));

/** Changes one attribute of an item that lives long enough to be compared. @returns its key */
async function plantDifference(): Promise<string> {
  let key = '';
  await onTarget(async (client) => {
    const soonS = Math.floor(Date.now() / 1_000) + 86_400;
    const found = await client.send(
      new ScanCommand({
        TableName: 'sessions',
        FilterExpression: 'expires > :soon',
        ExpressionAttributeValues: { ':soon': { N: String(soonS) } },
      }),
    );
    const item = found.Items?.find((each) => each.session?.S?.startsWith('ses_'));
    if (!item?.session?.S) throw new Error('the target holds no living session');
    key = item.session.S;
    await client.send(
      new UpdateItemCommand({
        TableName: 'sessions',
        Key: { session: { S: key } },
        UpdateExpression: 'SET planted = :it',
        ExpressionAttributeValues: { ':it': { S: 'by nobody' } },
      }),
    );
  });
  return key;
}

/** Starts a verification and waits until it is done. */
async function verify(page: Page, generation: number): Promise<void> {
  const start = page.getByRole('button', { name: 'Verify sessions now' });
  await expect(start).toBeEnabled({ timeout: WAIT_MS_MAX });
  await start.click();
  await expectVerified(page, generation);
}

const expectVerified = (page: Page, generation: number) =>
  expect(
    page
      .getByRole('heading', { name: `Verification ${generation}`, exact: true })
      .locator('xpath=ancestor::section[1]')
      .getByText('done', { exact: true })
      .first(),
  ).toBeVisible({ timeout: WAIT_MS_MAX });

const mismatches = (page: Page) => page.getByRole('table', { name: 'Mismatches' }).getByRole('rowheader');

test('of two people who make the same move, the second is told that the first was faster', async ({
  page,
  browser,
}) => {
  await asAda(page);
  const planUrl = await makePlan(page, { name: 'Sessions to TerraScale', tables: ['sessions'] });
  await page.getByRole('button', { name: 'Create it where allowed, and prove it' }).click();
  await expect(page.getByRole('button', { name: 'Prove it again' })).toBeVisible({ timeout: 30_000 });
  await page.goto(planUrl);
  await followTable(page, 'sessions');
  await expect(page).toHaveURL(/\/tables\/tbl_/);
  tableUrl = page.url();

  const context = await browser.newContext();
  const second = await context.newPage();
  await asPerson(second, 'grace');
  await second.goto(tableUrl);
  const dialog = await openMove(second, 'Begin dual write');
  await dialog.getByLabel('Reason').fill('Grace was here too');
  await expect(dialog.getByRole('button', { name: 'Begin dual write' })).toBeEnabled();
  // Her page hears of nothing from now on, so that she commits what she saw.
  await second.route('**/api/**', (route) => route.abort());
  await commitMove(page, { name: 'Begin dual write', reason: 'Ada was first' });
  await dialog.getByRole('button', { name: 'Begin dual write' }).click();
  await expect(second.getByText(/Ada Demo/).first()).toBeVisible();
  await second.unroute('**/api/**');
  await second.reload();
  await expect(second.getByText('Dual write', { exact: true }).first()).toBeVisible({ timeout: WAIT_MS_MAX });
  await context.close();
});

test('a difference is found, shown side by side, and repaired', async ({ page }) => {
  test.setTimeout(300_000);
  await asAda(page);
  await expect(
    page.getByRole('region', { name: 'Begin backfill', exact: true }).getByText('2 of 2 gates met'),
  ).toBeVisible({ timeout: WAIT_MS_MAX });
  await commitMove(page, { name: 'Begin backfill' });
  await page.goto(`${tableUrl}/verification`);
  await expectVerified(page, 1);
  const key = await plantDifference();
  await verify(page, 2);
  await expect(mismatches(page)).toHaveCount(1);
  await page.getByRole('button', { name: key }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/^1 of \d+ attributes differ/)).toBeVisible();
  await expect(dialog.getByRole('row', { name: /different planted/ })).toContainText('absent');
  await dialog.getByRole('button', { name: 'Repair…' }).click();
  await expect(dialog.getByText(/writes its image to TerraScale and confirms it/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Make TerraScale equal' }).click();
  await expect(dialog.getByText(/, gone$/)).toBeVisible({ timeout: WAIT_MS_MAX });
  await dialog.getByRole('button', { name: 'Close' }).first().click();
  await verify(page, 3);
  // It stays in the list as what it was; the next verification counts none.
  await expect(page.getByRole('row', { name: new RegExp(`${key} .*gone`) })).toBeVisible();
  await expect(page.getByLabel('What the comparison found').getByText('Mismatches').locator('xpath=..')).toHaveText(
    /^Mismatches\s*0$/,
  );
});

test('an item that only the target has is found and left in sight', async ({ page }) => {
  test.setTimeout(200_000);
  await asAda(page, '/verification');
  await plantExtra('planted-extra');
  await verify(page, 4);
  await expect(mismatches(page).filter({ hasText: 'planted-extra' })).toHaveCount(1);
  await page.getByRole('button', { name: 'planted-extra' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Repair…' }).click();
  await expect(page.getByRole('dialog').getByText(/deletes this item on TerraScale/)).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
});
