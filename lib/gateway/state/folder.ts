/**
 * The folder of one gateway: who it is, the routing it last obeyed, what it needs to serve without Postgres, and its
 * intents. A stored snapshot is *open* while a process may act on it and *closed* by a clean goodbye (PROTOCOL F5).
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Material } from '@/db/queries/gateway/material';
import { type RoutingSnapshot, routingSnapshot } from '@/lib/contracts/routing';
import { makeId } from '@/lib/domain/ids';
import { DeclaredDeadError } from './declared-dead';
import { readJson, writeDurably } from './files';
import { lockFolder } from './lock';

const stored = z.object({ gatewayId: z.string(), state: z.enum(['open', 'closed']), routing: routingSnapshot });
const storedIdentity = z.object({ gatewayId: z.string(), isDeclaredDead: z.boolean().optional() });

export interface StateFolder {
  path: string;
  gatewayId: string;
  /** The snapshot of a process of this identity that did not say goodbye; null where there is none. */
  readOpenSnapshot(connectionId: string | null): Promise<RoutingSnapshot | null>;
  writeSnapshot(routing: RoutingSnapshot, state: 'open' | 'closed'): Promise<void>;
  readMaterial(): Promise<Material | null>;
  writeMaterial(material: Material): Promise<void>;
  /** It was told that it was declared dead: no later start serves from this folder, with Postgres or without. */
  bury(): Promise<void>;
  release(): void;
}

/** Opens and locks the folder; makes it, with an id of its own, where it is new. @throws DeclaredDeadError */
export async function openFolder(path: string): Promise<StateFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const release = lockFolder(path);
  try {
    const gatewayId = await identityIn(path);
    const snapshotPath = join(path, 'snapshot.json');
    const materialPath = join(path, 'material.json');
    return {
      path,
      gatewayId,
      release,
      async readOpenSnapshot(connectionId) {
        const parsed = stored.safeParse(await readJson(snapshotPath));
        if (!parsed.success || parsed.data.gatewayId !== gatewayId || parsed.data.state !== 'open') return null;
        const { routing } = parsed.data;
        return connectionId === null || routing.connectionId === connectionId ? routing : null;
      },
      writeSnapshot: (routing, state) => writeDurably(snapshotPath, JSON.stringify({ gatewayId, state, routing })),
      async readMaterial() {
        const document = (await readJson(materialPath)) as Material | null;
        return document !== null && Array.isArray(document.connections) ? document : null;
      },
      bury: () => writeDurably(join(path, 'identity.json'), JSON.stringify({ gatewayId, isDeclaredDead: true })),
      writeMaterial: (material) => writeDurably(materialPath, JSON.stringify(material)),
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function identityIn(folder: string): Promise<string> {
  const path = join(folder, 'identity.json');
  const known = storedIdentity.safeParse(await readJson(path));
  if (known.success && known.data.isDeclaredDead) throw new DeclaredDeadError(known.data.gatewayId);
  if (known.success) return known.data.gatewayId;
  const gatewayId = makeId('gateway', randomBytes(12).toString('hex'));
  await writeDurably(path, JSON.stringify({ gatewayId }));
  return gatewayId;
}
