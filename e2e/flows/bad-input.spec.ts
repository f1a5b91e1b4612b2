/**
 * What an operator types wrong: each refusal names the field or the thing, says how to mend it, keeps what was typed,
 * and changes nothing.
 */
import { expect, type Locator, type Page, test } from '@playwright/test';
import { demo } from '../fixtures/demo';
import { asPerson } from '../fixtures/session';
import { followTable, PEOPLE } from '../pages/console';
import { beginPlan, draftPlan, makeButton, makePlan } from '../pages/new-plan';

const SECRET = 'a-secret-that-must-stay-typed';
const VIEWER = { name: 'Vera', email: 'vera@demo.local', password: 'looks-but-does-not-touch' };
/** Port 9 is "discard": nothing of the demo listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** A refusal; not the line in which the router announces a new page. */
const alert = (page: Page | Locator): Locator =>
  page.locator('[role=alert]:not(#__next-route-announcer__)').filter({ hasText: /\w/ });

async function rowsOf(page: Page, label: string, path: string): Promise<number> {
  await page.goto(`${demo().base}${path}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  return await page.getByRole('table', { name: label }).getByRole('rowheader').count();
}

async function fillConnection(page: Page, endpoint: string): Promise<void> {
  await page.goto(`${demo().base}/connections/new`);
  await page.getByLabel('Name').fill('Mistyped');
  await page.getByLabel('Endpoint').fill(endpoint);
  await page.getByLabel('Access key id').fill('AKIDTHATNOBODYISSUED');
  await page.getByLabel('Secret key').fill(SECRET);
}

test('an endpoint where nothing listens is refused by name, and no connection is made', async ({ page }) => {
  await asPerson(page, 'ada');
  const before = await rowsOf(page, 'Connections', '/connections');
  await fillConnection(page, NOWHERE);
  await page.getByRole('button', { name: 'Test and keep the connection' }).click();
  await expect(alert(page)).toContainText('Endpoint: Check scheme, host and port');
  await expect(alert(page).getByRole('link', { name: /connection\.unreachable/ })).toBeVisible();
  await expect(page.getByLabel('Endpoint')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Secret key'), 'what was typed stays').toHaveValue(SECRET);
  expect(await rowsOf(page, 'Connections', '/connections')).toBe(before);
});

test('a key that the store refuses is named as the key, and no connection is made', async ({ page }) => {
  await asPerson(page, 'ada');
  const before = await rowsOf(page, 'Connections', '/connections');
  await fillConnection(page, `http://127.0.0.1:${demo().ports.SOURCE}`);
  await page.getByRole('button', { name: 'Test and keep the connection' }).click();
  await expect(alert(page)).toContainText('Access key id: Check the id, its secret and the region');
  await expect(alert(page).getByRole('link', { name: /connection\.key_refused/ })).toBeVisible();
  await expect(page.getByLabel('Access key id')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Endpoint'), 'the address was right').not.toHaveAttribute('aria-invalid', 'true');
  expect(await rowsOf(page, 'Connections', '/connections')).toBe(before);
});

test('fields that are left empty or hold words instead of numbers are each named', async ({ page }) => {
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/connections/new`);
  await page.getByLabel('Requests per second').fill('ten');
  await page.getByLabel('Kept for live traffic').fill('95');
  await page.getByRole('button', { name: 'Test and keep the connection' }).click();
  for (const label of ['Name', 'Endpoint', 'Access key id', 'Requests per second', 'Kept for live traffic'])
    await expect(page.getByLabel(label), `${label} is marked`).toHaveAttribute('aria-invalid', 'true');
  await expect(alert(page)).toContainText('Requests per second: A number.');
  await expect(alert(page)).toContainText('At most 90 %.');
  await expect(alert(page), 'the list of faults takes the focus').toBeFocused();
});

test('a connection that somebody else changed meanwhile is not overwritten', async ({ page, context }) => {
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/connections`);
  await page.getByRole('table', { name: 'Connections' }).getByRole('rowheader').getByRole('link').first().click();
  const limit = (tab: Page) => tab.getByLabel('Items per second');
  await expect(limit(page)).toBeVisible();
  const before = await limit(page).inputValue();
  const other = await context.newPage();
  await other.goto(page.url());
  // The second tab keeps the form that it was opened with, as one does that lost its connection for a while.
  await other.getByRole('button', { name: 'Pause live updates' }).click();
  await limit(other).fill('4321');
  await limit(page).fill('4999');
  await page.getByRole('button', { name: 'Test and keep the changes' }).click();
  await expect(page.getByText('The changes are kept and in force.')).toBeVisible();
  await other.getByRole('button', { name: 'Test and keep the changes' }).click();
  await expect(alert(other).getByRole('link', { name: /input\.stale_form/ })).toBeVisible();
  await other.reload();
  await expect(limit(other), 'the first change stands').toHaveValue('4999');
  await limit(other).fill(before);
  await other.getByRole('button', { name: 'Test and keep the changes' }).click();
  await expect(other.getByText('The changes are kept and in force.')).toBeVisible();
});

