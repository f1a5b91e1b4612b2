import { describe, expect, test } from 'vitest';
import { classifyMismatch, differences } from './compare';
import type { WireItem } from './item';

describe('mismatches', () => {
  const truth: WireItem = { pk: { S: 'a' }, n: { N: '1' }, tags: { SS: ['x', 'y'] } };

  test('equal items are none', () => {
    expect(classifyMismatch(truth, { tags: { SS: ['y', 'x'] }, n: { N: '1.0' }, pk: { S: 'a' } })).toBeNull();
    expect(classifyMismatch(null, null)).toBeNull();
  });

  test('are missing, extra, different or of another type', () => {
    expect(classifyMismatch(truth, null)).toBe('missing');
    expect(classifyMismatch(null, truth)).toBe('extra');
    expect(classifyMismatch(truth, { ...truth, n: { N: '2' } })).toBe('different');
    expect(classifyMismatch(truth, { ...truth, n: { S: '1' } })).toBe('type');
    expect(classifyMismatch(truth, { pk: { S: 'a' }, n: { S: '1' } })).toBe('different');
  });

  test('name every attribute that differs', () => {
    const copy: WireItem = { pk: { S: 'a' }, n: { S: '1' }, more: { BOOL: true } };
    expect(differences(truth, copy)).toEqual([
      { attribute: 'more', class: 'extra', first: null, second: { BOOL: true } },
      { attribute: 'n', class: 'type', first: { N: '1' }, second: { S: '1' } },
      { attribute: 'tags', class: 'missing', first: { SS: ['x', 'y'] }, second: null },
    ]);
    expect(differences(truth, truth)).toEqual([]);
  });

  test('see an attribute named __proto__', () => {
    const copy = JSON.parse('{"pk":{"S":"a"},"n":{"N":"1"},"tags":{"SS":["x","y"]},"__proto__":{"S":"v"}}') as WireItem;
    expect(differences(truth, copy)).toEqual([
      { attribute: '__proto__', class: 'extra', first: null, second: { S: 'v' } },
    ]);
  });
});
