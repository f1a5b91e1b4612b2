import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@/lib/domain/errors';
import { CHECKLIST_ITEMS } from '@/lib/domain/plan/checklist';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { ATTEMPTS_MAX, deliverPending, raiseAlert } from '../alert/deliver';
import { createAlertDestination, removeAlertDestination, sendTestAlert } from '../alert/destinations';
import { careRound, watchAlerts } from '../alert/watch';
import type { Actor } from '../context';
import { alertDestinationsView } from '../view/alerts-view';
import { checklistView } from '../view/checklist-view';
import { lapseSignOffs } from './lapse';
import { acknowledgeDowntime, setRollbackDocument, setTrainedPeople, signOff } from './sign-off';

const ADMIN: Actor = { id: 'usr_root', name: 'Root', role: 'admin' };

interface Received {
  body: string;
  signature: string;
  timestamp: string;
}

let rig: ServiceRig;
let table: RigTable;
let server: Server;
let url: string;
let status = 204;
const received: Received[] = [];

const refusal = async (act: Promise<unknown>): Promise<AppError> => {
  const error = await act.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};
const itemOf = async (item: string) => {
  const view = await checklistView(rig.ctx, VIEWER, table.planId);
  return view.items.find((one) => one.item === item)!;
};
const sign = (item: string, actor: Actor = ADA) => signOff(rig.ctx, actor, { planId: table.planId, item });

