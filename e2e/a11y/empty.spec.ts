/** Every page before any plan exists, as a new operator meets it: each says what is not there yet and how to begin. */
import { expect, type Page, test } from '@playwright/test';
import { demo } from '../fixtures/demo';
import { restApplication, wakeApplication } from '../fixtures/equality';
import { asPerson } from '../fixtures/session';
import { audit, type Look } from './audit';

const GUIDE = ['dual-write', 'read-shift', 'flip', 'roll-back', 'dirty-key', 'at-2-am'];

const says = (text: string | RegExp) => (page: Page) => page.getByText(text);
const heads = (name: string | RegExp) => (page: Page) => page.getByRole('heading', { level: 1, name });

async function connectionPath(page: Page): Promise<string> {
  await page.goto(`${demo().base}/connections`);
  const link = page.getByRole('table', { name: 'Connections' }).getByRole('rowheader').getByRole('link').first();
  return (await link.getAttribute('href'))!;
}

/** A step of a new plan, by the row of steps. */
const step = (name: string) => async (page: Page) => {
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name }).click();
};

const WIZARD: Look[] = [
  {
    name: 'new plan, strategy',
    path: '/plans/new',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Start over' }).click();
      await step('Strategy')(page);
    },
    shows: (page) => page.getByRole('radio', { name: /Dual write/ }),
  },
  {
    name: 'new plan, tables without a source',
    path: '/plans/new',
    staysOnPage: true,
    prepare: step('Tables'),
    shows: says('No source is chosen'),
  },
  {
    name: 'new plan, connections',
    path: '/plans/new',
    staysOnPage: true,
    prepare: async (page) => {
      await step('Connections')(page);
      for (const side of [/Source/, /Target/])
        await page.getByRole('radiogroup', { name: side }).getByRole('radio').first().click();
    },
    shows: (page) => page.getByRole('button', { name: /^Test .* now$/ }),
  },
  {
    name: 'new plan, tables',
    path: '/plans/new',
    staysOnPage: true,
    prepare: step('Tables'),
    shows: (page) => [page.getByRole('checkbox', { name: 'orders' }), page.getByText('Choose at least one.')],
  },
  {
    name: 'new plan, review',
    path: '/plans/new',
    staysOnPage: true,
    prepare: step('Review'),
    shows: (page) => [
      page.getByText('Choose at least one table.'),
      page.getByText('Choose a strategy.'),
      page.getByText('What it does not promise'),
    ],
  },
];

const PLACES: Look[] = [
  { name: 'fleet', path: '/', shows: says('No table is in a plan yet') },
  { name: 'plans', path: '/plans', shows: says('There is no plan yet') },
  {
    name: 'connections',
    path: '/connections',
    shows: (page) => page.getByRole('table', { name: 'Connections' }).getByText('no plan'),
  },
  {
    name: 'new connection',
    path: '/connections/new',
    shows: (page) => page.getByRole('button', { name: 'Test and keep the connection' }),
  },
  {
    name: 'gateways',
    path: '/gateways',
    shows: (page) => page.getByRole('table', { name: 'Application keys' }).getByRole('rowheader'),
  },
  {
    name: 'activity',
    path: '/activity?text=nothing+bears+this+name',
    shows: says('No entry fits these filters'),
  },
];

const SETTINGS: Look[] = [
  { name: 'settings', path: '/settings', shows: says('People and roles') },
  { name: 'alerts', path: '/settings/alerts', shows: says('never tested') },
  {
    name: 'people',
    path: '/settings/people',
    shows: (page) => page.getByRole('table', { name: 'People' }).getByText('grace@demo.local'),
  },
  {
    name: 'add a person',
    path: '/settings/people',
    staysOnPage: true,
    prepare: (page) => page.getByRole('button', { name: 'Add person' }).click(),
    shows: (page) => page.getByRole('dialog').getByLabel('E-mail address'),
  },
  { name: 'not found', path: '/plans/pln_none', shows: heads(/no such|There is no/) },
  { name: 'not a page', path: '/nowhere', shows: heads('There is no page at this address') },
];

const HELP: Look[] = [
  { name: 'help', path: '/help', shows: says("The operator's guide") },
  ...GUIDE.map((slug) => ({
    name: `guide, ${slug}`,
    path: `/help/guide/${slug}`,
    shows: (page: Page) => page.getByRole('heading', { level: 2 }),
  })),
  { name: 'error page', path: '/help/errors/table.lost_race', shows: says('What to check') },
];

// Nothing here is about its traffic, and axe has the processors.
test.beforeAll(restApplication);
test.afterAll(wakeApplication);

test('pages in front of the console pass', async ({ browser, page }) => {
  expect(
    await audit(browser, null, [
      { name: 'sign-in', path: '/sign-in', shows: (at) => at.getByRole('button', { name: 'Sign in' }) },
    ]),
  ).toEqual([]);
  await page.goto(`${demo().base}/setup`);
  await expect(page, 'there is an administrator, so that nobody else makes the first one').toHaveURL(/sign-in/);
});

test('fleet, plans, connections, gateways and activity say that nothing is there yet', async ({ browser }) => {
  expect(await audit(browser, 'ada', PLACES)).toEqual([]);
});

test('a connection, its test and its form pass', async ({ browser, page }) => {
  await asPerson(page, 'ada');
  const path = await connectionPath(page);
  expect(
    await audit(browser, 'ada', [
      { name: 'connection', path, shows: (at) => at.getByRole('button', { name: 'Test it now' }) },
    ]),
  ).toEqual([]);
});

test('each step of a new plan passes and says what is missing', async ({ browser }) => {
  expect(await audit(browser, 'ada', WIZARD)).toEqual([]);
});

test('settings, people, alerts and pages that are not there pass', async ({ browser }) => {
  expect(await audit(browser, 'ada', SETTINGS)).toEqual([]);
});

test('every page of the help passes', async ({ browser }) => {
  expect(await audit(browser, 'ada', HELP)).toEqual([]);
});
