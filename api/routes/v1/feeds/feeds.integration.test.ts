/** Tests the subscription feeds of participants: their addresses, and their calendars. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { participantResource } from '../../../../domain/audition/slot-resources.ts';
import {
  type AuditionId,
  type OrganizationId,
  type ParticipantId,
  participantIdSchema,
} from '../../../../domain/ids.ts';
import { readBusyTimes } from '../../../../providers/icalendar/busy-times.ts';
import { utc } from '../../../../providers/icalendar/zones/zone.ts';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { newAuditionId, requested, storeEvents, trail } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const slot = {
  start: '2099-03-01T10:00:00.000Z',
  end: '2099-03-01T10:30:00.000Z',
  zone: 'Europe/Paris',
} as const;

const setup = async () => {
  const organization: OrganizationId = `org_${randomUUID()}`;
  const performer = participantIdSchema.parse(`performer-${randomUUID()}`);
  const key = await test.keyFor('backend', organization);
  const addressOf = async (path = '', participant: string = performer) => {
    const { status, body } = await test.call('POST', `/v1/participants/${participant}/feed${path}`, { key });
    expect(status).toBe(200);
    return new URL(z.object({ url: z.string() }).parse(body).url).pathname;
  };
  /** Stores an audition that has reached `scheduled` and was announced to its performer; then the facts. */
  const schedule = async (...more: readonly AuditionFact[]) => {
    const id = newAuditionId();
    const deliveryId = `<${randomUUID()}@castmatch>`;
    const facts: readonly AuditionFact[] = [
      ...factsOf(id, organization, performer),
      ...notifiedOf(performer, deliveryId),
      ...more,
    ];
    await storeEvents(database.repositories.events, id, trail(facts));
    await database.repositories.noticeDeliveries.put({
      id: deliveryId,
      organization,
      auditionId: id,
      participant: performer,
      channel: 'email',
    });
    return id;
  };
  const read = (path: string, headers: Record<string, string> = {}) => test.call('GET', path, { headers });
  return { organization, performer, key, addressOf, schedule, read };
};

const notifiedOf = (participant: ParticipantId, deliveryId = '<1@castmatch>'): readonly AuditionFact[] => [
  { type: 'notified', participant, channel: 'email', notice: 'invitation', revision: 1, deliveryId },
];

const factsOf = (
  auditionId: AuditionId,
  organization: OrganizationId,
  performer: ParticipantId,
): readonly AuditionFact[] => [
  {
    ...requested(auditionId, organization),
    participants: [{ id: performer, kind: 'performer', zone: 'Europe/Paris', required: true }],
  },
  { type: 'holding_started' },
  { type: 'slot_held', slot, revision: 1 },
  {
    type: 'meeting_created',
    meeting: { provider: 'zoom', id: 'm1', joinUrl: 'https://zoom.example/j/1' },
  },
  { type: 'scheduled' },
];

const busyIn = (text: string) =>
  readBusyTimes(
    text,
    {
      window: { start: Date.parse('2099-01-01'), end: Date.parse('2100-01-01') },
      owner: utc,
      addresses: new Set(),
    },
    (fault) => {
      throw new Error(fault.code);
    },
  ).map(({ start, end, uid }) => ({ start, end, uid }));

