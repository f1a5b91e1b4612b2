/** A store with the S3 protocol in this process, for tests of exports that lie in a bucket. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StoreCredentials } from '@/lib/adapters/ports';

interface S3rverServer {
  run(): Promise<{ address: string; port: number }>;
  close(): Promise<void>;
}
const require = createRequire(import.meta.url);
const S3rver = require('s3rver') as new (options: object) => S3rverServer;
const { DUMMY_ACCOUNT } = require('s3rver/lib/models/account') as {
  DUMMY_ACCOUNT: { createKeyPair(accessKeyId: string, secretAccessKey: string): void };
};

export interface TestS3 {
  endpoint: string;
  bucket: string;
  /** Puts every file below `root` into the bucket, under its path from there. */
  upload(root: string): Promise<void>;
  stop(): Promise<void>;
}

/** `credentials` may read and write it, beside the server's own. */
export async function startTestS3(credentials: StoreCredentials): Promise<TestS3> {
  const directory = mkdtempSync(path.join(tmpdir(), 'landfall-test-s3-'));
  DUMMY_ACCOUNT.createKeyPair(credentials.accessKeyId, credentials.secretAccessKey);
  const bucket = 'exports';
  const options = { port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] };
  const server = new S3rver(options);
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    region: 'eu-central-1',
    endpoint,
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const upload = async (root: string) => {
    const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const entry of names) {
      const file = path.join(entry.parentPath, entry.name);
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: path.relative(root, file), Body: readFileSync(file) }),
      );
    }
  };
  const stop = async () => {
    client.destroy();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { endpoint, bucket, upload, stop };
}
