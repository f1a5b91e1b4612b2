/**
 * One data file of an export: gzip of JSON lines. Its MD5 is checked before the first line is used, which takes a copy
 * on this machine where the file comes from a bucket; a folder is read twice instead. Lines stay bytes.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ExportFile } from '@/lib/domain/export/export';
import { type ExportFiles, ExportTrouble } from './places';

/** Largest compressed file; the service's own are a few hundred MB. */
export const EXPORT_FILE_BYTES_MAX = 8 * 1024 ** 3;
/** An item has 400 KB; as JSON and with both images a line stays far below this. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

export interface LinePage {
  lines: Buffer[];
  isLast: boolean;
}

export class DataFile {
  #chunks: AsyncIterator<Buffer> | null = null;
  #stream: Readable | null = null;
  #rest: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #at = 0;

  private constructor(
    private readonly file: ExportFile,
    private readonly read: () => Promise<Readable>,
    private readonly folder: string | null,
  ) {}

  /** Fetches and checks; `mayGoOn` false gives up with null. @throws ExportTrouble (`corrupt`: the MD5 differs) */
  static async open(
    files: ExportFiles,
    file: ExportFile,
    options: { isLocal: boolean; mayGoOn(): boolean },
  ): Promise<DataFile | null> {
    const folder = options.isLocal ? null : await mkdtemp(path.join(tmpdir(), 'landfall-export-'));
    const copy = folder === null ? null : path.join(folder, 'data.gz');
    const isWhole = await fetchAndCheck(files, file, { copy, mayGoOn: options.mayGoOn }).catch(async (error) => {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      throw error;
    });
    const read = copy === null ? () => files.open(file.key) : async () => createReadStream(copy);
    const opened = new DataFile(file, read, folder);
    if (isWhole) return opened;
    await opened.close();
    return null;
  }

  /** Lines that were returned or skipped so far. */
  get linesRead(): number {
    return this.#at;
  }

  /** The next lines, empty ones left out, at most so many and about so many bytes. @throws ExportTrouble */
  async next(of: { linesMax: number; bytesMax: number }): Promise<LinePage> {
    const lines: Buffer[] = [];
    let bytes = 0;
    while (lines.length < of.linesMax && bytes < of.bytesMax) {
      const line = await this.#line();
      if (line === null) return { lines, isLast: true };
      lines.push(line);
      bytes += line.length;
    }
    return { lines, isLast: false };
  }

  /** Leaves out lines that a former holder has done. */
  async skip(lines: number): Promise<void> {
    while (this.#at < lines) {
      if ((await this.#line()) === null)
        throw new ExportTrouble('corrupt', `${this.file.key} ends before line ${lines}, which was read already.`);
    }
  }

  async #line(): Promise<Buffer | null> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0 || (this.#isEnded && this.#rest.length > 0)) {
        const line = end >= 0 ? this.#rest.subarray(0, end) : this.#rest;
        this.#rest = end >= 0 ? this.#rest.subarray(end + 1) : Buffer.alloc(0);
        if (line.length === 0) continue;
        this.#at += 1;
        return line;
      }
      if (this.#isEnded) return null;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    try {
      if (this.#chunks === null) {
        const compressed = await this.read();
        this.#stream = compressed.pipe(createGunzip());
        compressed.once('error', (error) => this.#stream?.destroy(error));
        this.#chunks = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      }
      const { value, done } = await this.#chunks.next();
      if (done) this.#isEnded = true;
      else this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    } catch (error) {
      if (error instanceof ExportTrouble) throw error;
      throw new ExportTrouble('corrupt', `${this.file.key} cannot be unpacked.`);
    }
    if (this.#rest.length > LINE_BYTES_MAX)
      throw new ExportTrouble('corrupt', `${this.file.key} has a line longer than ${LINE_BYTES_MAX} bytes.`);
  }

  async close(): Promise<void> {
    this.#stream?.destroy();
    if (this.folder !== null) await rm(this.folder, { recursive: true, force: true });
  }
}

/** False: told to stop. */
async function fetchAndCheck(
  files: ExportFiles,
  file: ExportFile,
  of: { copy: string | null; mayGoOn(): boolean },
): Promise<boolean> {
  const hash = createHash('md5');
  const out = of.copy === null ? null : createWriteStream(of.copy, { mode: 0o600 });
  let bytes = 0;
  try {
    for await (const chunk of await files.open(file.key)) {
      if (!of.mayGoOn()) return false;
      const buffer = chunk as Buffer;
      bytes += buffer.length;
      if (bytes > EXPORT_FILE_BYTES_MAX)
        throw new ExportTrouble('refused', `${file.key} is larger than ${EXPORT_FILE_BYTES_MAX} bytes.`);
      hash.update(buffer);
      if (out !== null && !out.write(buffer)) await once(out, 'drain');
    }
  } catch (error) {
    if (error instanceof ExportTrouble) throw error;
    throw new ExportTrouble('unreachable', `${file.key} broke off after ${bytes} bytes.`);
  } finally {
    if (out !== null) {
      out.end();
      await once(out, 'close');
    }
  }
  const found = hash.digest('base64');
  if (found !== file.md5)
    throw new ExportTrouble('corrupt', `${file.key} has MD5 ${found}, and the manifest says ${file.md5.slice(0, 40)}.`);
  return true;
}
