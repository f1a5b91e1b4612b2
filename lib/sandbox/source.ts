/** The embedded source: DynamoDB as far as Landfall needs it, with real signatures and keys that differ in rights. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from './engine';
import { JSON_TYPE, jsonAnswer } from './fault-http';
import { KeyRing } from './keys';
import { checkSignature } from './sigv4-check';
import { type RunningStore, StoreServer, type StoreSide } from './store-server';

export interface SourceOptions {
  port: number;
  adminToken: string;
  /** Directory for data and keys; without it everything is in memory. */
  dataDir?: string;
}
export interface RunningSource extends RunningStore {
  keys: KeyRing;
  engine: Engine;
}

export async function startSource(options: SourceOptions): Promise<RunningSource> {
  const { dataDir } = options;
  if (dataDir) mkdirSync(dataDir, { recursive: true });
  const engine = new Engine(dataDir ? { path: join(dataDir, 'data') } : {});
  const keys = new KeyRing(dataDir ? join(dataDir, 'keys.json') : null, 'AKIA');
  const side: StoreSide = {
    name: 'source',
    keys,
    authenticate: ({ request, body }) => {
      const signed = { method: request.method ?? 'POST', url: request.url ?? '/', headers: request.headers, body };
      const verdict = checkSignature(signed, (id) => keys.find(id)?.secretAccessKey ?? null);
      if (verdict.ok) return { accessKeyId: verdict.accessKeyId };
      return jsonAnswer(400, { __type: verdict.type, message: verdict.message });
    },
    refuse: () => null,
    execute: async (operation, text) => {
      const { status, body } = await engine.execute(operation, text);
      return { status, headers: { 'content-type': JSON_TYPE }, body };
    },
    admin: () => null,
  };
  const running = await new StoreServer(side, options.adminToken).listen(options.port);
  const close = async () => {
    await running.close();
    await engine.close();
  };
  return { ...running, keys, engine, close };
}
