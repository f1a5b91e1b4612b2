/**
 * What a gateway takes on. Live requests, images on their way to the follower and shadow reads have limits of their own,
 * in number and in bytes, so that none starves the others and memory is bounded by sums that are written down. Under
 * pressure the least needed goes first: shadow reads, then the application's wait for the mirror, then reads, and writes
 * last. Pressure is the fullest of three: live requests, live bytes, and how late the event loop runs.
 *
 * What is refused here was not begun, so the answer is one that SDKs repeat by themselves. An image that is refused is
 * no loss: its key is marked at once, and settled when there is room (PROTOCOL W5).
 */
import { LIMITS } from '../limits';

export const SHED_CLASSES = ['shadow', 'mirror_wait', 'mirror', 'read', 'write'] as const;
export type ShedClass = (typeof SHED_CLASSES)[number];

/** Something that was taken on; `release` may be called more than once. */
export interface Ticket {
  release(): void;
}

/** Share of the limits from which each class is refused. */
export const SHED_FROM = { shadow: 0.25, mirror_wait: 0.5, read: 0.75, write: 1 } as const;

/** Share of the live requests from which the delay of the event loop counts. */
const LOOP_COUNTS_FROM = 1 / 64;

export interface AdmissionLimits {
  liveMax: number;
  liveBytesMax: number;
  heldMax: number;
  mirrorMax: number;
  mirrorBytesMax: number;
  shadowMax: number;
  shadowBytesMax: number;
  loopDelayMsMax: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  liveMax: LIMITS.requestsInFlightMax,
  liveBytesMax: LIMITS.liveBytesMax,
  heldMax: LIMITS.heldRequestsMax,
  mirrorMax: LIMITS.mirrorImagesMax,
  mirrorBytesMax: LIMITS.mirrorBytesMax,
  shadowMax: LIMITS.shadowReadsMax,
  shadowBytesMax: LIMITS.shadowBytesMax,
  loopDelayMsMax: LIMITS.loopDelayMsMax,
};

class Room {
  count = 0;
  bytes = 0;

  take(bytes: number): Ticket {
    this.count += 1;
    this.bytes += bytes;
    return new Place(this, bytes);
  }
}

class Place implements Ticket {
  #isHeld = true;

  constructor(
    private readonly room: Room,
    private readonly bytes: number,
  ) {}

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.room.count -= 1;
    this.room.bytes -= this.bytes;
  }
}

export class Admission {
  readonly #rooms = { live: new Room(), held: new Room(), mirror: new Room(), shadow: new Room() };
  readonly shed: Record<ShedClass, number> = { shadow: 0, mirror_wait: 0, mirror: 0, read: 0, write: 0 };

  /** `loopDelayMs` gives the sustained delay of the event loop; without it only counts and bytes decide. */
  constructor(
    private readonly loopDelayMs: () => number = () => 0,
    private readonly limits: AdmissionLimits = ADMISSION_LIMITS,
  ) {}

  /** 0: idle; 1: nothing more is taken on. Names what is fullest. */
  pressure(): { level: number; of: 'requests' | 'bytes' | 'event loop' } {
    const { liveMax, liveBytesMax, loopDelayMsMax } = this.limits;
    const { live, held } = this.#rooms;
    const requests = live.count / liveMax;
    const bytes = (live.bytes + held.bytes) / liveBytesMax;
    // Late with little to do, the process is starved by its neighbours: to refuse the little would mend nothing.
    const loop = live.count < liveMax * LOOP_COUNTS_FROM ? 0 : this.loopDelayMs() / loopDelayMsMax;
    if (loop > requests && loop > bytes) return { level: loop, of: 'event loop' };
    return bytes > requests ? { level: bytes, of: 'bytes' } : { level: requests, of: 'requests' };
  }

  /** One request of an application, for as long as it is served. A sentence that says why not, where it is refused. */
  live(kind: 'read' | 'write', bytes: number): Ticket | string {
    const { level, of } = this.pressure();
    if (level < SHED_FROM[kind]) return this.#rooms.live.take(bytes);
    this.shed[kind] += 1;
    return sentence(kind, of);
  }

  /**
   * A request that waits for a hold to end has begun nothing and needs memory alone, so it takes no place of
   * those that are served. Null: too many wait already.
   */
  held(bytes: number): Ticket | null {
    const { held } = this.#rooms;
    return held.count < this.limits.heldMax ? held.take(bytes) : null;
  }

  /** What waited was taken on before: it is served, whatever the pressure is now. */
  resumed(bytes: number): Ticket {
    return this.#rooms.live.take(bytes);
  }

  /** Bytes of a body that the door begins to read. False: there is no room for it. `giveBytes` follows a true. */
  holdBody(bytes: number): boolean {
    const { live, held } = this.#rooms;
    if (live.bytes + held.bytes + bytes > this.limits.liveBytesMax) return false;
    live.bytes += bytes;
    return true;
  }

  /** Bytes of an answer that its client is slow to take: they exist already, so they always have room. */
  holdAnswer(bytes: number): void {
    this.#rooms.live.bytes += bytes;
  }

  giveBytes(bytes: number): void {
    this.#rooms.live.bytes -= bytes;
  }

  /** One image on its way to the follower. Null: the key is to be marked instead. */
  mirror(bytes: number): Ticket | null {
    const { mirror } = this.#rooms;
    if (mirror.count < this.limits.mirrorMax && mirror.bytes + bytes <= this.limits.mirrorBytesMax) {
      return mirror.take(bytes);
    }
    this.shed.mirror += 1;
    return null;
  }

  /** Whether an application may wait for the mirror at all. */
  mayWaitForMirror(): boolean {
    if (this.pressure().level < SHED_FROM.mirror_wait) return true;
    this.shed.mirror_wait += 1;
    return false;
  }

  /** One shadow read with the bytes that it will hold. Null: it is not worth the room now. */
  shadow(bytes: number): Ticket | null {
    const { shadow } = this.#rooms;
    const hasRoom = shadow.count < this.limits.shadowMax && shadow.bytes + bytes <= this.limits.shadowBytesMax;
    if (hasRoom && this.pressure().level < SHED_FROM.shadow) return shadow.take(bytes);
    this.shed.shadow += 1;
    return null;
  }

  inFlight(): Record<'live' | 'held' | 'mirror' | 'shadow', { count: number; bytes: number }> {
    const of = ({ count, bytes }: Room) => ({ count, bytes });
    const { live, held, mirror, shadow } = this.#rooms;
    return { live: of(live), held: of(held), mirror: of(mirror), shadow: of(shadow) };
  }
}

const WHAT = {
  requests: 'as many requests are under way as it may carry',
  bytes: 'requests and answers under way fill the memory that it may use',
  'event loop': 'its event loop runs late',
} as const;

const sentence = (kind: 'read' | 'write', of: keyof typeof WHAT): string =>
  `The gateway sheds ${kind}s: ${WHAT[of]}; nothing was done, try again.`;
