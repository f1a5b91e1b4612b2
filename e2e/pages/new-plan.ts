/** A new plan, step by step as an operator fills it in. */
import { expect, type Page } from '@playwright/test';
import { demo } from '../fixtures/demo';

export interface NewPlan {
  name: string;
  /** As they are listed, or typed by name where the source does not list them. */
  tables: readonly string[];
  typedTables?: readonly string[];
}

/** An empty draft at its first step. */
export async function beginPlan(page: Page): Promise<void> {
  await page.goto(`${demo().base}/plans/new`);
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('radio', { name: /Dual write/ }).click();
}

/** Fills in everything up to the review; the plan is not made yet. */
export async function draftPlan(page: Page, { name, tables, typedTables = [] }: NewPlan): Promise<void> {
  await beginPlan(page);
  await page.getByRole('button', { name: 'Go on to connections' }).click();
  for (const side of [/Source/, /Target/])
    await page.getByRole('radiogroup', { name: side }).getByRole('radio').first().click();
  await page.getByRole('button', { name: 'Go on to tables' }).click();
  for (const table of tables) await page.getByRole('checkbox', { name: table, exact: true }).click();
  for (const table of typedTables) {
    await page.getByLabel('Add a table by name').fill(table);
    await page.getByRole('button', { name: 'Add the table' }).click();
  }
  await page.getByRole('button', { name: 'Go on to review' }).click();
  await page.getByLabel('Name of the plan').fill(name);
  await page.getByRole('radio', { name: 'Rehearsal' }).click();
}

export const makeButton = (page: Page) => page.getByRole('button', { name: 'Make the plan and assess it' });

/** Makes the plan and waits for its assessment. @returns the address of the plan's page */
export async function makePlan(page: Page, plan: NewPlan): Promise<string> {
  await draftPlan(page, plan);
  await makeButton(page).click();
  await expect(page).toHaveURL(/\/plans\/pln_[^/]+\/assessment/);
  await expect(page.getByText(/passed, \d+ warned, \d+ failed/)).toBeVisible({ timeout: 30_000 });
  return page.url().replace(/\/assessment.*$/, '');
}
