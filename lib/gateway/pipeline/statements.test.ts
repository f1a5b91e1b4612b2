import { describe, expect, it } from 'vitest';
import { mayWrite, mentions, statementsIn } from './statements';

describe('a statement that may write', () => {
  it.each([
    `DELETE FROM "orders" WHERE id = 'a'`,
    `delete from orders where id = 'a'`,
    `\n\t  InSeRt INTO "orders" VALUE {'id': 'a'}`,
    `-- a comment\nUPDATE "orders" SET n = 1 WHERE id = 'a'`,
    `/* SELECT */ UPDATE "orders" SET n = 1 WHERE id = 'a'`,
    `/* a /* b */ DELETE FROM "orders" */`,
    `-- SELECT`,
    `SELECT * FROM "orders"; DELETE FROM "orders" WHERE id = 'a'`,
    `SELECT 1;/* x */ DELETE FROM "orders"`,
    'selection',
    '',
  ])('%s', (text) => expect(mayWrite(text)).toBe(true));
});

describe('a statement that reads', () => {
  it.each([
    'SELECT * FROM "orders"',
    `select id from orders where note = 'a; b'`,
    '  \r\n(SELECT * FROM "orders")',
    '-- DELETE FROM "orders"\nselect * from "orders"',
    '/* UPDATE */ /* again */ SELECT * FROM "orders"."by_day"',
    `EXISTS(SELECT * FROM "orders" WHERE id = 'a')`,
    'SELECT * FROM "orders";',
  ])('%s', (text) => expect(mayWrite(text)).toBe(false));
});

describe('a table in a statement', () => {
  it.each([
    ['orders', 'DELETE FROM "orders" WHERE id = 1'],
    ['orders', 'delete from orders where id = 1'],
    ['orders', 'DELETE FROM ORDERS WHERE id = 1'],
    ['orders', 'DELETE FROM orders--now'],
    ['orders', 'DELETE FROM orders/* now */'],
    ['orders', 'SELECT * FROM "orders"."by-day"'],
    ['orders', 'SELECT * FROM orders.by_day'],
    ['orders', 'DELETE FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/orders" WHERE id = 1'],
    ['my.orders-2', 'UPDATE "my.orders-2" SET n = 1'],
    ['orders', `UPDATE "users" SET last = 'orders'`],
  ])('%s is meant: %s', (name, text) => expect(mentions(text, name)).toBe(true));

  it.each([
    ['orders', 'DELETE FROM "orders-archive" WHERE id = 1'],
    ['orders', 'DELETE FROM "orders.v2" WHERE id = 1'],
    ['orders', 'DELETE FROM "Orders" WHERE id = 1'],
    ['orders', 'DELETE FROM reorders WHERE id = 1'],
    ['orders', 'DELETE FROM orders_2'],
  ])('%s is another one: %s', (name, text) => expect(mentions(text, name)).toBe(false));
});

it('finds the statements of each operation', () => {
  expect(statementsIn({ Statement: 'a' })).toEqual(['a']);
  expect(statementsIn({ Statements: [{ Statement: 'a' }, { Statement: 'b' }, 3] })).toEqual(['a', 'b']);
  expect(statementsIn({ TransactStatements: [{ Statement: 'a' }, {}] })).toEqual(['a']);
});
