/** The routing document from its file, or every problem of it at once: which field, and what to do. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { TableRouting } from '@/lib/contracts/routing';
import { ANY_TABLE, type StaticEntry, type StaticRouting, staticRouting } from '@/lib/contracts/static-routing';
import type { KeySchema } from '@/lib/domain/item/item';
import { isMirroring, type Stage } from '@/lib/domain/plan/stages';

/** Never repeats a value of the document: credentials stand in it. */
export class RoutingDocumentError extends Error {
  override readonly name = 'RoutingDocumentError';
  constructor(
    path: string,
    readonly problems: readonly string[],
  ) {
    super(`The routing document ${path} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** @throws RoutingDocumentError */
export async function readDocument(path: string): Promise<StaticRouting> {
  const text = await readFile(path, 'utf8').catch((error: { code?: string }) => {
    throw new RoutingDocumentError(path, [
      `it cannot be read (${error.code ?? 'unnamed error'}): give the path of a file`,
    ]);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const at = /position \d+|line \d+ column \d+/.exec((error as Error).message)?.[0];
    throw new RoutingDocumentError(path, [`it is no JSON${at ? ` (${at})` : ''}: mend the syntax`]);
  }
  const parsed = staticRouting.safeParse(value);
  if (!parsed.success) throw new RoutingDocumentError(path, parsed.error.issues.flatMap(problemsOf));
  return parsed.data;
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...at, key].join('.')}: this field is not known; leave it out or mend its name`);
  }
  return [`${at.length === 0 ? 'the document' : at.join('.')}: ${issue.message}`];
}

export const entryOf = (document: StaticRouting, table: string): StaticEntry | null =>
  (Object.hasOwn(document.tables, table) ? document.tables[table] : document.tables[ANY_TABLE]) ?? null;

export function authorityOfEntry(entry: StaticEntry): 'source' | 'target' {
  if (entry.writes === 'held' || entry.writes === 'refused') {
    return entry.authority ?? (entry.reads === 'target' ? 'target' : 'source');
  }
  return entry.writes === 'target' || entry.writes === 'target_source' ? 'target' : 'source';
}

/** The stage of a plan that does what the entry says; what follows from stages follows here too. */
export function stageOfEntry(entry: StaticEntry): Stage {
  switch (entry.writes) {
    case 'source':
      return 'planned';
    case 'source_target':
      return entry.reads === 'share' ? 'shift' : 'dual_write';
    case 'target_source':
      return 'target_first';
    case 'target':
      return 'backup';
    case 'refused':
      return 'frozen';
    case 'held':
      return authorityOfEntry(entry) === 'target' ? 'target_first' : 'shift';
  }
}

export function routingOfEntry(
  entry: StaticEntry,
  of: { table: string; keySchema: KeySchema; epoch: number },
): TableRouting {
  const authority = authorityOfEntry(entry);
  const { writes, reads } = entry;
  return {
    planTableId: of.table,
    planName: 'static routing',
    tableName: of.table,
    targetConnectionId: 'target',
    targetTableName: entry.targetTableName ?? of.table,
    epoch: of.epoch,
    stage: stageOfEntry(entry),
    writes,
    authority,
    reads,
    readShareMilli: reads === 'share' ? entry.readShareMilli : reads === 'target' ? 100_000 : 0,
    shadowMilli: 0,
    salt: entry.salt ?? `${of.table}:v1`,
    fallback: entry.fallback ?? (authority === 'source' && (isMirroring(writes) || writes === 'held')),
    keySchema: of.keySchema,
    ttlAttribute: null,
    sortOrderProven: entry.sortOrderProven,
    mirrorWaitMsMax: entry.mirrorWaitMsMax,
    holdMsMax: entry.holdMsMax,
    deltaMs: entry.deltaMs,
    storeTimeoutMs: entry.storeTimeoutMs,
    // Dirty keys are known to this one gateway, so nothing can be out of date.
    feedAgeMsMax: Number.MAX_SAFE_INTEGER,
    mappings: [],
    canaryNonce: null,
  };
}
