/** Every page once there is something to see: one table at its end, one under way with a difference, one refused. */
import { expect, type Page, test } from '@playwright/test';
import { demo } from '../fixtures/demo';
import { restApplication, wakeApplication } from '../fixtures/equality';
import { asAnotherPostgres } from '../fixtures/postgres';
import { whileFrozen } from '../fixtures/processes';
import { asPerson } from '../fixtures/session';
import { audit, type Look } from './audit';

interface Place {
  plan: string;
  table: string;
}
const places = new Map<string, Place>();

/** Paths of a table and of its plan, by the name of the table. */
const placeOf = (name: string): Place => {
  const place = places.get(name);
  if (!place) throw new Error(`no plan moves ${name}; do the stories run before this?`);
  return place;
};

// What it did stands on the pages; axe has the processors.
test.beforeAll(restApplication);
test.afterAll(wakeApplication);

test.beforeAll(async ({ browser }) => {
  const page = await browser.newPage();
  await asPerson(page, 'ada');
  const answer = await page.request.get(`${demo().base}/api/plans`);
  const plans = (await answer.json()) as { id: string; tables: { name: string; tableId: string }[] }[];
  for (const plan of plans)
    for (const table of plan.tables)
      places.set(table.name, { plan: `/plans/${plan.id}`, table: `/plans/${plan.id}/tables/${table.tableId}` });
  await page.close();
});

const rows = (label: string | RegExp) => (page: Page) =>
  page.getByRole('table', { name: label }).getByRole('rowheader');
const region = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { name }).locator('xpath=ancestor::section[1]');
/** A figure that draws at least one line. */
const chart = (page: Page, title: RegExp) =>
  page.getByRole('figure', { name: title }).filter({ has: page.locator('path.recharts-line-curve') });

const overviews = (): Look[] => [
  {
    name: 'fleet',
    path: '/',
    shows: (page) => [rows(/Tables of all plans/)(page), page.getByRole('heading', { name: 'Needs a person now' })],
  },
  { name: 'plans', path: '/plans', shows: rows('Plans') },
  { name: 'activity', path: '/activity', shows: (page) => page.getByText(/Begin dual write|dual write/i) },
  {
    name: 'gateways',
    path: '/gateways',
    shows: (page) => page.getByRole('table', { name: /^Gateways/ }).getByRole('rowheader'),
  },
  {
    name: 'connections',
    path: '/connections',
    shows: (page) => rows('Connections')(page).getByRole('link'),
  },
  { name: 'alerts', path: '/settings/alerts', shows: (page) => page.getByText('delivered', { exact: true }) },
];

const ofPlan = ({ plan }: Place, name: string): Look[] => [
  {
    name: `cockpit of ${name}`,
    path: plan,
    shows: (page) => [
      page.getByRole('list', { name: /Stages/ }).getByRole('listitem'),
      page.getByRole('link', { name, exact: true }),
      page.getByText('What it does not promise'),
    ],
  },
  {
    name: `assessment of the plan of ${name}`,
    path: `${plan}/assessment`,
    shows: (page) => region(page, `Assessment of ${name}`).getByRole('listitem'),
  },
  {
    name: `checklist of ${name}`,
    path: `${plan}/checklist`,
    shows: (page) => page.getByText(/^\d of 6/),
  },
];

const ofTable = ({ table }: Place, name: string): Look[] => [
  {
    name: `overview of ${name}`,
    path: table,
    shows: (page) => [
      page.getByRole('list', { name: `Stages of ${name}` }).getByRole('listitem'),
      page.getByRole('slider', { name: `Read share of ${name}` }),
      chart(page, /Reads/),
    ],
  },
  {
    name: `assessment of ${name}`,
    path: `${table}/assessment`,
    shows: (page) => [region(page, `Assessment of ${name}`).getByRole('listitem'), page.getByText(/Proven/)],
  },
  {
    name: `condition lab of ${name}`,
    path: `${table}/lab`,
    shows: (page) => [
      page.getByRole('radiogroup', { name: 'Kind of expression' }),
      page.getByRole('textbox', { name: 'Expression', exact: true }),
    ],
  },
  {
    name: `backfill of ${name}`,
    path: `${table}/backfill`,
    shows: (page) => [
      page.getByRole('heading', { name: 'Backfill 1' }),
      page.getByRole('progressbar'),
      page.getByRole('list', { name: /Segments of backfill/ }).getByRole('listitem'),
    ],
  },
  {
    name: `traffic of ${name}`,
    path: `${table}/traffic?range=10800000`,
    shows: (page) => [
      chart(page, /Reads/),
      chart(page, /Writes/),
      page.getByText('Marks on the charts'),
      page.getByRole('figure', { name: /Shadow mismatch rate/ }),
      region(page, 'Shadow reads').getByText('Items compared'),
      page.getByRole('list', { name: `Guardrails of ${name}` }).getByRole('listitem'),
    ],
  },
  {
    name: `share of shadow reads of ${name}`,
    path: '',
    staysOnPage: true,
    prepare: (page) => page.getByRole('button', { name: 'Change shadow reads' }).click(),
    shows: (page) => page.getByRole('dialog').getByLabel('Share of reads in percent'),
  },
  {
    name: `mode of a guardrail of ${name}`,
    path: `${table}/traffic?range=10800000`,
    prepare: (page) =>
      page
        .getByRole('button', { name: 'Change Slow reads' })
        .or(page.getByRole('button', { name: 'Change Dirty keys' }))
        .first()
        .click(),
    shows: (page) => page.getByRole('dialog').getByRole('combobox'),
  },
  {
    name: `traffic of ${name} again`,
    path: `${table}/traffic?range=10800000`,
    shows: (page) => chart(page, /Reads/),
  },
  {
    name: `traffic of ${name}, as a table`,
    path: '',
    staysOnPage: true,
    prepare: async (page) => {
      await page.getByRole('button', { name: /^Table of Reads/ }).click();
    },
    shows: (page) =>
      page
        .getByRole('table', { name: /Reads.*, as a table/ })
        .getByRole('row')
        .nth(1),
  },
  {
    name: `activity of ${name}`,
    path: `${table}/activity`,
    shows: (page) => page.getByText(/Chain of the audit record/).or(page.getByText(/backfill/i)),
  },
];

