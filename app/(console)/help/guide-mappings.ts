import type { GuidePage } from './guide';

export const MAPPINGS: GuidePage = {
  slug: 'mapped-attributes',
  title: 'Mapped attributes',
  says: 'Epoch numbers on DynamoDB, dates on TerraScale: what is exact, and what it costs.',
  sections: [
    {
      head: 'What a mapping does',
      text: [
        'It is off unless somebody chooses it on the assessment page of a table that is planned. The assessment suggests attributes of which every sampled value is a number of seconds or milliseconds of the years 2001 to 2100, with the count and, for operators, the earliest and latest date. Any other attribute may be named.',
        'A whole number of the years 0001 to 9999 becomes an ISO 8601 date in UTC: 1700000000 is 2023-11-14T22:13:20Z, and 1700000000000 is 2023-11-14T22:13:20.000Z. Backfill, dual write, settle, verification and repair use the same form; what the gateway reads from TerraScale it turns back, so the application goes on seeing numbers.',
        'The table’s key, keys of its indexes and its TTL attribute cannot be mapped; the form says which it is.',
      ],
    },
    {
      head: 'What is left as it is',
      text: [
        'Fractions, numbers outside those years, other texts and all other types are carried over unchanged; the account of a backfill counts them. A mapping is of attributes at the top of an item, never inside lists or maps.',
        'A text that looks like such a date already gets one more zero (…:20Z becomes …:20.0Z, the same instant), so that it comes back as the text it was and is never taken for a number. An item of nearly 400 KB may grow over the limit by it, and is then set aside by name.',
      ],
    },
    {
      head: 'Reads, filters and writes',
      text: [
        'A Query that filters by a mapped attribute stays with DynamoDB and is counted as unroutable. Projections and all other reads are routed as usual.',
        'Conditions and updates are carried out on DynamoDB, on the number that they mean. On TerraScale they would meet a date, so writes never go there first: a gate refuses to flip the authority and to close the source. The table is copied, kept equal and read from TerraScale; whoever reads TerraScale directly sees dates.',
        'Code that dual-writes by itself, with flags alone, has to write the date to TerraScale too; a verification names what it does not.',
        'To finish such a move, deploy an application that speaks dates to TerraScale itself. In a big bang that is easy: writes are frozen, the verification is clean, and the new application starts on TerraScale. Otherwise abandon the table, turn the mappings off, and copy it anew.',
      ],
    },
    {
      head: 'Differences',
      text: [
        'Both images of a mismatch are shown in the form of TerraScale, where they are compared; a number that stands there in a mapped attribute was written past Landfall, is reported as a type that differs, and a repair heals it. Shadow reads compare what the application would see, so they cannot tell such a number from the date that it stands for: the verification does.',
        'A mapping cannot change once the table is under way. Abandon it, choose, and copy it anew.',
      ],
    },
  ],
};
