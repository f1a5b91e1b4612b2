/**
 * ClientRequestTokens between gateways (PROTOCOL F7). At a hold each gateway writes what it knows before it says that it
 * is quiet, and before it obeys the release it reads what all the others wrote: a transaction that was carried out
 * through one gateway is then not carried out again by the other side through another. Answers may hold items, so pages
 * are sealed.
 */
import { z } from 'zod';
import type { Sql } from '@/db/client';
import { readTokenPages, writeTokenPages } from '@/db/queries/gateway/tokens';
import type { Sealer } from '@/lib/adapters/sealing';
import { LIMITS } from '../limits';
import type { SharedToken, TokenMemory } from '../pipeline/tokens';

const SEALED_FOR = 'gateway-tokens';

const shared = z.object({
  tokenHash: z.string(),
  side: z.enum(['source', 'target']),
  bodyHash: z.string(),
  answer: z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.string() }).nullable(),
  ageMs: z.number(),
});
type Written = z.infer<typeof shared>;

export interface TokenShareOptions {
  sql: Sql;
  sealer: Sealer;
  gatewayId: string;
  tokens: TokenMemory;
}

export class TokenShare {
  /** Table and epoch of holds for which all was written. */
  readonly #written = new Set<string>();

  constructor(private readonly options: TokenShareOptions) {}

  /** Whether what this gateway knew when the table had become quiet under this epoch is written. */
  isWritten(planTableId: string, epoch: number): boolean {
    return this.#written.has(`${planTableId} ${epoch}`);
  }

  /** For tables that are quiet now: nothing that is in flight can add to what is written. */
  async write(connectionId: string, quiet: readonly string[], epoch: number): Promise<void> {
    if (quiet.every((planTableId) => this.isWritten(planTableId, epoch))) return;
    const { sql, sealer, gatewayId, tokens } = this.options;
    const all = tokens.shared();
    const pages: { sealed: string; tokens: number }[] = [];
    for (let at = 0; at < all.length; at += LIMITS.tokensPerPage) {
      const some = all.slice(at, at + LIMITS.tokensPerPage);
      pages.push({ sealed: sealer.seal(JSON.stringify(some.map(writtenOf)), SEALED_FOR), tokens: some.length });
    }
    if (pages.length > 0) await writeTokenPages(sql, { gatewayId, connectionId, pages });
    if (this.#written.size > LIMITS.tokenHoldsMax) this.#written.clear();
    for (const planTableId of quiet) this.#written.add(`${planTableId} ${epoch}`);
  }

  /** Takes what other gateways wrote. Throws while Postgres is away, or where a page does not open. */
  async read(connectionId: string): Promise<void> {
    const { sql, sealer, gatewayId, tokens } = this.options;
    for (const page of await readTokenPages(sql, { gatewayId, connectionId, lifeMs: LIMITS.tokenLifeMs })) {
      const opened = sealer.open(page.sealed, SEALED_FOR);
      if (!opened.ok) throw new Error(`tokens of another gateway cannot be opened: ${opened.error}`);
      const written = z.array(shared).parse(JSON.parse(opened.value));
      tokens.learn(written.map((one) => sharedOf(one, page.ageMs)));
    }
  }
}

/** An answer too large to be shared is one whose outcome the others do not know. */
function writtenOf({ answer, ...one }: SharedToken): Written {
  if (answer === null || answer.body.length > LIMITS.tokenAnswerBytesMax) return { ...one, answer: null };
  const { status, headers, body } = answer;
  return { ...one, answer: { status, headers, body: body.toString('base64') } };
}

function sharedOf({ answer, ...one }: Written, pageAgeMs: number): SharedToken {
  const ageMs = one.ageMs + pageAgeMs;
  return { ...one, ageMs, answer: answer && { ...answer, body: Buffer.from(answer.body, 'base64') } };
}