describe('the address of a feed', () => {
  it('stays the same until it is rotated, and is then invalid', async () => {
    const { addressOf, read } = await setup();
    const first = await addressOf();
    expect(await addressOf()).toBe(first);
    expect((await read(first)).status).toBe(200);
    const second = await addressOf('/rotate');
    expect(second).not.toBe(first);
    expect(await read(first)).toMatchObject({ status: 404, body: { code: 'link_invalid' } });
    expect((await read(second)).status).toBe(200);
  });

  it('is invalid after the feed was revoked, also when the feed is created again', async () => {
    const { addressOf, read, key, performer } = await setup();
    const first = await addressOf();
    const revoke = () => test.call('DELETE', `/v1/participants/${performer}/feed`, { key });
    expect((await revoke()).status).toBe(204);
    expect((await revoke()).status).toBe(204);
    expect((await read(first)).status).toBe(404);
    const second = await addressOf();
    expect((await read(first)).status).toBe(404);
    expect((await read(second)).status).toBe(200);
  });

  it('is invalid after another person has got the id of the participant', async () => {
    const { addressOf, read, schedule, performer, organization } = await setup();
    const someone = participantIdSchema.parse(`reader-${randomUUID()}`);
    const [first, others] = [await addressOf(), await addressOf('', someone)];
    const id = await schedule();
    const member = { kind: 'performer', zone: 'Europe/London', required: true } as const;
    const known = [...factsOf(id, organization, performer), ...notifiedOf(performer)];
    const store = (...facts: readonly AuditionFact[]) =>
      storeEvents(database.repositories.events, id, trail([...known, ...facts]));
    const sameWithAnotherZone = {
      type: 'participant_added',
      participant: { ...member, id: performer },
      isSamePerson: true,
    } as const;
    const joins = {
      type: 'participant_added',
      participant: { ...member, kind: 'reader', id: someone },
      generation: 2,
    } as const;
    await store(sameWithAnotherZone, joins);
    expect([(await read(first)).status, (await read(others)).status]).toEqual([200, 200]);
    const another = {
      type: 'participant_added',
      participant: { ...member, id: performer },
      generation: 3,
    } as const;
    await store(sameWithAnotherZone, joins, another);
    expect([(await read(first)).status, (await read(others)).status]).toEqual([404, 200]);
    const second = await addressOf();
    await store(sameWithAnotherZone, joins, another);
    expect([(await read(first)).status, (await read(second)).status]).toEqual([404, 200]);
  });

  it.each(['/v1/feeds/made-up.ics', '/v1/feeds/a.b.ics'])('is not %s', async (path) => {
    expect(await test.call('GET', path)).toMatchObject({ status: 404, body: { code: 'link_invalid' } });
  });

  it('has its changes in the audit log, without the address', async () => {
    const { addressOf, organization } = await setup();
    const address = await addressOf();
    await addressOf();
    await addressOf('/rotate');
    const acts = await test.call('GET', '/v1/administrative-acts', {
      key: await test.keyFor('admin', organization),
    });
    expect(Object(acts.body).items.map(({ act }: { act: string }) => act)).toEqual([
      'feed.rotated',
      'feed.created',
    ]);
    expect(acts.text).not.toContain(address.split('/').at(-1));
  });
});

describe('the calendar of a feed', () => {
  it('contains the auditions of the participant, with the UID of the invitation', async () => {
    const { addressOf, schedule, read } = await setup();
    const id = await schedule();
    const { text, headers } = await read(await addressOf());
    expect(headers).toMatchObject({
      'content-type': 'text/calendar; charset=utf-8',
      'cache-control': 'private, max-age=300',
    });
    expect(busyIn(text)).toEqual([{ start: slot.start, end: slot.end, uid: `${id}@castmatch` }]);
    for (const line of [
      'STATUS:CONFIRMED',
      'SEQUENCE:6',
      'SUMMARY:Audition',
      'LOCATION:https://zoom.example/j/1',
      'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    ]) {
      expect(text).toContain(`\r\n${line}\r\n`);
    }
    expect(text).not.toContain('METHOD');
  });

  it('contains an audition whose participant has no channel, because it holds the slot', async () => {
    const { addressOf, organization, performer, read } = await setup();
    const id = newAuditionId();
    await storeEvents(database.repositories.events, id, trail(factsOf(id, organization, performer)));
    const address = await addressOf();
    expect(busyIn((await read(address)).text)).toEqual([]);
    await database.pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 1, $2, $3, tstzrange($4, $5))`,
      [id, participantResource(performer), organization, slot.start, slot.end],
    );
    expect(busyIn((await read(address)).text)).toHaveLength(1);
  });

  it('contains an audition that the participant has declined as cancelled', async () => {
    const { addressOf, schedule, read, performer } = await setup();
    await schedule({
      type: 'responded',
      participant: performer,
      answer: 'declined',
      origin: 'api',
    });
    expect((await read(await addressOf())).text).toContain('STATUS:CANCELLED');
  });

  it('contains a cancelled audition as cancelled, which blocks no time', async () => {
    const { addressOf, schedule, read } = await setup();
    const id = await schedule({ type: 'cancelled', origin: 'api' });
    const { text } = await read(await addressOf());
    expect(text).toContain(`UID:${id}@castmatch`);
    expect(text).toContain('STATUS:CANCELLED');
    expect(text).not.toContain('zoom.example');
    expect(busyIn(text)).toEqual([]);
  });

  it('contains no audition of another participant or organization', async () => {
    const [one, other] = [await setup(), await setup()];
    await one.schedule();
    const sameName = await other.addressOf('', one.performer);
    expect(busyIn((await other.read(sameName)).text)).toEqual([]);
    expect(busyIn((await one.read(await one.addressOf('', 'somebody'))).text)).toEqual([]);
  });

  it('is not sent again while it is unchanged', async () => {
    const { addressOf, schedule, read } = await setup();
    await schedule();
    const address = await addressOf();
    const etag = String((await read(address)).headers['etag']);
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      expect(await read(address, { 'if-none-match': known })).toMatchObject({ status: 304, text: '' });
    }
    await schedule();
    expect((await read(address, { 'if-none-match': etag })).status).toBe(200);
  });
});
