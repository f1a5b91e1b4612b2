import { expect, test } from 'vitest';
import type { KeySchema } from '@/lib/domain/item/item';
import type { StoreWire, WireOutcome, WireRequest } from '../../ports';
import { giveAnswerRoomBack, takeAnswerRoom } from './answer-room';
import { readSlices } from './batch-read';
import { keyPlacesOf } from './item-key';
import { scanSlices } from './scan-slices';

const PAGE_BYTES = 300_000;

test('a room has the bytes that were asked for, and is another one until it is given back', () => {
  const [first, second] = [takeAnswerRoom(PAGE_BYTES), takeAnswerRoom(PAGE_BYTES)];
  expect([first.length, second.length]).toEqual([PAGE_BYTES, PAGE_BYTES]);
  expect(first.buffer).not.toBe(second.buffer);
  giveAnswerRoomBack(first);
  const third = takeAnswerRoom(PAGE_BYTES + 1);
  expect([third.length, third.buffer]).toEqual([PAGE_BYTES + 1, first.buffer]);
});

test('a room that is given back twice is given out once', () => {
  const room = takeAnswerRoom(PAGE_BYTES);
  giveAnswerRoomBack(room);
  giveAnswerRoomBack(room);
  expect(takeAnswerRoom(PAGE_BYTES).buffer).not.toBe(takeAnswerRoom(PAGE_BYTES).buffer);
});

test('memory of others is never given out', () => {
  const foreign = Buffer.allocUnsafeSlow(512 * 1024);
  giveAnswerRoomBack(foreign);
  giveAnswerRoomBack(Buffer.from('small'));
  const taken = Array.from({ length: 20 }, () => takeAnswerRoom(512 * 1024));
  expect(taken.some((room) => room.buffer === foreign.buffer)).toBe(false);
});

const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: null };
const places = keyPlacesOf(schema, null);
const items = Array.from({ length: 90 }, (_, at) => ({ pk: { S: `key ${at}` }, note: { S: 'x'.repeat(300) } }));

/** Answers with bytes in the caller's own room, as the sockets do. */
function answering(answers: object[]): { wire: StoreWire; rooms: Buffer[] } {
  const rooms: Buffer[] = [];
  const send = async (request: WireRequest): Promise<WireOutcome> => {
    const bytes = Buffer.from(JSON.stringify(answers.shift()));
    const body = (request.answerRoom ?? Buffer.allocUnsafe)(bytes.length);
    bytes.copy(body);
    rooms.push(body);
    return { kind: 'ok', status: 200, headers: {}, body };
  };
  return { wire: { send, target: {} as StoreWire['target'], inFlight: () => 0, close: async () => {} }, rooms };
}

test('a batch that is as expected leaves its room to the next; one that differs keeps it, and its items their bytes', async () => {
  const changed = items.map((item, at) => (at === 40 ? { ...item, note: { S: 'y' } } : item));
  const batch = (list: object[]) => ({ Responses: { t: list } });
  const { wire, rooms } = answering([{ Items: items }, batch(items), batch(changed), batch(items), batch(items)]);
  const page = await scanSlices(wire, { table: 't', places });
  if (page.kind !== 'ok') throw new Error(page.message);
  const expected = page.value.items;
  const read = async () =>
    (await readSlices(wire, { table: 't', places, keyIds: expected.map((one) => one.keyId), expected })).items;
  await read();
  const differing = await read();
  await read();
  await read();
  const [ofPage, ...others] = rooms.map((room) => room.buffer);
  expect(others.map((buffer) => others.indexOf(buffer))).toEqual([0, 0, 2, 2]);
  expect(others).not.toContain(ofPage);
  expect(page.value.body?.buffer).toBe(ofPage);
  expect(differing[40]?.item).toEqual(changed[40]);
  expect(expected.map((one) => JSON.parse(one.text))).toEqual(items);
});
