/**
 * The whole story as an operator lives it: sign-in, a plan over a table that an application is using, dual write,
 * backfill, verification, the slider by mouse and by keyboard, a roll-back, a refused move with its reasons, the flip
 * with a second person, the checklist, the closing of the source. At the end both stores are compared with each other
 * and with the application's own record, by code that shares nothing with the engine.
 */
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { demo } from '../fixtures/demo';
import { application, equalityOfDemo, storeOfDemo, whileApplicationRests } from '../fixtures/equality';
import { killProcess, whileFrozen } from '../fixtures/processes';
import { commitMove, followTable, openMove, signIn } from '../pages/console';

const PLAN = 'Orders to TerraScale';
const STORY_MS_MAX = 90_000;
let tableUrl = '';
let planUrl = '';

test.describe.configure({ mode: 'serial', retries: 0 });

async function asAda(page: Page, path = tableUrl): Promise<void> {
  await signIn(page, 'ada');
  if (path) await page.goto(path);
}

/** A page of the table, by its tab. */
const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages of the table' }).getByRole('link', { name: new RegExp(`^${name}`) });

/** The stage badge beside the table's name. */
const expectStage = (page: Page, label: string) =>
  expect(
    page
      .getByRole('heading', { level: 1 })
      .locator('xpath=ancestor::header | ancestor::div[1]/..')
      .getByText(label, { exact: true })
      .first(),
  ).toBeVisible({ timeout: STORY_MS_MAX });

test('a plan is made over a living table and assessed', async ({ page }) => {
  await signIn(page, 'ada');
  await page.goto(`${demo().base}/plans/new`);
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('radio', { name: /Dual write/ }).click();
  await page.getByRole('button', { name: 'Go on to connections' }).click();
  await page
    .getByRole('radiogroup', { name: /Source/ })
    .getByRole('radio')
    .first()
    .click();
  await page
    .getByRole('radiogroup', { name: /Target/ })
    .getByRole('radio')
    .first()
    .click();
  await page.getByRole('button', { name: 'Go on to tables' }).click();
  await page.getByRole('checkbox', { name: 'orders', exact: true }).click();
  await expect(page.getByText('Draft kept')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('checkbox', { name: 'orders', exact: true })).toBeChecked();
  await page.getByRole('button', { name: 'Go on to review' }).click();
  await page.getByLabel('Name of the plan').fill(PLAN);
  await page.getByRole('radio', { name: 'Rehearsal' }).click();
  await page.getByRole('button', { name: 'Make the plan and assess it' }).click();
  await expect(page).toHaveURL(/\/plans\/pln_[^/]+\/assessment/);
  planUrl = page.url().replace(/\/assessment.*$/, '');
  await expect(page.getByText(/passed, \d+ warned, \d+ failed/)).toBeVisible({ timeout: 30_000 });
  await page.goto(planUrl);
  await followTable(page, 'orders');
  await expect(page).toHaveURL(/\/tables\/tbl_/);
  tableUrl = page.url();
  await expectStage(page, 'Planned');
});

