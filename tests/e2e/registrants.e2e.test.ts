/** Tests the registrants of Zoom meetings in the whole service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiClient, createApiClient, requestBody } from '../harness/api-client.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService({ zoom: { users: { 'basic@zoom.example': 'basic' } } });
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const quarter = 15 * 60_000;
let used = 0;
/** Returns a request whose join links are open. It has no calendars, so that two auditions can have the same time. */
const next = (settings: object) => {
  used += 1;
  const { participants, ...body } = requestBody(used, quarter, {
    meeting: { providers: ['zoom'], settings },
  });
  return {
    ...body,
    participants: participants.map((participant) => ({ ...participant, calendar: undefined })),
  };
};

const zoom = () => service.sandbox.control.state().zoom;
const registrantsOf = (meeting: string | undefined) =>
  zoom().registrants.filter((registrant) => registrant.meeting === meeting);
const approved = (meeting: string | undefined) =>
  registrantsOf(meeting).filter(({ status }) => status === 'approved');

const joinUrls = z.object({
  participants: z.array(z.object({ id: z.string(), joinUrl: z.string().optional() })),
});
const linkList = z.object({
  items: z.array(z.object({ id: z.string(), participant: z.string().optional() })),
});

/** Returns where the join link of a participant leads. */
const follow = async (id: string, participant: string): Promise<string | null> => {
  const { body } = await platform.get(`/v1/auditions/${id}`);
  const found = joinUrls.parse(body).participants.find((one) => one.id === participant);
  const answer = await fetch(found?.joinUrl ?? '', { method: 'POST', redirect: 'manual' });
  return answer.headers.get('location');
};

describe('an audition whose participants are registered', () => {
  it('leads each of them to their own address, until the link is revoked', async () => {
    const { id } = await platform.request(next({ registrants: true }));
    const { meeting, participants } = await platform.untilNotified(id);
    expect(meeting?.notHonored).toBeUndefined();
    await expect.poll(() => approved(meeting?.id).length).toBe(participants.length);
    const people = participants.map((one) => one.id);
    await expect.poll(async () => await follow(id, people[0] ?? '')).toContain('tk=');
    const addresses = await Promise.all(people.map((person) => follow(id, person)));
    expect(new Set(addresses).size).toBe(people.length);

    const links = await platform.get(`/v1/auditions/${id}/join-links`);
    const link = linkList.parse(links.body).items.find(({ participant }) => participant === people[0]);
    await fetch(`${service.url}/v1/auditions/${id}/join-links/${link?.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${keys.backend}` },
    });
    await expect
      .poll(
        () =>
          registrantsOf(meeting?.id)
            .map(({ status }) => status)
            .toSorted(),
        { timeout: 20_000 },
      )
      .toEqual(['cancelled', ...people.map(() => 'approved')].toSorted());
    await expect.poll(async () => await follow(id, people[0] ?? '')).toContain('tk=');
    expect(addresses).not.toContain(await follow(id, people[0] ?? ''));
  });

  it('knows a person in the meeting by the registration, whatever name the person shows', async () => {
    const { id } = await platform.request(next({ registrants: true }));
    const { meeting, participants } = await platform.untilNotified(id);
    await expect.poll(() => approved(meeting?.id).length).toBe(participants.length);
    const performer = participants.find(({ kind }) => kind === 'performer');
    await expect.poll(async () => await follow(id, performer?.id ?? '')).toContain('tk=');
    const { rows } = await service.database.pool.query(
      'SELECT registrant_id FROM meeting_registrants WHERE audition_id = $1 AND participant = $2',
      [id, performer?.id],
    );
    await service.sandbox.control.sendMeetingEvent(meeting?.id ?? '', {
      event: 'meeting.participant_joined',
      participant: { name: 'iPhone', registrant: Object(rows[0]).registrant_id },
      url: `${service.url}/v1/webhooks/zoom`,
    });
    const seen = await platform.until(id, (view) =>
      view.participants.some(({ presence }) => presence !== undefined),
    );
    expect(seen.participants.find(({ presence }) => presence)?.id).toBe(performer?.id);
  });

  it('names the setting when the host has no license, and uses the address of the meeting', async () => {
    await service.database.repositories.meetingPreferences.set(organization, {
      hosts: { zoom: [{ kind: 'service', user: 'basic@zoom.example' }] },
    });
    const { id } = await platform.request(next({ registrants: true }));
    const { meeting, participants } = await platform.untilNotified(id);
    expect(meeting?.notHonored).toEqual(['registrants']);
    expect(await follow(id, participants[0]?.id ?? '')).toContain('/j/');
    expect(registrantsOf(meeting?.id)).toEqual([]);
    await service.database.repositories.meetingPreferences.set(organization, {});
  });
});
