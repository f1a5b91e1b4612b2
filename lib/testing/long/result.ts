import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeMachine } from '@/lib/bench/machine';

export interface LongRun {
  /** What was measured, by name, units last. */
  figures: Record<string, number | string | Record<string, number>>;
  /** Promises that did not hold; empty is what is wanted. */
  broken: string[];
  /** The result in words, as Markdown, without a title. */
  words: string;
}

const folder = fileURLToPath(new URL('../../bench/results/', import.meta.url));

/** Writes `<name>.json` and `<name>.md` beside the benchmarks, and prints the JSON as the last line. */
export async function writeResult(name: string, run: LongRun): Promise<void> {
  const loadAtEnd = Math.round((loadavg()[0] ?? 0) * 100) / 100;
  const machine = { ...describeMachine(), loadAtEnd };
  const result = { name, at: new Date().toISOString(), machine, ...run.figures, broken: run.broken };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
  const { cpu, cores, memoryGb, system, node } = machine;
  const where = `${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node ${node}; load at the end ${loadAtEnd}`;
  const verdict = run.broken.length === 0 ? 'Every promise held.' : `**Broken:** ${run.broken.join('; ')}`;
  const text = `# ${name}\n\n${run.words.trim()}\n\n${verdict}\n\nMachine: ${where}. Run with \`npm run test:long -- ${name}\`.\n`;
  writeFileSync(`${folder}${name}.md`, text);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** The share `p` (0 to 1) of the values is at most this; 0 where there are none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? 0) * 10) / 10;
}
