/** The console as an operator uses it: by role and name, never by markup. */
import { expect, type Locator, type Page } from '@playwright/test';
import { demo } from '../fixtures/demo';

export const PEOPLE = { ada: 'ada@demo.local', grace: 'grace@demo.local' } as const;

export async function signIn(page: Page, person: keyof typeof PEOPLE): Promise<void> {
  const { base, secrets } = demo();
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('E-mail').fill(PEOPLE[person]);
  await page
    .getByLabel('Password', { exact: true })
    .fill(person === 'ada' ? secrets.adaPassword : secrets.gracePassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).not.toHaveURL(/sign-in/);
}

const OPEN_MS_MAX = 60_000;

/** Follows the first link to a table. A page that is still taking over from the server's may let one click go by. */
export async function followTable(page: Page, name: string): Promise<void> {
  await expect(async () => {
    if (!/\/tables\/tbl_/.test(page.url())) await page.getByRole('link', { name, exact: true }).first().click();
    await expect(page).toHaveURL(/\/tables\/tbl_/, { timeout: 10_000 });
  }).toPass({ timeout: OPEN_MS_MAX });
}

/** The button of a move: in the part of the page that bears its name, or the button itself. */
const moveButton = (page: Page, name: string): Locator =>
  page
    .getByRole('region', { name, exact: true })
    .getByRole('button')
    .or(page.getByRole('button', { name, exact: true }))
    .first();

/** The dialog of a move, opened from where the page offers it. */
export async function openMove(page: Page, name: string): Promise<Locator> {
  await moveButton(page, name).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('heading', { name: 'What will happen' })).toBeVisible();
  return dialog;
}

export interface CommitMove {
  /** The move as the page names it. */
  name: string;
  reason?: string;
  typedName?: string;
}

/** Draft, plan, reason, commit; the dialog closes by itself when it is done. */
export async function commitMove(page: Page, move: CommitMove): Promise<void> {
  const dialog = await openMove(page, move.name);
  if (move.reason) await dialog.getByLabel('Reason').fill(move.reason);
  if (move.typedName) await dialog.getByLabel(/Type .* to commit/).fill(move.typedName);
  const commit = dialog.getByRole('button', { name: move.name, exact: true });
  await expect(commit).toBeEnabled();
  await commit.click();
  await expect(dialog).toBeHidden({ timeout: 20_000 });
}
