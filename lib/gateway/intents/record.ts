/** Records of the intent log: length and CRC before each, so that a torn tail is told from what was synced. */
import { crc32 } from 'node:zlib';

export type IntentRecord = { kind: 'open' | 'clear'; planTableId: string; keyId: string };

const HEAD_BYTES = 8;
/** A key has at most 3 KB; escapes can make six of each byte. */
const PAYLOAD_BYTES_MAX = 64 * 1024;

export function encodeRecord(record: IntentRecord): Buffer {
  const text = JSON.stringify([record.kind === 'open' ? 1 : 0, record.planTableId, record.keyId]);
  const bytes = Buffer.byteLength(text);
  const whole = Buffer.allocUnsafe(HEAD_BYTES + bytes);
  whole.write(text, HEAD_BYTES, bytes);
  whole.writeUInt32LE(bytes, 0);
  whole.writeUInt32LE(crc32(whole.subarray(HEAD_BYTES)), 4);
  return whole;
}

/**
 * The records of a log up to the first that is not whole. What lies behind that was never synced, because a write
 * begins only after the sync of its record, so it touched no store.
 */
export function decodeRecords(log: Buffer): IntentRecord[] {
  const records: IntentRecord[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= log.length) {
    const bytes = log.readUInt32LE(at);
    const end = at + HEAD_BYTES + bytes;
    if (bytes > PAYLOAD_BYTES_MAX || end > log.length) break;
    const payload = log.subarray(at + HEAD_BYTES, end);
    if (crc32(payload) !== log.readUInt32LE(at + 4)) break;
    const [open, planTableId, keyId] = JSON.parse(payload.toString('utf8')) as [number, string, string];
    records.push({ kind: open === 1 ? 'open' : 'clear', planTableId, keyId });
    at = end;
  }
  return records;
}
