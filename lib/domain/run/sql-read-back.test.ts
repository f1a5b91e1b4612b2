import { expect, test } from 'vitest';
import { sqlReadBackSays } from './sql-read-back';

const counts = { drawn: 100, equal: 100, different: 0, moving: 0, expired: 0, unreadable: 0 };

test('a look through SQL says its bound, and what it could not judge apart from what it compared', () => {
  expect(sqlReadBackSays(counts)).toBe(
    'SELECT by key showed all 100 as DynamoDB holds them: with 95 % confidence at most 2.96 % of all items are shown otherwise.',
  );
  const mixed = sqlReadBackSays({ ...counts, equal: 90, different: 2, moving: 5, unreadable: 3 });
  expect(mixed).toContain('2 of 92 otherwise');
  expect(mixed).toContain('Of 100 drawn keys 5 were written meanwhile, 3 could not be read.');
});

test('a look that compared nothing claims nothing', () => {
  expect(sqlReadBackSays({ ...counts, equal: 0, unreadable: 100 })).toContain('nothing is known');
  expect(sqlReadBackSays({ ...counts, drawn: 0, equal: 0 })).toContain('no item');
});
