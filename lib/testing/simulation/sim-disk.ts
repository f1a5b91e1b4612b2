/** A disk in memory: what was synced survives anything, what was only written survives by chance. */
import type { Disk, DiskFile } from '@/lib/gateway/state/disk';
import type { Chance } from './chance';
import type { SimProcess } from './process';
import type { VirtualTime } from './virtual-time';

interface Stored {
  bytes: Buffer;
  syncedBytes: number;
}

export class SimDisk {
  readonly #files = new Map<string, Stored>();

  constructor(
    private readonly time: VirtualTime,
    private readonly chance: Chance,
  ) {}

  /** As one process has it: a dead one writes nothing more. */
  of(process: SimProcess): Disk {
    const files = this.#files;
    const turn = async () => {
      if (process.isHeldUp) await process.alive();
      await this.time.rest(this.chance.next() * 2);
      if (process.isHeldUp) await process.alive();
    };
    const fileOf = (stored: Stored): DiskFile => ({
      write: async (bytes, at = stored.bytes.length) => {
        await turn();
        const grown = Buffer.alloc(Math.max(stored.bytes.length, at + bytes.length));
        stored.bytes.copy(grown);
        bytes.copy(grown, at);
        stored.bytes = grown;
        if (at < stored.syncedBytes) stored.syncedBytes = grown.length;
      },
      sync: async () => {
        const { length } = stored.bytes;
        await turn();
        stored.syncedBytes = Math.max(stored.syncedBytes, length);
      },
      truncate: async (bytes) => {
        await turn();
        stored.bytes = stored.bytes.subarray(0, bytes);
        stored.syncedBytes = Math.min(stored.syncedBytes, bytes);
      },
      close: async () => {},
    });
    return {
      makeFolder: async () => {},
      read: async (path) => {
        await turn();
        const found = files.get(path);
        return found === undefined ? null : Buffer.from(found.bytes);
      },
      open: async (path, how) => {
        await turn();
        const known = how === 'anew' ? undefined : files.get(path);
        const stored = known ?? { bytes: Buffer.alloc(0), syncedBytes: 0 };
        files.set(path, stored);
        return fileOf(stored);
      },
      replace: async (path, by) => {
        await turn();
        files.set(path, files.get(by) as Stored);
        files.delete(by);
      },
    };
  }

  /** The machine lost power: of what was not synced some first part is there, or none. */
  losePower(): void {
    for (const stored of this.#files.values()) {
      const kept = this.chance.whole(stored.syncedBytes, stored.bytes.length + 1);
      stored.bytes = stored.bytes.subarray(0, kept);
    }
  }
}
