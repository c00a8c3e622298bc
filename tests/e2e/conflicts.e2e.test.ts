/** Tests the conflict policies in the whole service: proposals, an override, and waiting for another audition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { slotConflictSchema } from '../../domain/audition/slot-conflict.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import {
  keys,
  organization,
  type ServiceUnderTest,
  sandboxAccounts,
  startService,
} from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.database.repositories.organizations.setConflicts(organization, { policy: 'propose' });
  await service.startWorker();
});
afterAll(() => service.close());

let used = 400;
const nextBody = (changes: object = {}) => {
  used += 1;
  return requestBody(used, (20 + used) * day, changes);
};

const refusalSchema = z.object({ code: z.string(), conflict: slotConflictSchema });
const ask = async (body: object) =>
  platform.post('/v1/auditions', body, { idempotencyKey: crypto.randomUUID() });

/** Adds an event to the calendar of the casting director. */
const occupy = ({ start, end }: { readonly start: string; readonly end: string }) =>
  service.sandbox.control.addBusy({
    account: sandboxAccounts.conn_director,
    start,
    end,
    summary: 'Secret appointment',
  });

describe('an audition at a time that is not free', () => {
  it('is refused with slots that are free, and one of them can be booked', async () => {
    const body = nextBody();
    occupy(body.slot);
    const refused = await ask(body);
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.body)).not.toContain('Secret');
    const { code, conflict } = refusalSchema.parse(refused.body);
    expect(code).toBe('slot_taken');
    expect(conflict.blockers).toMatchObject([{ kind: 'calendar_event', connection: 'conn_director' }]);
    const [best] = conflict.alternatives ?? [];
    const { id } = await platform.request({
      ...body,
      slot: { ...body.slot, start: best?.start, end: best?.end },
    });
    const { slot } = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(slot).toMatchObject({ start: best?.start, end: best?.end });
  });

  it('is moved there by an operator who overrides the conflict, which the trail records', async () => {
    const body = nextBody();
    const { id } = await platform.request(body);
    await platform.until(id, ({ state }) => state === 'scheduled');
    const busy = nextBody().slot;
    occupy(busy);
    const move = (key: string, conflicts?: object) =>
      platform.post(`/v1/auditions/${id}/reschedule`, { slot: busy, conflicts }, { key });
    expect(await move(keys.operator)).toMatchObject({ status: 409 });
    expect(await move(keys.backend, { policy: 'override' })).toMatchObject({ status: 403 });
    expect(await move(keys.operator, { policy: 'override' })).toMatchObject({
      status: 200,
      body: { slot: { start: busy.start }, overridden: [{ kind: 'calendar_event', start: busy.start }] },
    });
    const { body: trail } = await platform.get(`/v1/auditions/${id}/events`);
    expect(trail).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({
          fact: expect.objectContaining({
            type: 'slot_moved',
            overridden: [expect.objectContaining({ connection: 'conn_director' })],
          }),
        }),
      ]),
    });
  });

  it('waits for the hold of another audition, and takes the slot when that is cancelled', async () => {
    const body = nextBody();
    const first = await platform.request(body);
    await platform.until(first.id, ({ state }) => state === 'scheduled');
    const waiting = ask({ ...body, conflicts: { policy: 'wait', waitFor: 'PT2M' } });
    const second = async () =>
      (await platform.listAuditions()).find(
        ({ id, participants }) =>
          id !== first.id && participants.some((one) => one.id === body.participants[0]?.id),
      );
    await expect.poll(async () => (await second())?.state, { timeout: 20_000 }).toBe('holding');
    await platform.command(first.id, 'cancel', {});
    expect([201, 202]).toContain((await waiting).status);
    const { id } = (await second()) ?? first;
    const { slot } = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(slot).toMatchObject({ start: body.slot.start });
  });
});
