/** Where the objects of an export lie: a bucket, or a folder that holds what a bucket would. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { ExportLocation } from '@/lib/domain/export/export';
import type { StoreCredentials } from '../ports';

/** What is wrong with an object, for a person: `missing` and `refused` do not mend by themselves. */
export class ExportTrouble extends Error {
  constructor(
    readonly kind: 'missing' | 'refused' | 'unreachable' | 'corrupt',
    sentence: string,
  ) {
    super(sentence);
    this.name = 'ExportTrouble';
  }
}

export interface ExportFiles {
  /** As a person would say it. */
  readonly place: string;
  /** @throws ExportTrouble */
  open(key: string): Promise<Readable>;
  /** Whether an object of this key is there. @throws ExportTrouble where that cannot be told. */
  has(key: string): Promise<boolean>;
  close(): void;
}

const REQUEST_MS_MAX = 30_000;
const CONNECT_MS_MAX = 5_000;
const ATTEMPTS_MAX = 3;

export async function openExport(location: ExportLocation, credentials: StoreCredentials): Promise<ExportFiles> {
  return location.kind === 'folder' ? openFolder(location.path) : await openBucket(location, credentials);
}

function openFolder(folder: string): ExportFiles {
  /** Keys come from a manifest, which anybody may have written: none leads out of the folder, not by a link either. */
  const resolved = async (key: string): Promise<string> => {
    const file = path.resolve(folder, key);
    try {
      const [root, real] = await Promise.all([realpath(folder), realpath(file)]);
      if (real !== root && real.startsWith(root + path.sep) && (await stat(real)).isFile()) return real;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR')
        throw new ExportTrouble('refused', `${key} cannot be read in ${folder} (${code ?? 'unknown'}).`);
    }
    throw new ExportTrouble('missing', `There is no ${key} in ${folder}.`);
  };
  return {
    place: `folder ${folder}`,
    open: async (key) => createReadStream(/* turbopackIgnore: true */ await resolved(key)),
    has: (key) =>
      resolved(key).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ExportTrouble && error.kind === 'missing') return false;
          throw error;
        },
      ),
    close: () => {},
  };
}

async function openBucket(
  location: Extract<ExportLocation, { kind: 'bucket' }>,
  credentials: StoreCredentials,
): Promise<ExportFiles> {
  // Loaded where it is used: it costs 190 ms at the start of a process.
  const { GetObjectCommand, HeadObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { bucket, region, endpoint } = location;
  const client = new S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    credentials,
    maxAttempts: ATTEMPTS_MAX,
    // Compatible stores do not know the newer checksums; files are checked by the md5 of the manifest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout: REQUEST_MS_MAX, throwOnRequestTimeout: true },
  });
  const of = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    place: `bucket ${bucket}`,
    open: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand(of(key)));
        return Body as Readable;
      } catch (error) {
        throw troubleOf(error, bucket, key);
      }
    },
    has: async (key) => {
      try {
        await client.send(new HeadObjectCommand(of(key)));
        return true;
      } catch (error) {
        const trouble = troubleOf(error, bucket, key);
        if (trouble.kind === 'missing') return false;
        throw trouble;
      }
    },
    close: () => client.destroy(),
  };
}

/** By status and name, never by message. */
function troubleOf(error: unknown, bucket: string, key: string): ExportTrouble {
  const { name = 'Error', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (name === 'NoSuchBucket') return new ExportTrouble('missing', `There is no bucket ${bucket}.`);
  if (status === 404) return new ExportTrouble('missing', `There is no ${key} in bucket ${bucket}.`);
  if (status !== undefined && status >= 400 && status < 500 && status !== 429)
    return new ExportTrouble('refused', `Bucket ${bucket} refuses ${key}: ${name} (status ${status}).`);
  return new ExportTrouble('unreachable', `Bucket ${bucket} did not answer for ${key}: ${name}.`);
}