test('a plan without a table or a name cannot be made, and the review says which step mends it', async ({ page }) => {
  await asPerson(page, 'ada');
  await beginPlan(page);
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Review' }).click();
  await expect(page.getByText('Choose at least one table.')).toBeVisible();
  await expect(makeButton(page)).toBeDisabled();
  await page.getByRole('button', { name: 'Go to tables' }).click();
  await expect(page.getByRole('heading', { level: 2, name: /Tables/ })).toBeFocused();
  expect(await rowsOf(page, 'Plans', '/plans')).toBe(0);
});

test('a table that the source does not have is named, the draft stays, and no plan is made', async ({ page }) => {
  await asPerson(page, 'ada');
  await draftPlan(page, { name: 'Mistyped table', tables: [], typedTables: ['ordres'] });
  await makeButton(page).click();
  await expect(alert(page)).toContainText('ordres');
  await expect(alert(page).getByRole('link', { name: /source\.table_not_found/ })).toBeVisible();
  await expect(page.getByLabel('Name of the plan')).toHaveValue('Mistyped table');
  expect(await rowsOf(page, 'Plans', '/plans')).toBe(0);
});

test('a target table with another key is found by the assessment, named, and refused to move', async ({ page }) => {
  const { ports, secrets } = demo();
  const created = await fetch(`http://127.0.0.1:${ports.TARGET}/_admin/tables`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.targetAdminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      TableName: 'customers',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'email', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'email', KeyType: 'HASH' }],
    }),
  });
  expect(created.status).toBe(201);
  await asPerson(page, 'ada');
  const planUrl = await makePlan(page, { name: 'Customers with another key', tables: ['customers'] });
  await expect(page.getByText(/passed, \d+ warned, [1-9]\d* failed/)).toBeVisible();
  const check = page.getByRole('listitem').filter({ hasText: 'Failed:' }).filter({ hasText: 'email' });
  await expect(check.first()).toContainText('number');
  await page.getByRole('button', { name: /prove it/i }).click();
  await expect(alert(page)).toContainText('email');
  await page.goto(planUrl);
  await followTable(page, 'customers');
  await page.getByRole('button', { name: 'Begin dual write' }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading', { name: 'Not allowed yet' })).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Begin dual write' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Keep as it is' }).click();
  await expect(page.getByText('Planned', { exact: true }).first()).toBeVisible();
});

test('who is signed out is sent to the sign-in and back, and the API answers 401', async ({ page, request }) => {
  const { base } = demo();
  for (const path of ['/api/fleet', '/api/plans', '/api/connections', '/api/stream']) {
    const answer = await request.get(`${base}${path}`);
    expect(answer.status(), path).toBe(401);
    expect(await answer.text()).toContain('auth.signed_out');
  }
  await page.goto(`${base}/settings/people`);
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fsettings%2Fpeople/);
  await page.getByLabel('E-mail').fill(PEOPLE.ada);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(alert(page)).toBeVisible();
  await expect(page.getByLabel('E-mail'), 'the address stays typed').toHaveValue(PEOPLE.ada);
  await page.getByLabel('Password', { exact: true }).fill(demo().secrets.adaPassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/settings\/people$/);
});

test('a viewer sees everything and changes nothing, and is told which role it takes', async ({ page, browser }) => {
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/settings/people`);
  await page.getByRole('button', { name: 'Add person' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name').fill(VIEWER.name);
  await form.getByLabel('E-mail address').fill(VIEWER.email);
  await form.getByLabel('First password').fill('short');
  await form.getByRole('button', { name: 'Add person' }).click();
  await expect(form.getByLabel('First password')).toHaveAttribute('aria-invalid', 'true');
  await expect(alert(form)).toContainText('12');
  await form.getByLabel('First password').fill(VIEWER.password);
  await form.getByRole('button', { name: 'Add person' }).click();
  await expect(form).toBeHidden();
  await expect(page.getByRole('table', { name: 'People' })).toContainText(VIEWER.email);

  const context = await browser.newContext();
  const hers = await context.newPage();
  await hers.goto(`${demo().base}/sign-in`);
  await hers.getByLabel('E-mail').fill(VIEWER.email);
  await hers.getByLabel('Password', { exact: true }).fill(VIEWER.password);
  await hers.getByRole('button', { name: 'Sign in' }).click();
  await expect(hers).not.toHaveURL(/sign-in/);
  await followTable(hers, 'customers');
  await hers.getByRole('navigation', { name: 'Pages of the table' }).getByRole('link', { name: 'Assessment' }).click();
  const proven = hers.getByText(/Not proven yet/);
  await expect(proven).toBeVisible();
  await hers.getByRole('button', { name: /prove it$/ }).click();
  await expect(alert(hers)).toContainText('takes the role operator');
  await expect(alert(hers)).toContainText('yours is viewer');
  await hers.reload();
  await expect(proven, 'nothing was done').toBeVisible();
  await context.close();
});
