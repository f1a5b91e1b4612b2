import { describe, expect, it } from 'vitest';
import { Admission, type Ticket } from './admission';

const LIMITS = {
  ...{ liveMax: 100, liveBytesMax: 1_000, heldMax: 3, mirrorMax: 2, mirrorBytesMax: 100 },
  ...{ shadowMax: 2, shadowBytesMax: 100, loopDelayMsMax: 1_000 },
};
const fill = (admission: Admission, count: number) =>
  Array.from({ length: count }, () => admission.live('write', 0) as Ticket);
const sheds = (admission: Admission) => ({
  shadow: admission.shadow(1) === null,
  mirrorWait: !admission.mayWaitForMirror(),
  read: typeof admission.live('read', 0) === 'string',
  write: typeof admission.live('write', 0) === 'string',
});

describe('what a gateway takes on', () => {
  it('sheds shadow reads first, then the wait for the mirror, then reads, and writes last', () => {
    const admission = new Admission(undefined, LIMITS);
    const none = { shadow: false, mirrorWait: false, read: false, write: false };
    expect(sheds(admission)).toEqual(none);
    fill(admission, 25 - 2);
    expect(sheds(admission)).toEqual({ ...none, shadow: true });
    fill(admission, 25);
    expect(sheds(admission)).toEqual({ ...none, shadow: true, mirrorWait: true });
    fill(admission, 25);
    expect(sheds(admission)).toEqual({ ...none, shadow: true, mirrorWait: true, read: true });
    fill(admission, 25);
    expect(sheds(admission)).toEqual({ shadow: true, mirrorWait: true, read: true, write: true });
  });

  it('does so by bytes and by the delay of the event loop alike', () => {
    let delayMs = 0;
    const admission = new Admission(() => delayMs, LIMITS);
    admission.holdAnswer(760);
    expect(sheds(admission)).toMatchObject({ read: true, write: false });
    admission.giveBytes(760);
    expect(sheds(admission)).toMatchObject({ read: false });
    expect(new Admission(() => 5_000, LIMITS).pressure().level).toBe(0);
    delayMs = 1_000;
    fill(admission, 2);
    expect(sheds(admission)).toMatchObject({ read: true, write: true });
    expect(admission.live('write', 0)).toContain('event loop');
  });

  it('gives back what a ticket held, once', () => {
    const admission = new Admission(undefined, LIMITS);
    const ticket = admission.live('read', 500) as Ticket;
    expect([admission.holdBody(400), admission.holdBody(200)]).toEqual([true, false]);
    for (const one of [ticket, ticket]) one.release();
    admission.giveBytes(400);
    expect(admission.inFlight().live).toEqual({ count: 0, bytes: 0 });
  });

  it('lets what waited for a hold be served whatever else came', () => {
    const admission = new Admission(undefined, LIMITS);
    const waiting = [1, 2, 3].map(() => admission.held(10) as Ticket);
    expect(admission.held(10)).toBeNull();
    fill(admission, 100);
    for (const one of waiting) one.release();
    admission.resumed(10);
    expect(admission.inFlight()).toMatchObject({ live: { count: 101, bytes: 10 }, held: { count: 0, bytes: 0 } });
  });

  it('keeps images and shadow reads in rooms of their own', () => {
    const admission = new Admission(undefined, LIMITS);
    const first = admission.mirror(60) as Ticket;
    expect(admission.mirror(60)).toBeNull();
    expect(admission.mirror(40)).not.toBeNull();
    expect(admission.mirror(0)).toBeNull();
    first.release();
    expect(admission.mirror(60)).not.toBeNull();
    expect(sheds(admission)).toMatchObject({ shadow: false, read: false });
    expect(admission.shed).toMatchObject({ mirror: 2, read: 0, write: 0 });
  });
});
