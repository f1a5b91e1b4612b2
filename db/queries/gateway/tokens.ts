/** ClientRequestTokens of gateways, sealed in pages, while a fence is under way (PROTOCOL F7). */
import type { Sql } from '@/db/client';

/** The pages of one gateway, whole: what it had shared before is replaced. */
export async function writeTokenPages(
  sql: Sql,
  of: { gatewayId: string; connectionId: string; pages: readonly { sealed: string; tokens: number }[] },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`delete from gateway_tokens where gateway_id = ${of.gatewayId}`;
    for (const [page, { sealed, tokens }] of of.pages.entries())
      await tx`insert into gateway_tokens (gateway_id, page, connection_id, document_sealed, tokens, written_at)
        values (${of.gatewayId}, ${page}, ${of.connectionId}, ${sealed}, ${tokens}, clock_timestamp())`;
  });
}

export interface TokenPage {
  sealed: string;
  /** Since it was written, by the database's clock. */
  ageMs: number;
}

/** Pages of the other gateways of a connection that are younger than a token lives. */
export async function readTokenPages(
  sql: Sql,
  of: { gatewayId: string; connectionId: string; lifeMs: number },
): Promise<TokenPage[]> {
  return await sql<TokenPage[]>`
    select document_sealed as sealed, (extract(epoch from clock_timestamp() - written_at) * 1000)::float8 as "ageMs"
    from gateway_tokens where connection_id = ${of.connectionId} and gateway_id <> ${of.gatewayId}
      and written_at > clock_timestamp() - ${of.lifeMs}::float8 * interval '1 millisecond'
    order by gateway_id, page limit 1000`;
}