beforeAll(async () => {
  rig = await openServiceRig();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const head = (name: string) => String(request.headers[name]);
      received.push({ body, signature: head('x-landfall-signature'), timestamp: head('x-landfall-timestamp') });
      response.writeHead(status, status === 302 ? { location: 'http://169.254.169.254/' } : {}).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=abc`;
});
beforeEach(() => {
  status = 204;
  received.length = 0;
});
afterAll(async () => {
  server.close();
  await rig.close();
});

describe('the checklist of a table on its way', () => {
  beforeAll(async () => {
    table = await rig.newTable({ stage: 'shift' });
  });

  test('cannot be signed ahead of its facts, and says what is missing', async () => {
    const view = await checklistView(rig.ctx, VIEWER, table.planId);
    expect(view.items.map((one) => one.item)).toEqual([...CHECKLIST_ITEMS]);
    expect(view).toMatchObject({ done: 0, required: 6 });
    for (const item of CHECKLIST_ITEMS) {
      const error = await refusal(sign(item));
      expect(error.code).toBe('checklist.evidence_missing');
      expect(error.detail.fields).toHaveProperty('item');
    }
    expect((await rig.sql`select 1 from sign_off`).length).toBe(0);
  });

  test('takes no signature of a viewer, of an unknown item, or of no plan', async () => {
    expect((await refusal(sign('training', VIEWER))).code).toBe('auth.role_too_low');
    expect((await refusal(sign('luck'))).detail.fields).toHaveProperty('item');
    expect((await refusal(signOff(rig.ctx, ADA, { planId: 'pln_nope', item: 'training' }))).code).toBe(
      'plan.not_found',
    );
  });

  test('"verified" rests on a done backfill and a clean verification, and lapses when it is void', async () => {
    await table.makeVerified();
    await rig.sql`insert into run (id, plan_table_id, kind, generation, state, segments_total, started_by, created_at)
      values ('run_copy', ${table.id}, 'backfill', 1, 'done', 1, 'test', now())`;
    expect((await itemOf('data_verified')).factMet).toBe(true);
    await sign('data_verified');
    expect((await itemOf('data_verified')).signOff).toMatchObject({ by: 'Ada' });
    await rig.sql`update plan_table set verify_again_since = now(), verify_again_reason = 'a gateway vanished' where id = ${table.id}`;
    expect(await lapseSignOffs(rig.ctx)).toBe(1);
    expect(await lapseSignOffs(rig.ctx)).toBe(0);
    const lapsed = await itemOf('data_verified');
    expect(lapsed.signOff).toBeNull();
    expect(lapsed.lapsed?.reason).toContain('no longer');
    const [event] = await rig.sql<
      { n: number }[]
    >`select count(*)::int as n from event where kind = 'checklist.lapsed'`;
    expect(event!.n).toBe(1);
  });

  test('"rollback" needs a document and a rehearsed roll-back, and lapses when the document changes', async () => {
    await setRollbackDocument(rig.ctx, ADA, { planId: table.planId, document: 'Press Shift+R.' });
    expect((await itemOf('rollback')).factMet).toBe(false);
    await rig.sql`insert into event (id, plan_id, plan_table_id, kind, sentence, actor_kind, actor)
      values ('evt_back', ${table.planId}, ${table.id}, 'move.reads_to_source', 'Reads back.', 'person', 'Ada')`;
    expect(await itemOf('rollback')).toMatchObject({ factMet: true, supplied: 'Press Shift+R.' });
    await sign('rollback');
    await setRollbackDocument(rig.ctx, ADA, { planId: table.planId, document: 'Call Grace.' });
    expect(await itemOf('rollback')).toMatchObject({ signOff: null, lapsed: { by: 'Ada' } });
    const empty = await refusal(setRollbackDocument(rig.ctx, ADA, { planId: table.planId, document: ' ' }));
    expect(empty.detail.fields).toHaveProperty('document');
    expect((await itemOf('rollback')).supplied).toBe('Call Grace.');
  });

  test('"training" needs names', async () => {
    await setTrainedPeople(rig.ctx, ADA, { planId: table.planId, people: 'Ada, Grace' });
    await sign('training');
    expect(await itemOf('training')).toMatchObject({ signOff: { by: 'Ada' }, supplied: 'Ada, Grace' });
  });

  test('"writes" counts once TerraScale is the authority and no key is dirty', async () => {
    await rig.sql`insert into dirty_key (plan_table_id, key_id, key, cause, generation)
      values (${table.id}, '["S#a"]', '{}', 'mirror_failed', 1)`;
    await rig.sql`update plan_table set stage = 'target_first', read_share_milli = 100000 where id = ${table.id}`;
    expect((await itemOf('writes_on_target')).factMet).toBe(false);
    await rig.sql`delete from dirty_key`;
    expect((await itemOf('writes_on_target')).factMet).toBe(true);
    await sign('writes_on_target');
    await rig.sql`insert into dirty_key (plan_table_id, key_id, key, cause, generation)
      values (${table.id}, '["S#a"]', '{}', 'mirror_failed', 2)`;
    expect((await itemOf('writes_on_target')).signOff).not.toBeNull();
    await rig.sql`update dirty_key set first_seen_at = now() - interval '5 minutes'`;
    expect((await itemOf('writes_on_target')).signOff).toBeNull();
    await rig.sql`delete from dirty_key`;
  });

  test('downtime is acknowledged only where there is any', async () => {
    const error = await refusal(acknowledgeDowntime(rig.ctx, ADA, { planId: table.planId }));
    expect(error.code).toBe('input.invalid');
  });
});

describe('alerts', () => {
  let destinationId: string;
  let secret: string;

  test.each([
    ['ftp://example.com/x'],
    ['http://169.254.169.254/latest'],
    ['nonsense'],
    ['http://[fd00:ec2::254]/x?y=1'],
  ])('go nowhere like %s', async (bad) => {
    const error = await refusal(createAlertDestination(rig.ctx, ADMIN, { name: 'x', url: bad }));
    expect(Object.keys(error.detail.fields ?? {})).toEqual(['url']);
    expect((await rig.sql`select 1 from alert_destination`).length).toBe(0);
  });

  test('are signed over time and body, and a delivered test is the evidence of monitoring', async () => {
    ({ destinationId, secret } = await createAlertDestination(rig.ctx, ADMIN, { name: 'pager', url }));
    expect((await itemOf('monitoring')).factMet).toBe(false);
    await sendTestAlert(rig.ctx, ADA, { destinationId });
    const [one] = received;
    const wanted = createHmac('sha256', secret).update(`${one!.timestamp}.${one!.body}`).digest('hex');
    expect(one!.signature).toBe(`sha256=${wanted}`);
    expect((await itemOf('monitoring')).factMet).toBe(true);
    const [shown] = await alertDestinationsView(rig.ctx, VIEWER);
    expect(shown).toMatchObject({ name: 'pager', lastTest: { ok: true } });
    expect(shown!.url).not.toContain('token');
    const stored = JSON.stringify(await rig.sql`select secret_sealed from alert_destination`);
    expect(stored).not.toContain(secret);
  });

  test.each([[500], [302]])(
    'that a destination answers with %i are not delivered, and the evidence is gone',
    async (code) => {
      status = code;
      const error = await refusal(sendTestAlert(rig.ctx, ADA, { destinationId }));
      expect(error.code).toBe('alert.destination_failed');
      expect(error.detail.sentence).toContain(String(code));
      expect((await itemOf('monitoring')).factMet).toBe(false);
    },
  );

  test('are tried again a bounded number of times and never twice once delivered', async () => {
    status = 503;
    await raiseAlert(rig.ctx, { kind: 'run_failed', planTableId: null, sentence: 'A run failed.' });
    expect(await raiseAlert(rig.ctx, { kind: 'run_failed', planTableId: null, sentence: 'A run failed.' })).toEqual({
      raised: false,
    });
    expect(received).toHaveLength(1);
    expect(await deliverPending(rig.ctx)).toBe(0);
    expect(received).toHaveLength(1);
    const due = () => rig.sql`update alert set at = now() - interval '1 hour' where kind = 'run_failed'`;
    await due();
    await deliverPending(rig.ctx);
    expect(received).toHaveLength(2);
    status = 204;
    await due();
    expect(await deliverPending(rig.ctx)).toBe(1);
    expect(await deliverPending(rig.ctx)).toBe(0);
    status = 503;
    await raiseAlert(rig.ctx, { kind: 'fence_aborted', planTableId: null, sentence: 'A fence was aborted.' });
    for (let round = 0; round < ATTEMPTS_MAX + 3; round += 1) {
      await rig.sql`update alert set at = now() - interval '2 hours' where kind = 'fence_aborted'`;
      await deliverPending(rig.ctx);
    }
    const [row] = await rig.sql<{ attempts: number }[]>`select attempts from alert where kind = 'fence_aborted'`;
    expect(row!.attempts).toBe(ATTEMPTS_MAX);
  });

  test('are raised for a failed run, once', async () => {
    await rig.sql`insert into run (id, plan_table_id, kind, generation, state, segments_total, started_by, stop_reason, finished_at)
      values ('run_bad', ${table.id}, 'backfill', 2, 'failed', 1, 'test', 'The target is gone', now())`;
    await careRound(rig.ctx);
    await waitFor(() => received.some((one) => one.body.includes('The target is gone')), { what: 'the alert' });
    expect(await watchAlerts(rig.ctx)).toBe(0);
  });

  test('end with their destination', async () => {
    await removeAlertDestination(rig.ctx, ADMIN, { destinationId });
    expect((await refusal(removeAlertDestination(rig.ctx, ADMIN, { destinationId }))).code).toBe('alert.not_found');
    expect(await alertDestinationsView(rig.ctx, VIEWER)).toEqual([]);
  });
});
