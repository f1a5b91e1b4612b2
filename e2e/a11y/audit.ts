/**
 * Looks at a page as WCAG 2.2 AA asks: axe in both themes, wide and at 320 px, nothing to scroll sideways, every control
 * large enough to hit, and the state on screen the one that belongs there, never an error or an empty page in its place.
 */
import path from 'node:path';
import { type Browser, expect, type Locator, type Page } from '@playwright/test';
import axe, { type RunOptions } from 'axe-core';
import { demo } from '../fixtures/demo';
import { sessionOf } from '../fixtures/session';
import type { PEOPLE } from '../pages/console';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 800 };
const TARGET_PX_MIN = 24;
const THEMES = ['light', 'dark'] as const;
const SHOWN_MS_MAX = 20_000;
const PAGES_AT_ONCE = 2;

export interface Look {
  /** For the report. */
  name: string;
  path: string;
  /** What must be on screen: the sentence of an empty state, or the content of a full one. */
  shows: (page: Page) => Locator | Locator[];
  /** Steps from the opened page to what is looked at. */
  prepare?: (page: Page) => Promise<void>;
  /** Stays on the page that the look before it has left. */
  staysOnPage?: boolean;
}

/** Whatever says that something could not be read, or is still being read. */
const notReady = (page: Page): Locator =>
  page
    .getByText(/Landfall could not read|Your role does not show|^Reading [^.]*…$/)
    .or(page.getByRole('heading', { name: /This page failed|Something went wrong/ }));

/** Everything in one theme; in the other, where the same elements stand, what colours decide. */
const RULES = {
  light: { type: 'tag', values: TAGS },
  dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
} satisfies Record<(typeof THEMES)[number], RunOptions['runOnly']>;

/**
 * Axe's findings as lines that name the place. Its half megabyte of source is given to a page once and not at each look:
 * that took longer than the rules.
 */
async function axeFindings(page: Page, theme: keyof typeof RULES): Promise<string[]> {
  if (await page.evaluate(() => !('axe' in window))) await page.evaluate(axe.source);
  const violations = await page.evaluate(
    async (runOnly) => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      return (await axe.run(document, { runOnly, resultTypes: ['violations'] })).violations;
    },
    RULES[theme] as RunOptions['runOnly'],
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`),
  );
}

/**
 * What axe finds twice. A page that is taken over from the server's just then may hold, for one frame, an element without
 * its style; what is wrong with a page is wrong a moment later too.
 */
async function standing(page: Page, theme: keyof typeof RULES): Promise<string[]> {
  const first = await axeFindings(page, theme);
  if (first.length === 0) return first;
  await page.waitForLoadState('load');
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  return (await axeFindings(page, theme)).filter((line) => first.includes(line));
}

/** Boxes that reach past the right edge, where the page as a whole scrolls sideways because of them. */
const overflow = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll('*')].filter(
      (each) => each.getBoundingClientRect().right > width + 1,
    );
    return wide
      .slice(-3)
      .map((each) => `wider than the page: <${each.tagName.toLowerCase()} class="${each.className}">`);
  });

/** Controls smaller than the target that they must be; a link within a sentence is exempt, as the criterion has it. */
const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate((pxMin) => {
    const controls =
      'a[href], button, input, select, textarea, summary, [role=button], [role=checkbox], [role=radio], [role=slider], [role=switch], [role=tab], [role=menuitem]';
    const isInSentence = (each: Element): boolean =>
      getComputedStyle(each).display === 'inline' &&
      [...(each.parentElement?.childNodes ?? [])].some(
        (sibling) => sibling.nodeType === Node.TEXT_NODE && sibling.textContent?.trim() !== '',
      );
    return [...document.querySelectorAll(controls)].flatMap((each) => {
      if (each.closest('[aria-hidden=true]') || !each.checkVisibility({ checkVisibilityCSS: true })) return [];
      if (each.matches('input') && each.getAttribute('tabindex') === '-1') return [];
      const box = (each.closest('label') ?? each).getBoundingClientRect();
      if (box.width <= 1 || box.bottom < 0) return [];
      if ((box.width >= pxMin - 0.5 && box.height >= pxMin - 0.5) || isInSentence(each)) return [];
      const name = each.getAttribute('aria-label') ?? each.textContent?.trim().slice(0, 40);
      return [`${Math.round(box.width)} x ${Math.round(box.height)} px: ${each.tagName.toLowerCase()} "${name}"`];
    });
  }, TARGET_PX_MIN);

/** For looking at every page by eye: with LANDFALL_E2E_PICTURES naming a folder, each look leaves its picture there. */
async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.LANDFALL_E2E_PICTURES;
  if (!folder) return;
  const file = path.join(folder, `${name.replaceAll(/[^a-z0-9-]+/gi, '-')}.png`);
  await page.screenshot({ path: file, fullPage: (await page.getByRole('dialog').count()) === 0 });
}

/** As choosing it from the menu does; the page is the same, only its colours change. */
const turnTo = (page: Page, theme: keyof typeof RULES): Promise<void> =>
  page.evaluate((name) => {
    document.documentElement.dataset.theme = name;
  }, theme);

async function lookAt(page: Page, look: Look): Promise<string[]> {
  await page.setViewportSize(WIDE);
  if (!look.staysOnPage) await page.goto(`${demo().base}${look.path}`, { waitUntil: 'domcontentloaded' });
  await look.prepare?.(page);
  const found: string[] = [];
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    for (const shown of [look.shows(page)].flat())
      await expect(shown.first(), `${look.name} shows what belongs there`).toBeVisible({ timeout: SHOWN_MS_MAX });
    await expect(notReady(page), `${look.name} is read without an error`).toHaveCount(0);
    // A dialog hides the page behind it from assistive technology, its first heading too.
    if ((await page.getByRole('dialog').count()) === 0)
      await expect(page.getByRole('heading', { level: 1 }), `${look.name} has one first heading`).toHaveCount(1);
    const of = (where: string, lines: string[]) =>
      found.push(...lines.map((line) => `${look.name}, ${where}, ${size.width} px: ${line}`));
    for (const theme of THEMES) {
      await turnTo(page, theme);
      await keepPicture(page, `${look.name}-${theme}-${size.width}`);
      of(theme, await standing(page, theme));
    }
    of('both themes', [...(await overflow(page)), ...(await smallTargets(page))]);
  }
  return found;
}

/** Looks that are independent of each other, each with those that stay on its page. */
function chainsOf(looks: readonly Look[]): Look[][] {
  const chains: Look[][] = [];
  for (const look of looks) {
    const chain = chains.at(-1);
    if (look.staysOnPage && chain) chain.push(look);
    else chains.push([look]);
  }
  return chains;
}

export type Person = keyof typeof PEOPLE | null;
/** Some pages at a time. @returns every finding; an empty list is what is wanted. */
export async function audit(browser: Browser, person: Person, looks: readonly Look[]): Promise<string[]> {
  const state = person ? await sessionOf(browser, person) : undefined;
  const chains = chainsOf(looks);
  const pages = Math.min(PAGES_AT_ONCE, chains.length);
  const found: string[] = [];
  await Promise.all(
    Array.from({ length: pages }, async () => {
      const context = await browser.newContext({ viewport: WIDE, storageState: state, reducedMotion: 'reduce' });
      const page = await context.newPage();
      for (let chain = chains.shift(); chain; chain = chains.shift())
        for (const look of chain) found.push(...(await lookAt(page, look)));
      await context.close();
    }),
  );
  return found;
}
