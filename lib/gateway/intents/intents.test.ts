import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import type { TableRouting } from '@/lib/contracts/routing';
import { ALL_SAFEGUARDS } from '@/lib/domain/safeguards';
import { waitFor } from '@/lib/testing/wait-for';
import { type Disk, type DiskFile, REAL_DISK } from '../state/disk';
import { Intents, type IntentsOptions } from './intents';

const table = { planTableId: 'tbl_1' } as TableRouting;
const id = (n: number) => JSON.stringify([`S#${n}`]);

/** A disk that counts, and that fails when told. */
class TestDisk implements Disk {
  syncs = 0;
  failWrites = false;
  failSyncs = false;
  readonly makeFolder = REAL_DISK.makeFolder;
  readonly read = REAL_DISK.read;
  readonly replace = REAL_DISK.replace;
  async open(...of: Parameters<Disk['open']>): Promise<DiskFile> {
    const file = await REAL_DISK.open(...of);
    // What is written in place was given its room before the disk was full.
    const isInPlace = of[1] === 'in_place';
    return {
      ...file,
      write: async (bytes, at) => {
        if (this.failWrites && !isInPlace) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        await file.write(bytes, at);
      },
      sync: async () => {
        if (this.failSyncs && !isInPlace) throw Object.assign(new Error('io'), { code: 'EIO' });
        if (!isInPlace) this.syncs += 1;
        await file.sync();
      },
    };
  }
}

