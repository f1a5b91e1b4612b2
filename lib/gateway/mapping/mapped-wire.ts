/**
 * A target's wire through which a gateway sees items in the form of the source, whatever it sends: images, reads that are
 * routed there, fall-backs, shadow reads and what confirms them. So nothing above it knows of mappings, and an application
 * that is read from either store sees one form. Tables without a mapping pass as bytes.
 */
import type { StoreWire, WireOutcome, WireRequest } from '@/lib/adapters/ports';
import type { Mappings } from '@/lib/domain/mapping/mapping';
import { decode } from '../pipeline/parse';
import { bodyForTarget, bodyFromTarget } from './mapped-bytes';

/** What is mapped on one connection, by the table's name there. */
export class MappedTables {
  readonly #byName = new Map<string, Mappings>();

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  /** The mappings of a table under the routing of now: they change only while nothing of it is on the target's side. */
  set(table: string, mappings: Mappings): void {
    if (mappings.length === 0) this.#byName.delete(table);
    else this.#byName.set(table, mappings);
  }

  readonly of = (table: string): Mappings | undefined => this.#byName.get(table);
}

export function mappedWire(wire: StoreWire, tables: MappedTables): StoreWire {
  const send = async (request: WireRequest): Promise<WireOutcome> => {
    if (tables.isEmpty) return await wire.send(request);
    const { operation } = request;
    const asked = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
    const body = bodyForTarget(operation, asked, tables.of);
    // Bytes before the old body and its hash say nothing of the new one.
    const outcome = await wire.send(
      body === asked ? request : { ...request, body, payloadHash: undefined, headRoomBytes: undefined },
    );
    // A target's success was held to the shape of an answer; a refusal may be a proxy's page.
    if (outcome.kind === 'unknown' || (outcome.kind === 'refused' && decode(outcome.body) === null)) return outcome;
    const said = bodyFromTarget(operation, outcome.body, { request: asked, of: tables.of });
    if (said === outcome.body) return outcome;
    const { 'x-amz-crc32': _, ...headers } = outcome.headers;
    return { ...outcome, headers, body: said };
  };
  return { target: wire.target, send, know: wire.know, inFlight: () => wire.inFlight(), close: () => wire.close() };
}
