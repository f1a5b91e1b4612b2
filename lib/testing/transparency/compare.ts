/**
 * Two answers to one request, byte by byte, apart from what no two answers share: request ids, dates, checksums, names of
 * tables made for one run, and consumed capacity, which depends on what lay in a store before.
 */
import { edited, elementsAt, membersAt, placeOf, whole } from '@/lib/gateway/pipeline/json-bytes';
import { type RawAnswer, wrongChecksum } from './store-client';

/** Headers that an application can act on. */
const COMPARED = ['content-type', 'retry-after', 'content-encoding'];
const SHOWN_CHARS_MAX = 400;

const SAME: [RegExp, string][] = [
  [/"(CapacityUnits|ReadCapacityUnits|WriteCapacityUnits)":[\d.]+/g, '"$1":0'],
  [/"(\w*DateTime|SizeEstimateRangeGB)":(?:[\d.eE+]+|\[[^\]]*\])/g, '"$1":0'],
  [/"(TableId|LatestStreamLabel)":"[^"]*"/g, '"$1":""'],
  [/arn:aws:dynamodb:[\w-]*:\d*:/g, 'arn:aws:dynamodb:region:account:'],
  [/"(ItemCount|TableSizeBytes|IndexSizeBytes)":\d+/g, '"$1":0'],
];

/** Items of a BatchGetItem come in any order, from the store itself too. */
function sortedResponses(body: Buffer): Buffer {
  const all = placeOf(membersAt(body, whole(body)), 'Responses');
  const lists = all === null ? [] : membersAt(body, all);
  return edited(
    body,
    lists.map((list) => {
      const items = elementsAt(body, list).map(({ start, end }) => body.toString('utf8', start, end));
      return { start: list.start, end: list.end, text: `[${items.sort().join(',')}]` };
    }),
  );
}

/** The text of an answer without what differs from run to run. `prefix` opens the names of the run's tables. */
export function normal({ answer, prefix }: Compared, { operation, byValue }: Asked): string {
  const body = operation === 'BatchGetItem' && answer.status === 200 ? sortedResponses(answer.body) : answer.body;
  let text = body.toString('utf8').replaceAll(prefix, 'T:');
  for (const [pattern, replacement] of SAME) text = text.replace(pattern, replacement);
  return byValue ? byNames(text, operation === 'BatchGetItem') : text;
}

/** Objects with their names in order, and sets with their members. */
function byNames(text: string, isUnordered: boolean): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const members = value.map(sorted);
      return isUnordered ? members.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : members;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.entries(value)
      .map(([name, one]) => [name, /^[SNB]S$/.test(name) && Array.isArray(one) ? [...one].sort() : sorted(one)])
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  };
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

export interface Compared {
  answer: RawAnswer;
  prefix: string;
}

export interface Asked {
  operation: string;
  /** Two stores of different make stand behind: names come in another order, so values are compared and not bytes. */
  byValue: boolean;
}

/** Null where they are the same, else what differs, for a person. */
export function difference(direct: Compared, through: Compared, asked: Asked): string | null {
  const checksum = wrongChecksum(through.answer);
  if (checksum !== null) return checksum;
  if (direct.answer.status !== through.answer.status) {
    return `status ${direct.answer.status} direct, ${through.answer.status} through: ${excerpt(normal(direct, asked), 0)} | ${excerpt(normal(through, asked), 0)}`;
  }
  for (const name of COMPARED) {
    const [before, after] = [direct.answer.headers[name], through.answer.headers[name]];
    if (before !== after) return `${name}: ${before} direct, ${after} through`;
  }
  const [before, after] = [normal(direct, asked), normal(through, asked)];
  if (before === after) return null;
  let at = 0;
  while (before[at] === after[at]) at += 1;
  return `body differs at ${at}: ${excerpt(before, at)} direct, ${excerpt(after, at)} through`;
}

const excerpt = (text: string, at: number): string => {
  const from = Math.max(0, at - 40);
  return `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN_CHARS_MAX)}${from + SHOWN_CHARS_MAX < text.length ? '…' : ''}`;
};
