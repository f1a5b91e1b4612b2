/** The diagram of stages in ARCHITECTURE.md, made from the table of moves; `--write` puts it there, else it is printed. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MOVES, type Move } from '@/lib/domain/plan/moves';

const START = '<!-- stages:start -->';
const END = '<!-- stages:end -->';
export const ARCHITECTURE = path.resolve(import.meta.dirname, '../../ARCHITECTURE.md');

/** Mermaid text of every move between two different stages. */
export function stageDiagram(): string {
  const lines = (MOVES as readonly Move[]).flatMap((move) =>
    move.from
      .filter((from) => from !== move.to)
      .map((from) => `  ${from} --> ${move.to} : ${move.verb}${move.pointOfNoReturn ? ' (no way back)' : ''}`),
  );
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> planned', ...lines, '  retired --> [*]', '```'].join('\n');
}

/** The document with its diagram replaced. */
export function withDiagram(document: string): string {
  const from = document.indexOf(START);
  const to = document.indexOf(END);
  if (from < 0 || to < 0) throw new Error(`ARCHITECTURE.md lacks ${START} or ${END}`);
  return `${document.slice(0, from + START.length)}\n${stageDiagram()}\n${document.slice(to)}`;
}

if (process.argv.includes('--write')) {
  writeFileSync(ARCHITECTURE, withDiagram(readFileSync(ARCHITECTURE, 'utf8')));
  console.log('ARCHITECTURE.md: the diagram of stages is current');
}
