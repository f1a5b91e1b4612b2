/**
 * One piece of the work by keyboard alone: sign in, find a table, read a move's dry run and leave it, the skip link, the
 * theme, the menu of a narrow window. Wherever the focus goes it can be seen, and is not under the sticky head.
 */
import { expect, type Locator, type Page, test } from '@playwright/test';
import { demo } from '../fixtures/demo';
import { asPerson } from '../fixtures/session';
import { PEOPLE } from '../pages/console';

const TABS_MAX = 90;

/** What is wrong with the look of the focus; null when it can be seen. */
const faultOfFocus = (page: Page): Promise<string | null> =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const name = `${at.tagName.toLowerCase()} "${at.getAttribute('aria-label') ?? at.textContent?.trim().slice(0, 40)}"`;
    // A box that is drawn by another element carries its ring, such as the one beside a hidden native input.
    const ringed = [at, at.parentElement, at.previousElementSibling].some((each) => {
      if (!each) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(each);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
    });
    if (!ringed) return `${name} shows no focus`;
    const box = at.getBoundingClientRect();
    const points = [
      [box.left + 2, box.top + 2],
      [box.left + box.width / 2, box.top + box.height / 2],
      [box.right - 2, box.bottom - 2],
    ] as const;
    const isSeen = points.some(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return top !== null && (at.contains(top) || top.contains(at));
    });
    return isSeen ? null : `${name} is hidden while it has the focus`;
  });

/** Tabs on until this has the focus, looking at the focus all the way. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
    if (await target.evaluate((each) => each === document.activeElement)) return;
    await page.keyboard.press(key);
    expect(await faultOfFocus(page)).toBeNull();
  }
  throw new Error(`${TABS_MAX} tabs did not reach ${target}`);
}

/** Replaces what stands in the field that has the focus. */
async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}

test('signing in, reading a dry run and leaving it again takes no mouse', async ({ page }) => {
  await page.goto(`${demo().base}/sign-in`);
  await tabTo(page, page.getByLabel('E-mail'));
  await type(page, PEOPLE.ada);
  await tabTo(page, page.getByLabel('Password', { exact: true }));
  await type(page, demo().secrets.adaPassword);
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/sign-in/);

  await tabTo(page, page.getByRole('link', { name: 'customers', exact: true }).first());
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'customers' })).toBeVisible();

  const open = page.getByRole('button', { name: 'Begin dual write' }).first();
  await tabTo(page, open);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  const leave = dialog.getByRole('button', { name: 'Keep as it is' });
  await expect(leave, 'the focus starts on the way out').toBeFocused();
  await expect(dialog.getByRole('heading', { name: 'What will happen' })).toBeVisible();
  await tabTo(page, dialog.getByLabel('Reason'), 'Shift+Tab');
  await type(page, 'only looking');
  await tabTo(page, leave);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(open, 'the focus goes back to where it came from').toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Planned', { exact: true }).first()).toBeVisible();
});

test('the skip link leads past the places, and the theme is chosen from a menu', async ({ page }) => {
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/connections`);
  await expect(page.getByRole('table', { name: 'Connections' })).toBeVisible();
  const skip = page.getByRole('link', { name: 'Skip to the page' });
  await page.keyboard.press('Tab');
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'New connection' })).toBeFocused();

  await tabTo(page, page.getByRole('button', { name: 'Theme' }), 'Shift+Tab');
  for (const theme of ['Dark', 'Light']) {
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menu')).toBeVisible();
    const choice = page.getByRole('menuitemradio', { name: theme });
    await expect(async () => {
      await page.keyboard.press('ArrowDown');
      expect(await choice.evaluate((each) => each === document.activeElement)).toBe(true);
    }).toPass({ timeout: 10_000 });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menu')).toBeHidden();
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme.toLowerCase());
    await expect(page.getByRole('button', { name: 'Theme' })).toBeFocused();
  }
  await page.reload();
  await expect(page.locator('html'), 'the theme is kept').toHaveAttribute('data-theme', 'light');
});

test('who asked for less motion sees a theme at once, the deepest element too', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await asPerson(page, 'ada');
  await page.goto(`${demo().base}/connections`);
  await expect(page.getByRole('table', { name: 'Connections' })).toBeVisible();
  const turnTo = (theme: string) =>
    page.evaluate((name) => {
      document.documentElement.dataset.theme = name;
      return document.getAnimations().length;
    }, theme);
  await turnTo('light');
  await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBe(0);
  expect(await turnTo('dark'), 'colours that are on their way').toBe(0);
});

test('at 320 px the places stand in a menu that opens, holds the focus and gives it back', async ({ page }) => {
  await asPerson(page, 'ada');
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${demo().base}/gateways`);
  const menu = page.getByRole('button', { name: 'Open the menu' });
  await tabTo(page, menu);
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await expect(drawer).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await expect(menu).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, drawer.getByRole('link', { name: 'Activity' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await expect(drawer).toBeHidden();
});
