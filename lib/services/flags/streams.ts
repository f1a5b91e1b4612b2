/**
 * Streams on which providers hear that flags are to be fetched anew. An event goes out only after what it speaks of was
 * read here, because a provider fetches within 50 ms; it carries no data but the name of the new state, so a repeated
 * one costs a fetch and a lost one is made up at the next connection (`Last-Event-ID`).
 */
import type { FlagKeyRow } from '@/lib/contracts/flags';
import type { ServiceContext } from '../context';
import { configIdOf } from './board';
import { FLAG_LIMITS } from './limits';
import { type Ofrep, quoted } from './ofrep';

interface Stream {
  key: FlagKeyRow;
  /** The state that the provider has been told of. */
  configId: string;
  send(text: string): void;
  end(): void;
}

export class FlagStreams {
  readonly #open = new Set<Stream>();
  #poll: NodeJS.Timeout | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly ctx: ServiceContext,
    private readonly ofrep: Ofrep,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  /** Null: too many are open. `known` is the state that the provider says it has; `signal` tells that it has left. */
  async open(
    key: FlagKeyRow,
    { known, signal }: { known: string | null; signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array> | null> {
    if (this.#open.size >= FLAG_LIMITS.streamsMax) return null;
    const looked = await this.ofrep.board.look();
    if (looked === null) return null;
    const configId = configIdOf(looked.board, key);
    const encoder = new TextEncoder();
    let end = () => {};
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        const stream: Stream = {
          key,
          configId,
          send: (text) => {
            try {
              controller.enqueue(encoder.encode(text));
            } catch {
              end();
            }
          },
          end: () => end(),
        };
        const beat = setInterval(() => stream.send(': beat\n\n'), FLAG_LIMITS.beatMs);
        const limit = setTimeout(() => end(), FLAG_LIMITS.streamMsMax);
        end = () => {
          signal.removeEventListener('abort', end);
          clearInterval(beat);
          clearTimeout(limit);
          this.#leave(stream);
          try {
            controller.close();
          } catch {
            // The provider was quicker.
          }
        };
        signal.addEventListener('abort', end);
        this.#enter(stream);
        stream.send(known === configId ? `id: ${configId}\n\n` : eventOf(configId, this.ctx.clock.nowMs()));
        // What changed between the look and the entry is told by the next turn.
        this.changed();
      },
      cancel: () => end(),
    });
  }

  /** Routing or keys may have changed: those whose flags did are told, in turn. */
  changed(): void {
    if (this.#open.size === 0) return;
    this.#telling = this.#telling.then(() => this.#tell()).catch(() => {});
  }

  close(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  async #tell(): Promise<void> {
    const looked = await this.ofrep.board.look();
    if (looked === null || looked.isStale) return;
    const { board } = looked;
    const ids = new Map<string, string>();
    for (const stream of [...this.#open]) {
      const key = board.keys.get(stream.key.keyHash);
      if (key === undefined) {
        stream.end();
        continue;
      }
      const configId = ids.get(key.id) ?? configIdOf(board, key);
      ids.set(key.id, configId);
      if (configId === stream.configId) continue;
      stream.configId = configId;
      stream.send(eventOf(configId, this.ctx.clock.nowMs()));
    }
  }

  #enter(stream: Stream): void {
    this.#open.add(stream);
    this.#poll ??= setInterval(() => this.changed(), FLAG_LIMITS.streamPollMs);
  }

  #leave(stream: Stream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }
}

function eventOf(configId: string, nowMs: number): string {
  const data = { type: 'refetchEvaluation', etag: quoted(configId), lastModified: Math.floor(nowMs / 1_000) };
  return `id: ${configId}\nevent: message\ndata: ${JSON.stringify(data)}\n\n`;
}
