/** The item by which a gateway proves its channel: a key that no application uses, and the nonce that was asked for. */
import { utf8 } from '../item/bytes';
import { type KeyAttribute, type KeySchema, setAttribute, type WireItem } from '../item/item';
import { sha256 } from '../sha256';

export const CANARY_ATTRIBUTE = 'landfall:canary';
const PREFIX = 'landfall-canary-';
const SORT = 'landfall';

/** The same key every time, so a repeated canary replaces the one before. */
export function canaryKey(gatewayId: string, schema: KeySchema): WireItem {
  const key: WireItem = {};
  setAttribute(key, schema.partition.name, attributeFor(schema.partition, `${PREFIX}${gatewayId}`));
  if (schema.sort !== null) setAttribute(key, schema.sort.name, attributeFor(schema.sort, SORT));
  return key;
}

function attributeFor(attribute: KeyAttribute, text: string): Record<string, string> {
  if (attribute.type === 'S') return { S: text };
  if (attribute.type === 'B') return { B: btoa(text) };
  return { N: farNumber(text) };
}

/** A number of 25 digits at the far negative end of DynamoDB's range, of the text's hash. */
function farNumber(text: string): string {
  const digits = [...sha256(utf8(text)).subarray(0, 12)].map((byte) => String(byte % 100).padStart(2, '0')).join('');
  return `-9${digits}E100`;
}
