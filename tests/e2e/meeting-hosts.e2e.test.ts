/** Tests the hosts and the settings of meetings in the whole service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import { type ApiClient, createApiClient, day, fullMinute, requestBody } from '../harness/api-client.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService({
    zoom: { users: { 'former@zoom.example': 'deactivated' } },
  });
  platform = createApiClient(service);
  await service.startWorker();
  const { connections } = service.database.repositories;
  for (const [id, account] of [
    ['conn_zoom_a', 'director@zoom.example'],
    ['conn_zoom_b', 'reader@zoom.example'],
  ] as const) {
    await connections.put({
      id,
      organization,
      provider: 'zoom',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
  }
});
afterAll(() => service.close());

let used = 0;
/** Returns a request without calendars, so that two auditions can have the same time. */
const next = (startsIn: number, changes: object = {}) => {
  used += 1;
  const { participants, ...body } = requestBody(used, startsIn, changes);
  return {
    ...body,
    participants: participants.map((participant) => ({ ...participant, calendar: undefined })),
  };
};
const eventPage = z.object({ items: z.array(auditionEventSchema) });
const claimCount = z.object({ count: z.coerce.number() });

const zoomMeeting = (id: string | undefined) =>
  service.sandbox.control.state().zoom.meetings.find(({ id: zoomId }) => String(zoomId) === id);
const claimsOf = async (id: string): Promise<number> => {
  const { rows } = await service.database.pool.query(
    'SELECT count(*) FROM meeting_host_claims WHERE audition_id = $1',
    [id],
  );
  return claimCount.parse(rows[0]).count;
};

describe('an audition with a connected Zoom host and settings', () => {
  it('has its meeting there with the settings, names what is not honoured, and leaves nothing behind', async () => {
    const { meetingPreferences } = service.database.repositories;
    await meetingPreferences.set(organization, {
      templates: { default: { waitingRoom: true, muteOnEntry: true }, first: { muteOnEntry: false } },
    });
    const { id } = await platform.request(
      next(40 * day, {
        meeting: {
          providers: ['zoom'],
          host: 'conn_zoom_a',
          settings: { language: 'fr', passcode: { kind: 'given', value: 'ophelia-1' } },
        },
      }),
    );
    const { meeting } = await platform.untilNotified(id);
    expect(meeting).toMatchObject({ provider: 'zoom', notHonored: ['language'] });
    expect(zoomMeeting(meeting?.id)).toMatchObject({
      host_email: 'director@zoom.example',
      password: 'ophelia-1',
      settings: { waiting_room: true, mute_upon_entry: false },
    });
    const { items } = eventPage.parse((await platform.get(`/v1/auditions/${id}/events?limit=100`)).body);
    expect(items.map(({ fact }) => fact)).toContainEqual({ type: 'meeting_created', meeting });

    const start = fullMinute(Date.now() + 41 * day);
    const slot = {
      start: new Date(start).toISOString(),
      end: new Date(start + 1_800_000).toISOString(),
      zone: 'Europe/Paris',
    };
    const moved = await platform.command(id, 'reschedule', { slot });
    expect(moved.meeting).toEqual(meeting);
    expect(Date.parse(zoomMeeting(meeting?.id)?.start_time ?? '')).toBe(start);
    await platform.untilNotified(id);
    expect(await claimsOf(id)).toBe(1);

    await platform.command(id, 'cancel', {});
    await service.temporal.workflow.getHandle(`audition/${id}`).result();
    expect(zoomMeeting(meeting?.id)).toBeUndefined();
    expect(await claimsOf(id)).toBe(0);
  });

  it('falls back to the next provider when every host has another meeting at that time', async () => {
    await service.database.repositories.meetingPreferences.set(organization, {
      hosts: { zoom: [{ kind: 'connection', connection: 'conn_zoom_b' }] },
    });
    const meeting = { providers: ['zoom', 'google_meet'] };
    const first = await platform.request(next(50 * day, { meeting }));
    const one = await platform.until(first.id, ({ state }) => state === 'scheduled');
    expect(zoomMeeting(one.meeting?.id)).toMatchObject({ host_email: 'reader@zoom.example' });
    const { slot } = one;
    const second = await platform.request({
      ...next(51 * day, { meeting }),
      slot: { start: slot?.start, end: slot?.end, zone: slot?.zone },
    });
    const other = await platform.until(second.id, ({ state }) => state === 'scheduled');
    expect(other.meeting?.provider).toBe('google_meet');
    const { items } = eventPage.parse(
      (await platform.get(`/v1/auditions/${second.id}/events?limit=100`)).body,
    );
    expect(items.map(({ fact }) => fact)).toContainEqual({
      type: 'meeting_fell_back',
      from: 'zoom',
      to: 'google_meet',
      reason: 'conflict',
    });
  });

  it('asks the operator, and says what to do, when an alternative host is not licensed', async () => {
    await service.database.repositories.meetingPreferences.set(organization, {});
    const { id } = await platform.request(
      next(60 * day, {
        meeting: {
          providers: ['zoom'],
          settings: { alternativeHosts: ['former@zoom.example'] },
        },
      }),
    );
    const { attention } = await platform.until(id, ({ attention: items }) => items.length > 0);
    expect(attention).toMatchObject([
      {
        step: 'meeting',
        code: 'rejected_input',
        what: expect.stringContaining('an alternative host is not a licensed user of the Zoom account'),
      },
    ]);
    await platform.command(id, 'cancel', {});
  });

  it.each([
    ['an unknown connection', { host: 'conn_none' }, 'unknown_connection', '/meeting/host'],
    ['a Google account', { host: 'conn_office' }, 'invalid_body', '/meeting/host'],
    [
      'an automatic recording without a recording',
      { settings: { autoStartRecording: true } },
      'invalid_body',
      '/meeting/settings/autoStartRecording',
    ],
  ])('is refused for %s', async (_what, meeting, code, pointer) => {
    const { status, body } = await platform.post(
      '/v1/auditions',
      next(70 * day, { meeting: { providers: ['zoom'], ...meeting } }),
      { idempotencyKey: crypto.randomUUID() },
    );
    expect(status).toBe(code === 'invalid_body' ? 400 : 422);
    expect(body).toMatchObject({
      code,
      errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
    });
  });
});
