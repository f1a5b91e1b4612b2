/** The disk as the gateway's durable state uses it. One port, so that tests can fill it, fail it, or keep it in memory. */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './files';

export interface DiskFile {
  /** Writes all of it: at the end, or at a place in bytes. */
  write(bytes: Buffer, at?: number): Promise<void>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  makeFolder(path: string): Promise<void>;
  /** The whole file; null where there is none. */
  read(path: string): Promise<Buffer | null>;
  /** `append`: made where missing, written at its end; `anew`: emptied; `in_place`: there already. */
  open(path: string, how: 'append' | 'anew' | 'in_place'): Promise<DiskFile>;
  /** Puts one file in another's place, durably. */
  replace(path: string, by: string): Promise<void>;
}

const FLAGS = { append: 'a', anew: 'w', in_place: 'r+' } as const;

const fileOf = (file: FileHandle): DiskFile => ({
  async write(bytes, at) {
    for (let done = 0; done < bytes.length; ) {
      const place = at === undefined ? null : at + done;
      done += (await file.write(bytes, done, bytes.length - done, place)).bytesWritten;
    }
  },
  sync: () => file.datasync(),
  truncate: (bytes) => file.truncate(bytes),
  close: () => file.close(),
});

export const REAL_DISK: Disk = {
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  read: (path) =>
    readFile(path).catch((error: { code?: string }) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    }),
  open: async (path, how) => fileOf(await open(path, FLAGS[how], 0o600)),
  replace: async (path, by) => {
    await rename(by, path);
    await syncFolder(dirname(path));
  },
};
