/** Samples of shadow reads on their way to Postgres: sealed at once, so that no image waits in the clear. */
import type { Sql } from '@/db/client';
import { insertShadowSamples, type NewShadowSample } from '@/db/queries/gateway/shadow';
import type { Log } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import type { WireItem } from '@/lib/domain/item/item';
import { LIMITS } from '../limits';
import type { ShadowSample } from '../pipeline/shadow/recheck';

/** Services open them with this purpose, as they do those of a verification. */
const IMAGE_PURPOSE = 'mismatch';

export class ShadowSamples {
  #waiting: NewShadowSample[] = [];

  constructor(private readonly options: { sql: Sql; gatewayId: string; sealer: Sealer; log: Log }) {}

  take(sample: ShadowSample): void {
    const { gatewayId, sealer, log } = this.options;
    if (this.#waiting.length >= LIMITS.shadowSamplesWaitingMax) {
      log.warn({ planTableId: sample.planTableId }, 'A sample of a shadow read was dropped: Postgres has been away');
      return;
    }
    const { source, target, ...rest } = sample;
    const seal = (image: WireItem | null) =>
      image === null ? null : sealer.seal(JSON.stringify(image), IMAGE_PURPOSE);
    this.#waiting.push({ ...rest, gatewayId, sourceSealed: seal(source), targetSealed: seal(target) });
  }

  /** Throws while Postgres is away; what was not stored waits. */
  async run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.slice(0, 20);
      await insertShadowSamples(this.options.sql, rows);
      this.#waiting.splice(0, rows.length);
    }
  }
}
