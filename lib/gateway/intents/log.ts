/**
 * The intent log on disk (PROTOCOL W6). Records are appended in groups: while one group is written and synced the next
 * gathers, so a sync is shared by all who wait. Clears ride along with the next group; one that is lost costs a mark at
 * the next start and nothing else.
 */
import { type Disk, type DiskFile, REAL_DISK } from '../state/disk';
import { decodeRecords, encodeRecord, type IntentRecord } from './record';

/** The disk takes no more: nothing was recorded, and nothing may be written under these intents. */
export class IntentDiskError extends Error {
  override readonly name = 'IntentDiskError';
}

export interface IntentLogOptions {
  path: string;
  compactBytes: number;
  bytesMax: number;
  /** Every key that is open now; what a new log begins with. */
  openRecords(): Iterable<IntentRecord>;
  /** A failed sync leaves the file in a state nobody knows: the process ends. */
  onFatal(error: Error): void;
  /** For tests: the disk as it may behave. */
  disk?: Disk;
}

interface Waiter {
  done(): void;
  fail(error: Error): void;
}

export class IntentLog {
  #file: DiskFile;
  #bytes = 0;
  /** Grows with what is open, so that a log of many open keys is not written anew at every flush. */
  #compactAt: number;
  #pending: Buffer[] = [];
  #waiting: Waiter[] = [];
  #isFlushing = false;
  #isDead = false;
  readonly #disk: Disk;

  private constructor(
    file: DiskFile,
    private readonly options: IntentLogOptions,
  ) {
    this.#file = file;
    this.#disk = options.disk ?? REAL_DISK;
    this.#compactAt = options.compactBytes;
  }

  /** Opens the log and returns what an earlier process left open. The file is written anew at the first flush. */
  static async open(options: IntentLogOptions): Promise<{ log: IntentLog; left: Map<string, IntentRecord> }> {
    const disk = options.disk ?? REAL_DISK;
    const old = (await disk.read(options.path)) ?? Buffer.alloc(0);
    const left = new Map<string, IntentRecord>();
    for (const record of decodeRecords(old)) {
      const id = `${record.planTableId}\n${record.keyId}`;
      if (record.kind === 'open') left.set(id, record);
      else left.delete(id);
    }
    const file = await disk.open(options.path, 'append');
    const log = new IntentLog(file, options);
    // A torn tail would hide whatever is appended behind it, so an old log is never appended to.
    log.#bytes = old.length === 0 ? 0 : Number.POSITIVE_INFINITY;
    return { log, left };
  }

  append(record: IntentRecord): void {
    this.#pending.push(encodeRecord(record));
  }

  /** Resolves when everything appended so far is on disk. @throws IntentDiskError */
  sync(): Promise<void> {
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      if (!this.#isFlushing) void this.#flush();
    });
  }

  /** Clears that nobody waited for; without this an idle gateway would leave them for the next start to mark. */
  async flushIdle(): Promise<void> {
    if (this.#pending.length > 0 && this.#waiting.length === 0 && !this.#isDead) await this.sync();
  }

  async close(): Promise<void> {
    if (!this.#isDead && this.#pending.length > 0) await this.sync().catch(() => {});
    this.#isDead = true;
    await this.#file.close();
  }

  /** For tests of a crash: nothing more reaches the disk, and nobody who waits is told. */
  async die(): Promise<void> {
    this.#isDead = true;
    await this.#file.close().catch(() => {});
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    // One turn of the loop lets the requests that came together share a sync.
    await new Promise<void>((done) => setImmediate(done));
    while (this.#waiting.length > 0 && !this.#isDead) {
      const bytes = Buffer.concat(this.#pending);
      const waiting = this.#waiting;
      this.#pending = [];
      this.#waiting = [];
      const error = await this.#write(bytes);
      if (this.#isDead) return;
      for (const waiter of waiting) {
        if (error === null) waiter.done();
        else waiter.fail(error);
      }
    }
    this.#isFlushing = false;
  }

  async #write(bytes: Buffer): Promise<IntentDiskError | null> {
    try {
      // The new log holds what is open now, the waiting records included.
      if (this.#bytes > this.#compactAt) await this.#compact();
      else {
        await this.#file.write(bytes);
        this.#bytes += bytes.length;
      }
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? 'unknown');
      // Half a record would hide what is appended behind it.
      if (Number.isFinite(this.#bytes)) await this.#file.truncate(this.#bytes).catch(() => {});
      return new IntentDiskError(`the intent log cannot be written: ${code}`);
    }
    if (this.#bytes > this.options.bytesMax) return new IntentDiskError('the intent log has reached its bound');
    try {
      await this.#file.sync();
      return null;
    } catch (error) {
      if (this.#isDead) return new IntentDiskError('the intent log is closed');
      this.#isDead = true;
      this.options.onFatal(new Error('the intent log cannot be synced', { cause: error }));
      return new IntentDiskError('the intent log cannot be synced');
    }
  }

  async #compact(): Promise<void> {
    const { path } = this.options;
    const bytes = Buffer.concat([...this.options.openRecords()].map(encodeRecord));
    const aside = await this.#disk.open(`${path}.new`, 'anew');
    try {
      await aside.write(bytes);
      await aside.sync();
      await this.#disk.replace(path, `${path}.new`);
    } catch (error) {
      await aside.close();
      throw error;
    }
    await this.#file.close();
    this.#file = aside;
    this.#bytes = bytes.length;
    this.#compactAt = Math.max(this.options.compactBytes, bytes.length * 2);
  }
}
