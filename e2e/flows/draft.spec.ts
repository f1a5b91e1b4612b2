/** What the page says of a draft is of the draft that stands on it. */
import { expect, test } from '@playwright/test';
import { asPerson } from '../fixtures/session';
import { beginPlan } from '../pages/new-plan';

test('the answer to an older save does not call a newer draft kept', async ({ page }) => {
  await asPerson(page, 'ada');
  await beginPlan(page);
  await expect(page.getByText('Draft kept')).toBeVisible();
  const held: (() => void)[] = [];
  await page.route('**/plans/new', async (route) => {
    if (route.request().method() === 'POST') await new Promise<void>((go) => held.push(go));
    await route.continue();
  });
  await page.getByRole('radio', { name: /Big bang/ }).click();
  await expect.poll(() => held.length).toBe(1);
  await page.getByRole('radio', { name: /Incremental/ }).click();
  held[0]?.();
  await expect.poll(() => held.length, 'the newer one is under way').toBe(2);
  await expect(page.getByText('Keeping the draft…')).toBeVisible();
  await expect(page.getByText('Draft kept')).toHaveCount(0);
  held[1]?.();
  await expect(page.getByText('Draft kept')).toBeVisible();
});
