/** Tests that people get into a meeting whose passcode a person has changed at Zoom, in the whole service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiClient, createApiClient, requestBody } from '../harness/api-client.ts';
import { providerState } from '../harness/consistency.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
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

const joinUrls = z.object({
  participants: z.array(z.object({ id: z.string(), joinUrl: z.string().optional() })),
});
const trail = z.object({
  items: z.array(z.object({ fact: z.looseObject({ type: z.string() }) })),
});

/** Returns where the join links of the participants lead. */
const addressesOf = async (id: string): Promise<readonly string[]> => {
  const { participants } = joinUrls.parse((await platform.get(`/v1/auditions/${id}`)).body);
  return Promise.all(
    participants.map(async ({ joinUrl = '' }) => {
      const answer = await fetch(joinUrl, { method: 'POST', redirect: 'manual' });
      return answer.headers.get('location') ?? '';
    }),
  );
};
const factsOf = async (id: string) =>
  trail
    .parse((await platform.get(`/v1/auditions/${id}/events?limit=100`)).body)
    .items.map(({ fact }) => fact.type);
const pwd = (passcode: string) => `pwd=${Buffer.from(passcode).toString('base64url')}`;
const sentTo = async () => (await providerState(service)).emails;

describe('a passcode that a person has changed at Zoom', () => {
  it.each([
    ['the meeting', '/j/', {}],
    ['the registrants', 'tk=', { registrants: true }],
  ])(
    'is in the addresses of %s behind the join links, and nobody gets a message',
    async (_, part, settings) => {
      const { id } = await platform.request(next(settings));
      const { meeting } = await platform.untilNotified(id);
      await expect.poll(async () => (await addressesOf(id)).every((url) => url.includes(part))).toBe(true);
      const sent = await sentTo();
      const { webhook } = await service.sandbox.control.sendMeetingEvent(meeting?.id ?? '', {
        event: 'meeting.updated',
        password: 'Changed1',
        url: `${service.url}/v1/webhooks/zoom`,
      });
      expect(webhook).toBe('204');
      await expect
        .poll(async () => (await addressesOf(id)).filter((url) => !url.includes(pwd('Changed1'))))
        .toEqual([]);
      expect(await sentTo()).toEqual(sent);
      expect(await factsOf(id)).toContain('meeting_access_changed');
    },
  );
});
