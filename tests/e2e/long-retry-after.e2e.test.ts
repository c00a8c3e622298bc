/**
 * Tests a meeting provider that asks to be called again in an hour. Each test has its own service: the request opens the
 * circuit of the provider, or holds its account back, for that hour.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';
import { createApiClient, day, noticesEachTime, requestBody } from '../harness/api-client.ts';
import { organization, startService } from '../harness/service.ts';

const trailSchema = z.object({
  items: z.array(z.object({ at: z.string(), fact: z.looseObject({ type: z.string() }) })),
});

/** Starts the service. The organization has a host of Teams meetings. */
const setup = async () => {
  const service = await startService();
  onTestFinished(() => service.close());
  const { connections, meetingPreferences } = service.database.repositories;
  const account = 'host@contoso.example';
  await connections.put({
    id: 'conn_host',
    organization,
    provider: 'microsoft',
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  await meetingPreferences.set(organization, {
    hosts: { microsoft_teams: [{ kind: 'connection', connection: 'conn_host' }] },
  });
  await service.startWorker();
  const platform = createApiClient(service);
  return {
    ...service,
    platform,
    trailOf: async (id: string) =>
      trailSchema.parse((await platform.get(`/v1/auditions/${id}/events?limit=100`)).body).items,
  };
};

/** Returns a request without calendars, so that the first call to a provider creates the meeting. */
const requestFor = (...providers: readonly string[]) => {
  const body = requestBody(1, 10 * day);
  return {
    ...body,
    participants: body.participants.map((participant) =>
      Object.fromEntries(Object.entries(participant).filter(([name]) => name !== 'calendar')),
    ),
    meeting: { providers },
  };
};

const scheduled = ({ state, notices }: AuditionView) =>
  state === 'scheduled' && notices.length === noticesEachTime;

const retryAfterSeconds = 3_600;
const outage = { kind: 'outage', retryAfterSeconds } as const;
const rateLimit = { kind: 'rate_limit', retryAfterSeconds } as const;

describe('a meeting provider that answers with a Retry-After of an hour', () => {
  it.each([
    ['an outage', 'zoom', 'zoom', outage, 'outage', 'google_meet'],
    ['a rate limit', 'google_meet', 'google', rateLimit, 'retry_after', 'microsoft_teams'],
    ['an outage', 'microsoft_teams', 'microsoft', outage, 'outage', 'zoom'],
  ] as const)(
    'for %s of %s is passed over within seconds',
    async (_, provider, vendor, fault, reason, other) => {
      const { platform, trailOf, sandbox, database } = await setup();
      sandbox.control.setFault(vendor, fault);
      const answer = await platform.post('/v1/auditions', requestFor(provider, other), {
        idempotencyKey: crypto.randomUUID(),
      });
      const { id } = z.object({ id: z.string() }).parse(answer.body);
      const { meeting } = await platform.until(id, scheduled);
      expect(meeting?.provider).toBe(other);

      const trail = await trailOf(id);
      const fellBack = trail.filter(({ fact }) => fact.type === 'meeting_fell_back');
      expect(fellBack).toMatchObject([{ fact: { from: provider, to: other, reason } }]);
      // A provider that fails without a Retry-After is tried for a minute (`meetingPatience`).
      const waitedMs = Date.parse(fellBack[0]?.at ?? '') - Date.parse(trail[0]?.at ?? '');
      expect(waitedMs).toBeLessThan(20_000);
      expect((await database.pool.query('SELECT * FROM attention_items')).rows).toEqual([]);
    },
  );
});
