/**
 * "Unproven since …" (PROTOCOL W6): when intents cannot be recorded, this is, before the gateway serves without them. The
 * file has its full size from the start and is written in place, so that a full disk does not stop it.
 */
import { type Disk, REAL_DISK } from '../state/disk';

const BYTES = 64 * 1024;

export class UnprovenFile {
  /** Since when, by table; wall clock. */
  readonly since = new Map<string, number>();

  /** One change at a time: each is made of what the one before left. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly disk: Disk,
  ) {}

  static async open(path: string, disk: Disk = REAL_DISK): Promise<UnprovenFile> {
    const file = new UnprovenFile(path, disk);
    const found = await disk.read(path);
    // A file that is not whole was being made when its process ended: nothing has been recorded in it yet.
    if (found === null || found.length < BYTES) await file.#make();
    else {
      try {
        for (const [id, ms] of Object.entries(JSON.parse(found.toString('utf8').trimEnd()) as Record<string, number>))
          file.since.set(id, ms);
      } catch {
        throw new Error(
          `${path} cannot be read: what could not be recorded is not known; restore it or take a new name`,
        );
      }
    }
    return file;
  }

  /** Durable when it resolves; throws where even this cannot be written. */
  record(tableIds: Iterable<string>, nowMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const next = new Map(this.since);
      for (const id of tableIds) if (!next.has(id)) next.set(id, nowMs);
      if (next.size === this.since.size) return;
      await this.#write(this.path, JSON.stringify(Object.fromEntries(next)), 'in_place');
      for (const [id, ms] of next) this.since.set(id, ms);
    });
  }

  /** Clears all where `mayClear` still says so when its turn has come. False: not cleared. */
  clear(mayClear: () => boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!mayClear()) return false;
      await this.#write(this.path, '{}', 'in_place');
      this.since.clear();
      return true;
    });
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(change);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Whole under its name or not there at all, whenever the process ends. */
  async #make(): Promise<void> {
    await this.#write(`${this.path}.new`, '{}', 'anew');
    await this.disk.replace(this.path, `${this.path}.new`);
  }

  async #write(path: string, text: string, how: 'anew' | 'in_place'): Promise<void> {
    const bytes = Buffer.alloc(BYTES, 0x20);
    if (bytes.write(text) < Buffer.byteLength(text)) throw new Error('more unproven tables than the file can name');
    const file = await this.disk.open(path, how);
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
