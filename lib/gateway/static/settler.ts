/**
 * Settles the dirty keys of a static gateway (PROTOCOL D3): consistent read of the authority → image or delete to the
 * follower → consistent read again; what was equal, unchanged since its generation was taken and past its hold goes.
 * The folder's lock is the claim: one process settles. The direction is that of the routing in force.
 */
import { BATCH_WRITE_ENTRIES_MAX, batchGet, batchWrite } from '@/lib/adapters/dynamodb/batch';
import { deleteItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { Clock, Log, WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { equal } from '@/lib/domain/item/compare';
import type { KeySchema } from '@/lib/domain/item/item';
import { keyFromId, keyHash, keyId } from '@/lib/domain/item/key';
import { itemBytes } from '@/lib/domain/item/size';
import { fullJitterMs } from '@/lib/domain/pacing/backoff';
import { isMirroring } from '@/lib/domain/plan/stages';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { Loop } from '../control/loop';
import { LIMITS } from '../limits';
import { other, type Store, type Stores } from '../pipeline/stores';
import type { Views } from '../pipeline/views';
import type { DirtyKey, DirtyKeys } from './dirty-keys';
import type { Learnt } from './tables';

const ROUNDS_MAX = 5;
const KEY_BACKOFF = { baseMs: 250, capMs: 10_000 };
/** A key that changed in every round waits this long for its next turn. */
const HOT_MS = 500;
const IDLE_MS = 1_000;
const BATCHES_A_TURN_MAX = 200;

export interface SettlerOptions {
  dirty: DirtyKeys;
  views: Views;
  stores: Stores;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  learn(table: string): Promise<Learnt>;
  /** Whether the table's absence says that its keys are of no use any more: it was learnt, not written down. */
  mayVanish(table: string): boolean;
}

interface Sides {
  table: TableRouting;
  authority: Store;
  follower: Store;
}

type Verdict = 'settled' | 'again' | 'failed' | 'gone';

export class Settler {
  #loop: Loop | null = null;
  #isStopping = false;

  constructor(private readonly options: SettlerOptions) {}

  start(): void {
    const { log, dirty } = this.options;
    this.#loop = new Loop({ name: 'settle', everyMs: IDLE_MS, log, run: () => this.run() });
    dirty.onMark = () => this.#loop?.kick();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop?.stop();
  }

  /** Every key whose turn it is. */
  async run(): Promise<void> {
    for (let batch = 0; batch < BATCHES_A_TURN_MAX && !this.#isStopping; batch += 1) {
      const claimed = this.options.dirty.claim(BATCH_WRITE_ENTRIES_MAX);
      if (claimed.length === 0) return;
      await this.#settle(claimed);
    }
  }

  async #settle(claimed: readonly DirtyKey[]): Promise<void> {
    const { views, stores, dirty } = this.options;
    const table = views.current?.byId.get((claimed[0] as DirtyKey).key.planTableId);
    if (table === undefined) {
      await this.#learn(claimed);
      return;
    }
    if (!isMirroring(table.writes)) {
      const isOver = table.writes === 'source' || table.writes === 'target';
      for (const one of claimed) isOver ? dirty.drop(one) : dirty.giveBack(one, IDLE_MS);
      return;
    }
    const authority = stores.side(table, table.authority);
    const follower = stores.side(table, other(table.authority));
    let open = [...claimed];
    try {
      for (let round = 1; round <= ROUNDS_MAX && open.length > 0; round += 1) {
        open = await this.#round({ table, authority, follower }, open);
      }
    } catch (error) {
      for (const one of claimed) dirty.giveBack(one, IDLE_MS);
      throw error;
    }
    for (const one of open) {
      this.options.log.warn({ table: table.tableName, keyHash: keyHash(one.key.keyId) }, 'A key is hot');
      dirty.giveBack(one, HOT_MS);
    }
  }

  /** A table of an earlier life, not spoken of in this one yet. */
  async #learn(claimed: readonly DirtyKey[]): Promise<void> {
    const { dirty, learn } = this.options;
    const learnt = await learn((claimed[0] as DirtyKey).key.planTableId);
    for (const one of claimed)
      learnt === 'absent' ? dirty.drop(one) : dirty.giveBack(one, learnt === 'known' ? 0 : IDLE_MS);
  }

  /** One round; returns the keys that changed meanwhile. */
  async #round(sides: Sides, claims: readonly DirtyKey[]): Promise<DirtyKey[]> {
    const { dirty, clock } = this.options;
    const startedAtMs = clock.monotonicMs();
    const generations = new Map(claims.map((one) => [one, one.generation]));
    const verdicts = await this.#images(sides, claims);
    const again: DirtyKey[] = [];
    for (const one of claims) {
      const verdict = verdicts.get(one) ?? 'failed';
      const generation = generations.get(one) as number;
      if (verdict === 'gone') dirty.drop(one);
      else if (verdict === 'failed') dirty.giveBack(one, 50 + fullJitterMs(one.attempts, KEY_BACKOFF, Math.random()));
      else if (verdict === 'again' || !dirty.isUnchanged(one, generation)) again.push(one);
      // The round has to have begun after the hold: then no request of before can still land (D2).
      else if (one.holdUntilMs !== null && one.holdUntilMs >= startedAtMs) {
        dirty.giveBack(one, one.holdUntilMs - startedAtMs + 1);
      } else dirty.drop(one);
    }
    return again;
  }

  async #images(sides: Sides, claims: readonly DirtyKey[]): Promise<Map<DirtyKey, Verdict>> {
    const verdicts = new Map<DirtyKey, Verdict>();
    const truth = await this.#read(sides, claims, verdicts);
    await this.#write(sides, truth, verdicts);
    const written = claims.filter((one) => truth.has(one) && !verdicts.has(one));
    const now = written.length === 0 ? new Map() : await this.#read(sides, written, verdicts);
    for (const one of written) {
      if (verdicts.has(one)) continue;
      const isEqual = now.has(one) && equal(truth.get(one) as WireItem | null, now.get(one));
      verdicts.set(one, isEqual || !this.options.safeguards.settleConfirm ? 'settled' : 'again');
    }
    return verdicts;
  }

  /** What the authority has of each; keys without an answer get their verdict. */
  async #read(
    { table, authority }: Sides,
    claims: readonly DirtyKey[],
    verdicts: Map<DirtyKey, Verdict>,
  ): Promise<Map<DirtyKey, WireItem | null>> {
    const schema = table.keySchema;
    const images = new Map<DirtyKey, WireItem | null>();
    const known = claims.filter((one) => {
      const isKey = isKeyOf(one.key.keyId, schema);
      // The table was made anew with other keys: what was there under this one is gone.
      if (!isKey) verdicts.set(one, 'gone');
      return isKey;
    });
    if (known.length === 0) return images;
    const keys = known.map((one) => keyFromId(one.key.keyId, schema));
    const request = { table: authority.tableName ?? table.tableName, schema, keys };
    const result = await batchGet(authority.wire, request, { timeoutMs: table.storeTimeoutMs });
    for (const one of known) {
      const id = one.key.keyId;
      const item = result.found.get(id);
      const why = result.unread.get(id);
      if (item !== undefined) images.set(one, item);
      else if (result.absent.has(id)) images.set(one, null);
      else {
        const isGone =
          typeof why === 'object' && why.kind === 'refused' && why.errorType === 'ResourceNotFoundException';
        verdicts.set(one, isGone && this.options.mayVanish(table.tableName) ? 'gone' : 'failed');
      }
    }
    return images;
  }

  async #write(
    { table, follower }: Sides,
    images: ReadonlyMap<DirtyKey, WireItem | null>,
    verdicts: Map<DirtyKey, Verdict>,
  ): Promise<void> {
    if (images.size === 0) return;
    const schema = table.keySchema;
    const name = follower.tableName ?? table.tableName;
    const timeoutMs = table.storeTimeoutMs;
    const byId = new Map([...images].map(([one, image]) => [one.key.keyId, { one, image }]));
    const entries = [...byId].map(([id, { image }]) =>
      image === null ? { delete: keyFromId(id, schema) } : { put: image },
    );
    const bytes = [...images.values()].reduce((sum, image) => sum + (image === null ? 1_024 : itemBytes(image) * 2), 0);
    const isBatch = entries.length > 1 && bytes <= LIMITS.followerBatchBytesMax;
    const result = isBatch ? await batchWrite(follower.wire, { table: name, schema, entries }, { timeoutMs }) : null;
    const isRefusedWhole = result?.trouble?.kind === 'refused' && !result.trouble.isThrottle;
    for (const [id, { one, image }] of byId) {
      // A store refuses a batch whole: each is tried alone, so that one that cannot be written stops no other.
      const outcome =
        result === null || isRefusedWhole
          ? await this.#writeAlone({ table, follower, name }, { id, image })
          : result.outcomes.get(id);
      if (outcome?.kind === 'written' || outcome?.kind === 'ok') continue;
      if (outcome?.kind === 'unknown' && this.options.safeguards.unknownOutcomes) {
        this.options.dirty.mark(one.key, 'unknown_outcome', true);
      }
      verdicts.set(one, 'failed');
    }
  }

  #writeAlone(at: { table: TableRouting; follower: Store; name: string }, of: { id: string; image: WireItem | null }) {
    const { follower, name, table } = at;
    const options = { timeoutMs: table.storeTimeoutMs };
    if (of.image !== null) return putItem(follower.wire, { table: name, item: of.image }, options);
    return deleteItem(follower.wire, { table: name, key: keyFromId(of.id, table.keySchema) }, options);
  }
}

function isKeyOf(id: string, schema: KeySchema): boolean {
  const units = JSON.parse(id) as string[];
  if (units.length !== (schema.sort === null ? 1 : 2)) return false;
  const found = keyId(keyFromId(id, schema), schema);
  return found.ok && found.value === id;
}