const verification = ({ table }: Place, name: string): Look[] => [
  {
    name: `verification of ${name}`,
    path: `${table}/verification`,
    shows: (page) => [
      page.getByLabel('What the comparison found'),
      page.getByRole('list', { name: /Segments of verification/ }).getByRole('listitem'),
    ],
  },
];

test('overviews show rows and pass', async ({ browser }) => {
  expect(await audit(browser, 'ada', overviews())).toEqual([]);
});

test('the pages of a plan that moved its table show it and pass', async ({ browser }) => {
  expect(await audit(browser, 'ada', ofPlan(placeOf('orders'), 'orders'))).toEqual([]);
});

test('the pages of a table at its end show what happened and pass', async ({ browser }) => {
  const place = placeOf('orders');
  expect(await audit(browser, 'ada', [...ofTable(place, 'orders'), ...verification(place, 'orders')])).toEqual([]);
});

test('the pages of a table under way pass, with a difference and its two images', async ({ browser }) => {
  const place = placeOf('sessions');
  const looks: Look[] = [
    {
      name: 'overview of sessions',
      path: place.table,
      shows: (page) => [
        page.getByRole('list', { name: 'Stages of sessions' }).getByRole('listitem'),
        page.getByRole('region', { name: /^Begin read shift/ }),
      ],
    },
    ...verification(place, 'sessions'),
    {
      name: 'a difference',
      path: '',
      staysOnPage: true,
      prepare: (page) => page.getByRole('button', { name: 'planted-extra' }).click(),
      shows: (page) => page.getByRole('dialog').getByRole('table', { name: /Both images/ }),
    },
    {
      name: 'a dry run',
      path: place.table,
      prepare: (page) =>
        page
          .getByRole('button', { name: /^Begin read shift/ })
          .first()
          .click(),
      shows: (page) => page.getByRole('dialog').getByRole('listitem'),
    },
  ];
  expect(await audit(browser, 'ada', looks)).toEqual([]);
});

test('a table that may not move says why on its pages, which pass', async ({ browser }) => {
  const { table } = placeOf('customers');
  const looks: Look[] = [
    { name: 'refused assessment', path: `${table}/assessment`, shows: (page) => page.getByText('Failed:') },
    {
      name: 'nothing copied',
      path: `${table}/backfill`,
      shows: (page) => page.getByText('Nothing has been copied yet'),
    },
    {
      name: 'nothing compared',
      path: `${table}/verification`,
      shows: (page) => page.getByText('Both sides have not been compared yet'),
    },
  ];
  expect(await audit(browser, 'ada', looks)).toEqual([]);
});

test('another Postgres stands over the pages that it concerns, which pass, until gateways have said what they obey', async ({
  browser,
}) => {
  const title = 'Another Postgres has taken the place of the one before: nothing is moved';
  const over = (page: Page) => [
    page.getByText(title),
    page.getByText(/Gateways that have not said what they obey: \S/),
    page.getByRole('link', { name: 'What to do' }),
  ];
  const looks: Look[] = [
    { name: 'fleet under another Postgres', path: '/', shows: over },
    { name: 'gateways under another Postgres', path: '/gateways', shows: over },
    { name: 'a table under another Postgres', path: placeOf('orders').table, shows: over },
  ];
  // One that cannot speak, so that its word is missing for as long as is looked.
  await whileFrozen('gateway', async () => {
    await asAnotherPostgres();
    expect(await audit(browser, 'ada', looks)).toEqual([]);
  });
  const page = await browser.newPage();
  await asPerson(page, 'ada');
  await page.goto(demo().base);
  await expect(page.getByRole('heading', { name: 'Needs a person now' })).toBeVisible();
  await expect(page.getByText(title), 'it ends by itself').toHaveCount(0, { timeout: 60_000 });
  await page.close();
});