test('a move that is not allowed says why and changes nothing', async ({ page }) => {
  await asAda(page);
  const dialog = await openMove(page, 'Begin dual write');
  await expect(dialog.getByRole('heading', { name: 'Not allowed yet' })).toBeVisible();
  await expect(dialog.getByText('The target table exists and behaves with the key of the source.')).toBeVisible();
  await dialog.getByLabel('Reason').fill('too early');
  await expect(dialog.getByRole('button', { name: 'Begin dual write' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Keep as it is' }).click();
  await expectStage(page, 'Planned');
});

test('the target is proven, and dual write begins at every gateway', async ({ page }) => {
  await asAda(page, `${tableUrl}/assessment`);
  await page.getByRole('button', { name: 'Create it where allowed, and prove it' }).click();
  await expect(page.getByRole('button', { name: 'Prove it again' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/passed, \d+ warned, 0 failed, 0 not known/)).toBeVisible({ timeout: 30_000 });
  await page.goto(tableUrl);
  await commitMove(page, { name: 'Begin dual write', reason: 'first table' });
  await expectStage(page, 'Dual write');
});

/** Dirty keys as the overview says them. */
const dirtyTile = (page: Page) => page.getByText('Dirty keys', { exact: true }).first().locator('xpath=../..');

test('a target that hangs costs the application nothing; dirty keys rise, then fall to 0 by themselves', async ({
  page,
}) => {
  test.setTimeout(240_000);
  const before = await application();
  await asAda(page);
  await whileFrozen('target', async () => {
    await expect(dirtyTile(page)).toContainText(/oldest/, { timeout: STORY_MS_MAX });
    // Long enough for requests to time out, to be marked and to be tried again.
    const since = await application();
    await expect
      .poll(async () => (await application()).acked - since.acked, { timeout: STORY_MS_MAX })
      .toBeGreaterThan(600);
  });
  await expect(dirtyTile(page)).toContainText('none waiting', { timeout: STORY_MS_MAX });
  const after = await application();
  expect(after.refused + after.unknown + after.readErrors).toBe(before.refused + before.unknown + before.readErrors);
});

test('the backfill copies what was there, and the verification that follows is clean', async ({ page }) => {
  test.setTimeout(300_000);
  await asAda(page);
  await expect(
    page.getByRole('region', { name: 'Begin backfill', exact: true }).getByText('2 of 2 gates met'),
  ).toBeVisible({ timeout: STORY_MS_MAX });
  await commitMove(page, { name: 'Begin backfill' });
  await tab(page, 'Backfill').click();
  await expect(page.getByRole('progressbar').first()).toBeVisible();
  // In the middle of the copy, by process id: another worker finishes it.
  await expect(page.getByText(/^[1-9][\d,]* of/).first()).toBeVisible();
  await killProcess('worker');
  await tab(page, 'Verification').click();
  await expect(
    page
      .getByRole('heading', { name: 'Verification 1' })
      .locator('xpath=ancestor::section[1]')
      .getByText('done', { exact: true })
      .first(),
  ).toBeVisible({ timeout: 240_000 });
  await expect(page.getByLabel('What the comparison found').getByText('Mismatches').locator('xpath=..')).toContainText(
    '0',
  );
});

/** What is no share is refused at its field, and neither the draft nor the share moves. */
async function refusedShares(page: Page, slider: Locator): Promise<void> {
  const field = page.getByLabel('Share in percent');
  for (const typed of ['101', 'ten', '-1', '0.0001']) {
    await field.fill(typed);
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByText('A number from 0 to 100, at most three decimals.')).toBeVisible();
    await expect(slider).toHaveAttribute('aria-valuenow', '1');
    await expect(page.getByRole('button', { name: 'Choose another share to shift' })).toBeDisabled();
  }
  await field.fill('1');
  await expect(field).not.toHaveAttribute('aria-invalid', 'true');
}

test('reads shift by mouse and by keyboard, and what is observed is what gateways did', async ({ page }) => {
  test.setTimeout(240_000);
  await asAda(page);
  await commitMove(page, { name: 'Begin read shift', reason: 'verified' });
  await expectStage(page, 'Read shift');
  // The target hung before the copy: what failed then counts until it has left the window of its guardrail.
  const guardrails = page.getByText('Guardrails green', { exact: true }).first().locator('xpath=../..');
  await expect(guardrails).toContainText('guardrails, all green', { timeout: STORY_MS_MAX });
  await page.getByRole('button', { name: /^Draft 1 %/ }).click();
  await commitMove(page, { name: 'Shift reads to 1 %', reason: 'first stop' });
  await expect(page.getByText('Desired', { exact: true }).first().locator('xpath=..')).toContainText('1 %');
  const slider = page.getByRole('slider', { name: 'Read share of orders' });
  await expect(slider).toHaveAttribute('aria-valuetext', /highest allowed (?!1 %)/, { timeout: STORY_MS_MAX });
  await refusedShares(page, slider);
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await expect(slider).toHaveAttribute('aria-valuetext', /Draft 10 %/);
  await page.getByRole('button', { name: 'Shift reads to 10 %' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Reason').fill('second stop');
  const commit = page.getByRole('dialog').getByRole('button', { name: 'Shift reads to 10 %' });
  await expect(commit).toBeEnabled();
  await commit.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeHidden({ timeout: 20_000 });
  await expect(page.getByText('Observed', { exact: true }).first().locator('xpath=..')).toContainText(/\d+(\.\d+)? %/, {
    timeout: STORY_MS_MAX,
  });
});

test('a gateway and a dashboard that are killed come back and have lost nothing', async ({ page }) => {
  test.setTimeout(240_000);
  await killProcess('gateway');
  const before = await application();
  await expect
    .poll(async () => (await application()).acked - before.acked, { timeout: STORY_MS_MAX })
    .toBeGreaterThan(100);
  await killProcess('web');
  await expect(async () => asAda(page)).toPass({ timeout: STORY_MS_MAX });
  await expect(dirtyTile(page)).toContainText('none waiting', { timeout: STORY_MS_MAX });
});

test('reads go back to DynamoDB with one action, and then all of them forward', async ({ page }) => {
  test.setTimeout(300_000);
  await asAda(page);
  const back = page.getByRole('button', { name: 'Reads back to DynamoDB' }).first();
  await back.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Desired', { exact: true }).first().locator('xpath=..')).toContainText('0 %', {
    timeout: 15_000,
  });
  for (const stop of ['1 %', '10 %', '50 %', '100 %']) {
    await page.getByRole('button', { name: new RegExp(`^Draft ${stop}`) }).click();
    const desired = page.getByText('Desired', { exact: true }).first().locator('xpath=..');
    await expect(async () => {
      // Committed at an earlier try that did not see its dialog close in time.
      if ((await desired.textContent())?.includes(stop)) return;
      const dialog = await openMove(page, `Shift reads to ${stop}`);
      await dialog.getByLabel('Reason').fill(`stop ${stop}`);
      const commit = dialog.getByRole('button', { name: `Shift reads to ${stop}` });
      if (await commit.isDisabled()) {
        await dialog.getByRole('button', { name: 'Keep as it is' }).click();
        throw new Error(`gates of ${stop} are not met yet`);
      }
      await commit.click();
      await expect(dialog).toBeHidden({ timeout: 20_000 });
    }).toPass({ timeout: STORY_MS_MAX });
    await expect(desired).toContainText(stop);
  }
  await expect(page.getByText('Observed', { exact: true }).first().locator('xpath=..')).toContainText('100 %', {
    timeout: STORY_MS_MAX,
  });
});

/** The second yes of another person to exactly the dry run that the operator will commit. */
async function approveAsGrace(page: Page, move: string): Promise<void> {
  const context = await page
    .context()
    .browser()!
    .newContext({ viewport: { width: 1280, height: 800 } });
  const second = await context.newPage();
  await signIn(second, 'grace');
  await second.goto(tableUrl);
  await expect(async () => {
    const dialog = await openMove(second, move);
    const unmet = dialog.getByRole('list', { name: 'Unmet gates' }).getByRole('listitem');
    if ((await unmet.count()) !== 1) {
      await dialog.getByRole('button', { name: 'Keep as it is' }).click();
      throw new Error('other gates than the approval are unmet');
    }
    await dialog.getByRole('button', { name: 'Approve this dry run' }).click();
    await expect(dialog.getByText('You approved exactly these steps')).toBeVisible({ timeout: 10_000 });
    await dialog.getByRole('button', { name: 'Keep as it is' }).click();
  }).toPass({ timeout: STORY_MS_MAX });
  await context.close();
}

test('write authority flips behind a fence with a second person, and the application sees no error', async ({
  page,
}) => {
  test.setTimeout(240_000);
  const before = await application();
  await asAda(page);
  await approveAsGrace(page, 'Flip write authority to TerraScale');
  await page.reload();
  await commitMove(page, {
    name: 'Flip write authority to TerraScale',
    reason: 'all reads are there',
    typedName: 'orders',
  });
  await expectStage(page, 'Target first');
  const after = await application();
  expect(after.refused + after.unknown + after.readErrors).toBe(before.refused + before.unknown + before.readErrors);
  expect(after.slowestLastMinuteMs).toBeLessThan(2_000);
  expect(after.acked).toBeGreaterThan(before.acked);
});

test('with both authorities proven, the stores are equal to each other and to the record of the application', async () => {
  await whileApplicationRests(async () => {
    await expect(async () => {
      const report = await equalityOfDemo();
      expect(report.problems).toEqual([]);
      expect(report.itemsCompared).toBeGreaterThan(10_000);
      expect(report.writesAcked).toBeGreaterThan(100);
    }).toPass({ timeout: 60_000 });
    // The check itself must be able to fail: one planted difference, then it is taken away again.
    const target = await storeOfDemo('target');
    const client = new DynamoDBClient(target);
    const planted = { tenant: { S: 'planted' }, order: { S: 'difference' } };
    await client.send(new PutItemCommand({ TableName: 'orders', Item: planted }));
    expect((await equalityOfDemo()).problems).toEqual([expect.stringContaining('is on the target alone')]);
    await client.send(new DeleteItemCommand({ TableName: 'orders', Key: planted }));
    client.destroy();
    expect((await equalityOfDemo()).problems).toEqual([]);
  });
});

test('the checklist is signed, the source is closed, and nothing was lost', async ({ page }) => {
  test.setTimeout(300_000);
  await asAda(page, `${demo().base}/settings/alerts`);
  await page
    .getByRole('button', { name: /Send a test to/ })
    .first()
    .click();
  await expect(page.getByText('delivered', { exact: true }).first()).toBeVisible();
  await page.goto(`${planUrl}/checklist`);
  await page
    .getByLabel('How to roll back, step by step')
    .fill('Open the table, press Flip write authority back, watch the observed share.');
  await page.getByRole('button', { name: 'Keep the procedure' }).click();
  await page.getByLabel('Who was trained on this dashboard').fill('Ada, Grace');
  await page.getByRole('button', { name: 'Keep the names' }).click();
  for (let signed = 0; signed < 6; signed += 1) {
    const next = page
      .getByRole('button', { name: /^Sign off:/ })
      .and(page.locator(':enabled'))
      .first();
    await expect(next).toBeVisible({ timeout: STORY_MS_MAX });
    await next.click();
    await expect(page.getByText(`${signed + 1} of 6`).first()).toBeVisible();
  }
  await approveAsGrace(page, 'Close the source');
  await page.goto(tableUrl);
  await commitMove(page, {
    name: 'Close the source',
    reason: 'checklist signed',
    typedName: 'orders',
  });
  await expectStage(page, 'Backup');
  await whileApplicationRests(async () => {
    const report = await equalityOfDemo(['target']);
    // The source is behind from the moment it was closed; what was acknowledged since is on the target alone.
    expect(report.problems.filter((problem) => problem.includes('on the target:'))).toEqual([]);
    expect(report.writesAcked).toBeGreaterThan(100);
  });
});