describe('intents', () => {
  let folder: string;
  let disk: TestDisk;
  const fatal: Error[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-intents-'));
    disk = new TestDisk();
    fatal.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (given: Partial<IntentsOptions> = {}) =>
    Intents.open({
      folder,
      keysMax: 1_000,
      compactBytes: 1_000_000,
      bytesMax: 10_000_000,
      clock: systemClock,
      log: createLog({ process: 'test', level: 'silent' }),
      safeguards: ALL_SAFEGUARDS,
      onFatal: (error) => fatal.push(error),
      disk,
      ...given,
    });

  it('are on disk when they say so, and are found by the next process', async () => {
    const first = await open();
    await first.open(table, [id(1), id(2)]).recorded;
    await first.die();
    const second = await open();
    expect(second.left.map((key) => key.keyId).sort()).toEqual([id(1), id(2)]);
    expect(second.hasPartition('tbl_1', 'S#1')).toBe(true);
    await second.close();
  });

  it('that were cleared are found by nobody', async () => {
    const first = await open();
    const { keys, recorded } = first.open(table, [id(1), id(2)]);
    await recorded;
    first.end(keys[0] as never);
    expect([first.size, first.openOf('tbl_1')]).toEqual([1, 1]);
    await first.close();
    const second = await open();
    expect(second.left.map((key) => key.keyId)).toEqual([id(2)]);
    await second.close();
  });

  it('stay open until each write has ended and each mark is committed', async () => {
    const intents = await open();
    const { keys, recorded } = intents.open(table, [id(1)]);
    await recorded;
    const [key] = keys as [(typeof keys)[0]];
    expect(intents.open(table, [id(1)]).recorded).toBeNull();
    intents.beginMark(key);
    intents.end(key);
    intents.end(key);
    expect(intents.size).toBe(1);
    intents.endMark(key);
    expect(intents.size).toBe(0);
    await intents.close();
  });

  it('that come together share a sync', async () => {
    const intents = await open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => intents.open(table, [id(n)]).recorded));
    expect(disk.syncs).toBeLessThanOrEqual(2);
    await intents.close();
  });

  it('behind a torn tail are kept, and the tail is forgotten', async () => {
    const first = await open();
    await first.open(table, [id(1)]).recorded;
    await first.die();
    await appendFile(join(folder, 'log'), Buffer.from([40, 0, 0, 0, 1, 2, 3, 4, 5]));
    const second = await open();
    await second.open(table, [id(2)]).recorded;
    await second.die();
    const third = await open();
    expect(third.left.map((key) => key.keyId).sort()).toEqual([id(1), id(2)]);
    await third.close();
  });

  it('keep their log small', async () => {
    const intents = await open({ compactBytes: 2_000 });
    for (let n = 0; n < 300; n += 1) {
      const { keys, recorded } = intents.open(table, [id(n)]);
      await recorded;
      if (n > 0) intents.end(keys[0] as never);
    }
    expect((await stat(join(folder, 'log'))).size).toBeLessThan(4_000);
    await intents.die();
    const again = await open();
    expect(again.left.map((key) => key.keyId)).toContain(id(0));
    expect(again.left.length).toBeLessThanOrEqual(2);
    await again.close();
  });

  it('begin where the first start was killed while it made "unproven since", and refuse a whole file that says nothing', async () => {
    await writeFile(join(folder, 'unproven'), '');
    const intents = await open();
    expect(intents.unproven.size).toBe(0);
    await intents.close();
    const { length } = await readFile(join(folder, 'unproven'));
    await writeFile(join(folder, 'unproven'), Buffer.alloc(length, 0x78));
    await expect(open()).rejects.toThrow('cannot be read');
  });

  it('on a full disk leave "unproven since" behind first, and work again afterwards', async () => {
    const intents = await open();
    disk.failWrites = true;
    const { keys, recorded } = intents.open(table, [id(1)]);
    await recorded;
    expect([...intents.unproven.keys()]).toEqual(['tbl_1']);
    expect(JSON.parse((await readFile(join(folder, 'unproven'), 'utf8')).trimEnd())).toHaveProperty('tbl_1');
    expect(intents.worksForMs()).toBeNull();
    disk.failWrites = false;
    await intents.probe();
    expect(intents.worksForMs()).not.toBeNull();
    intents.end(keys[0] as never);
    await intents.close();
    const again = await open();
    expect([...again.unproven.keys()]).toEqual(['tbl_1']);
    // Not before intents are recorded again, and for long enough.
    expect(await again.clearUnproven(0)).toBe(false);
    await again.probe();
    expect(await again.clearUnproven(60_000)).toBe(false);
    await waitFor(() => again.clearUnproven(0));
    expect(again.unproven.size).toBe(0);
    await again.close();
  });

  it('on a full disk leave it behind for each of several tables that write at once', async () => {
    const intents = await open();
    disk.failWrites = true;
    const tables = ['tbl_1', 'tbl_2', 'tbl_3'].map((planTableId) => ({ planTableId }) as TableRouting);
    await Promise.all(tables.map((one) => intents.open(one, [id(1)]).recorded));
    await intents.die();
    const again = await open();
    expect([...again.unproven.keys()].sort()).toEqual(['tbl_1', 'tbl_2', 'tbl_3']);
    await again.die();
  });

  it('that fail again while "unproven since" is being cleared leave it behind anew', async () => {
    const intents = await open();
    disk.failWrites = true;
    await intents.open(table, [id(1)]).recorded;
    disk.failWrites = false;
    await intents.probe();
    await waitFor(() => (intents.worksForMs() ?? 0) > 1);
    const clearing = intents.clearUnproven(1);
    disk.failWrites = true;
    await intents.open(table, [id(2)]).recorded;
    await clearing;
    expect([...intents.unproven.keys()]).toEqual(['tbl_1']);
    await intents.die();
    const again = await open();
    expect([...again.unproven.keys()]).toEqual(['tbl_1']);
    await again.die();
  });

  it('past their bound do the same', async () => {
    const intents = await open({ keysMax: 2 });
    for (let n = 0; n < 4; n += 1) await intents.open(table, [id(n)]).recorded;
    expect([...intents.unproven.keys()]).toEqual(['tbl_1']);
    await intents.close();
  });

  it('refuse the write where not even that can be written', async () => {
    const intents = await open();
    disk.failWrites = true;
    await rm(join(folder, 'unproven'));
    await expect(intents.open(table, [id(1)]).recorded).rejects.toMatchObject({ name: 'NoRecordError' });
    await intents.close();
  });

  it('end the process when a sync fails', async () => {
    const intents = await open();
    disk.failSyncs = true;
    intents.open(table, [id(1)]).recorded?.catch(() => {});
    await expect.poll(() => fatal.length).toBe(1);
    await intents.die();
  });
});
