/** Lines of a data file as a page of items that stay bytes, like one of a scan, and keys that were deleted. */

import type { ExportManifest } from '@/lib/domain/export/export';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { isJson } from '../dynamodb/call';
import type { KeyPlaces } from '../dynamodb/slices/item-key';
import { readPage } from '../dynamodb/slices/scan-slices';
import type { SlicedItem } from '../dynamodb/slices/sliced-item';
import { ExportTrouble } from './places';

export interface ExportItems {
  items: SlicedItem[];
  /** Key ids of items that an incremental export knows as deleted. */
  deleted: string[];
}

const OPEN = Buffer.from('{"Item":');
const CLOSE = 125; // }

/** @throws ExportTrouble `corrupt` for a line that is none, or whose item lacks the table's key */
export function itemsOf(
  lines: readonly Buffer[],
  of: { type: ExportManifest['type']; schema: KeySchema; places: KeyPlaces; key: string },
): ExportItems {
  const images: Buffer[] = [];
  const deleted: string[] = [];
  for (const line of lines) {
    if (of.type === 'FULL_EXPORT') images.push(imageOf(line, of.key));
    else takeChange(line, of, { images, deleted });
  }
  const body = bodyOf(images);
  const page = readPage(body, of.places);
  if (page === null) throw new ExportTrouble('corrupt', `${of.key} has a line whose item lacks the key of the table.`);
  return { items: page.items, deleted };
}

/** The item's own bytes where the line is spelt as the service does, else written anew from its JSON. */
function imageOf(line: Buffer, key: string): Buffer {
  if (line.length > OPEN.length && line.subarray(0, OPEN.length).equals(OPEN) && line[line.length - 1] === CLOSE)
    return line.subarray(OPEN.length, -1);
  const { Item } = jsonOf(line, key);
  if (!isJson(Item)) throw new ExportTrouble('corrupt', `${key} has a line without an Item.`);
  return Buffer.from(JSON.stringify(Item));
}

function takeChange(
  line: Buffer,
  of: { schema: KeySchema; key: string },
  to: { images: Buffer[]; deleted: string[] },
): void {
  const { Keys, NewImage } = jsonOf(line, of.key);
  if (isJson(NewImage)) {
    to.images.push(Buffer.from(JSON.stringify(NewImage)));
    return;
  }
  const id = isJson(Keys) ? keyId(Keys as WireItem, of.schema) : null;
  if (!id?.ok) throw new ExportTrouble('corrupt', `${of.key} has a deleted item without the key of the table.`);
  to.deleted.push(id.value);
}

function jsonOf(line: Buffer, key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (isJson(value)) return value;
  } catch {
    // said below
  }
  throw new ExportTrouble('corrupt', `${key} has a line that is no JSON object.`);
}

function bodyOf(images: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from('{"Items":[')];
  images.forEach((image, at) => {
    if (at > 0) parts.push(Buffer.from(','));
    parts.push(image);
  });
  parts.push(Buffer.from(`],"Count":${images.length}}`));
  return Buffer.concat(parts);
}
