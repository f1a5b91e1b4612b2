import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ARCHITECTURE, withDiagram } from './docs-stages';

it('keeps the diagram of stages in ARCHITECTURE.md equal to the table of moves (npm run docs:stages mends it)', () => {
  const document = readFileSync(ARCHITECTURE, 'utf8');
  expect(withDiagram(document)).toBe(document);
});
