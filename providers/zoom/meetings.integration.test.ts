import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import type { MeetingSpec } from '../ports.ts';
import { createZoomClient } from './client.ts';
import { createZoomCheck } from './health.ts';
import { createZoomMeetings } from './meetings.ts';

const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:29:30.000Z',
  zone: 'Europe/Paris',
} as const;
const spec: MeetingSpec = { reference: 'a0b1c2d3e4', topic: 'Audition: Ophelia', slot, settings: {} };
const host = { kind: 'service', user: 'me' } as const;

const credentials = {
  clientId: 'sandbox-zoom-client',
  clientSecret: 'sandbox-zoom-secret',
  accountId: 'sandbox-account',
};

const clientOf = (origin: string, change: Partial<typeof credentials> = {}) => {
  const client = createZoomClient({ apiUrl: `${origin}/v2`, oauthUrl: origin, ...credentials, ...change });
  onTestFinished(() => client.close());
  return client;
};

const setup = async (options: Parameters<typeof startSandbox>[0] = {}) => {
  let ahead = 0;
  const sandbox = await startSandbox(options, () => Date.now() + ahead);
  const client = clientOf(sandbox.url);
  onTestFinished(() => sandbox.close());
  const { control } = sandbox;
  return {
    url: sandbox.url,
    control,
    client,
    zoom: createZoomMeetings(client),
    storedMeetings: () => control.state().zoom.meetings,
    calls: () => control.state().calls.zoom,
    /** Advances Zoom's clock. */
    letPass: (milliseconds: number) => {
      ahead += milliseconds;
    },
  };
};

describe('a meeting', () => {
  test('is created for the host, with our marker and whole minutes', async () => {
    const { zoom, storedMeetings } = await setup();
    const { meeting } = await zoom.create(host, spec, callContext());
    expect(meeting).toMatchObject({ provider: 'zoom', joinUrl: expect.stringMatching(/^https:/) });
    expect(storedMeetings()).toMatchObject([
      {
        topic: spec.topic,
        agenda: 'castmatch:a0b1c2d3e4',
        duration: 30,
        timezone: 'Europe/Paris',
        start_time: '2026-12-01T09:00:00Z',
      },
    ]);
  });

  test.each([
    ['a letter and an emoji', `${'a'.repeat(199)}\u{1F3AD}`, 'a'.repeat(199)],
    ['emojis', '\u{1F3AD}'.repeat(150), '\u{1F3AD}'.repeat(100)],
  ])(
    'has a topic of at most 200 code units that is cut between characters: %s',
    async (_name, topic, cut) => {
      const { zoom, storedMeetings } = await setup();
      await zoom.create(host, { ...spec, topic }, callContext());
      expect(storedMeetings()).toMatchObject([{ topic: cut }]);
    },
  );

  test('is created and moved in UTC when Zoom does not know the zone', async () => {
    const { zoom, storedMeetings } = await setup({ zoom: { unknownZones: ['Europe/Paris'] } });
    const {
      meeting: { id },
    } = await zoom.create(host, spec, callContext());
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await zoom.move(host, id, { ...spec, slot: moved }, callContext());
    expect(storedMeetings()).toMatchObject([{ timezone: 'UTC', start_time: '2026-12-02T09:00:00Z' }]);
  });

  test('is created for and found at its host', async () => {
    const { client, storedMeetings } = await setup();
    const zoom = createZoomMeetings(client);
    const casting = { kind: 'service', user: 'casting+1@sandbox.example' } as const;
    const { meeting } = await zoom.create(casting, spec, callContext());
    expect(storedMeetings()).toMatchObject([{ host_email: 'casting+1@sandbox.example' }]);
    expect(await zoom.find(casting, spec.reference, slot, callContext())).toEqual([meeting]);
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([]);
  });

  test('is found by its reference after a move', async () => {
    const { zoom, storedMeetings } = await setup();
    const { meeting } = await zoom.create(host, spec, callContext());
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([meeting]);
    const moved = { ...slot, start: '2027-01-05T09:00:00.000Z', end: '2027-01-05T09:30:00.000Z' } as const;
    await zoom.move(host, meeting.id, { ...spec, slot: moved }, callContext());
    expect(storedMeetings()).toMatchObject([{ start_time: '2027-01-05T09:00:00Z' }]);
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([meeting]);
  });

  test('is not found by a reference with the same beginning', async () => {
    const { zoom } = await setup();
    await zoom.create(host, { ...spec, reference: 'a0b1c2d3e4f5' }, callContext());
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([]);
  });

  test('is tried again when the limit per second is reached, which has no Retry-After', async () => {
    const { zoom } = await setup({ zoom: { requestsPerSecond: 1 } });
    await zoom.create(host, spec, callContext());
    await expect(zoom.create(host, { ...spec, reference: 'another' }, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
  });

  test('is found beyond the first page', async () => {
    const { zoom } = await setup({ zoom: { dailyLimit: 0, requestsPerSecond: 0 } });
    const earlier = { ...slot, start: '2026-11-30T09:00:00.000Z', end: '2026-11-30T09:30:00.000Z' } as const;
    for (let index = 0; index < 300; index += 1) {
      await zoom.create(host, { ...spec, reference: `other-${index}`, slot: earlier }, callContext());
    }
    const { meeting } = await zoom.create(host, spec, callContext());
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([meeting]);
  });

  test('is found with its duplicates, oldest first', async () => {
    const { zoom, letPass } = await setup({ zoom: { dailyLimit: 0 } });
    const { meeting: first } = await zoom.create(host, spec, callContext());
    letPass(1_000);
    const { meeting: second } = await zoom.create(host, { ...spec, topic: 'Again' }, callContext());
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([first, second]);
  });

  test.each(['left_out', 'null'] as const)(
    'is found when the list has its agenda %s',
    async (listedAgenda) => {
      const { zoom, calls } = await setup({ zoom: { listedAgenda } });
      const otherTime = {
        ...slot,
        start: '2026-12-01T10:00:00.000Z',
        end: '2026-12-01T10:30:00.000Z',
      } as const;
      await zoom.create(host, { ...spec, reference: 'other', slot: otherTime }, callContext());
      await zoom.create(host, { ...spec, reference: 'same-time' }, callContext());
      const { meeting } = await zoom.create(host, spec, callContext());
      expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([meeting]);
      expect(calls()['meetings.get']).toEqual({ 200: 2 });
    },
  );

  test('is deleted once, then reported as absent', async () => {
    const { zoom, storedMeetings } = await setup();
    const {
      meeting: { id },
    } = await zoom.create(host, spec, callContext());
    expect(await zoom.remove(host, id, callContext())).toBe('deleted');
    expect(await zoom.remove(host, id, callContext())).toBe('absent');
    expect(storedMeetings()).toEqual([]);
    expect(await zoom.find(host, spec.reference, slot, callContext())).toEqual([]);
    await expect(zoom.move(host, id, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  test('rejects a reference that a list would truncate', async () => {
    const { zoom, storedMeetings } = await setup();
    const endless = { ...spec, reference: 'x'.repeat(300) };
    await expect(zoom.create(host, endless, callContext())).rejects.toThrow(RangeError);
    expect(storedMeetings()).toEqual([]);
  });

  test.each([
    ['the gap of spring', '2027-03-28T00:30:00.000Z', '2027-03-28T01:30:00.000Z'],
    ['the overlap of autumn', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
  ] as const)('keeps its instant and its length across %s', async (_name, start, end) => {
    const { zoom, storedMeetings } = await setup();
    await zoom.create(host, { ...spec, slot: { start, end, zone: 'Europe/Paris' } }, callContext());
    expect(storedMeetings()).toMatchObject([{ start_time: start.replace('.000', ''), duration: 60 }]);
  });
});

describe('a failing Zoom', () => {
  test('leaves a meeting after a lost answer, found by the next attempt', async () => {
    const { zoom, control, storedMeetings } = await setup();
    control.setFault('zoom', { kind: 'lost_answer', times: 1 });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    const found = await zoom.find(host, spec.reference, slot, callContext());
    expect(storedMeetings().map(({ id }) => String(id))).toEqual(found.map(({ id }) => id));
  });

  test('is called once during an outage', async () => {
    const { zoom, control, calls } = await setup();
    control.setFault('zoom', { kind: 'outage', operation: 'meetings.create' });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({ fault: { kind: 'outage' } });
    expect(calls()['meetings.create']).toEqual({ 503: 1 });
  });

  test.each([false, true])('has no effect when the token endpoint is down (reset: %s)', async (reset) => {
    const { zoom, control } = await setup();
    control.setFault('zoom', { kind: 'outage', operation: 'token', reset });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });

  test('gets a new token once after a 401, then is misconfigured', async () => {
    const { zoom, control, calls } = await setup();
    control.setFault('zoom', { kind: 'unauthorized', times: 1 });
    await zoom.create(host, spec, callContext());
    control.setFault('zoom', { kind: 'unauthorized' });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
    expect(calls()['token']).toEqual({ 200: 3 });
  });

  test('reports a wrong client secret as misconfigured', async () => {
    const { url } = await setup();
    const zoom = createZoomMeetings(clientOf(url, { clientSecret: 'wrong' }));
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
  });

  test.each(['documented', 'observed'] as const)(
    'reports the daily limit of a host until midnight UTC, with headers as %s',
    async (dailyLimitHeaders) => {
      const { zoom } = await setup({ zoom: { dailyLimit: 1, dailyLimitHeaders } });
      await zoom.create(host, spec, callContext());
      const midnight = new Date().setUTCHours(24, 0, 0, 0);
      await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
        fault: { kind: 'quota_exhausted', untilMs: midnight },
      });
    },
  );

  test.each(['timestamp', 'seconds'] as const)(
    'reports the delay of a rate limit given as %s',
    async (retryAfter) => {
      const { zoom, control } = await setup({ zoom: { retryAfter } });
      control.setFault('zoom', { kind: 'rate_limit', retryAfterSeconds: 20 });
      const error: unknown = await zoom.create(host, spec, callContext()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ fault: { kind: 'retry_after' } });
      expect(error).toHaveProperty('fault.delayMs', expect.closeTo(20_000, -4));
    },
  );

  test('leaves the effect unknown after a timeout', async () => {
    const { zoom, control } = await setup();
    await zoom.find(host, spec.reference, slot, callContext());
    control.setFault('zoom', { kind: 'latency', operation: 'meetings.create', latencyMs: 5_000 });
    const late = { signal: AbortSignal.timeout(100), correlationId: 'corr-1' };
    await expect(zoom.create(host, spec, late)).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });

  test('reports a cancelled call as a retry, not as an outage', async () => {
    const { zoom, storedMeetings } = await setup();
    const cancelled = { signal: AbortSignal.abort(), correlationId: 'corr-1' };
    await expect(zoom.create(host, spec, cancelled)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    expect(storedMeetings()).toEqual([]);
  });

  test('reports an unreachable server as without effect', async () => {
    const zoom = createZoomMeetings(clientOf('http://127.0.0.1:1'));
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string;
}
interface Asked {
  readonly path: string;
  /** The number of tokens issued so far. */
  readonly tokens: number;
}

/** A Zoom with one answer to every request, or with a scripted answer per request. */
const scripted = async (script: Answer | ((asked: Asked) => Answer)) => {
  let tokens = 0;
  const app = Fastify({ forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.post('/oauth/token', async () => {
    tokens += 1;
    return { access_token: `secret-token-${tokens}`, expires_in: 3_600 };
  });
  app.all('/v2/*', async ({ url: path }, reply) => {
    const answer = typeof script === 'function' ? script({ path, tokens }) : script;
    if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter);
    return reply.code(answer.status).type('text/html').send(answer.body);
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return createZoomMeetings(clientOf(url));
};

describe('a scripted Zoom', () => {
  test('gets a new token after any 401, and the request is repeated', async () => {
    const zoom = await scripted(({ tokens }) =>
      tokens === 1
        ? { status: 401, body: '{"code":4700,"message":"Token was revoked"}' }
        : { status: 201, body: '{"id":1,"join_url":"https://zoom.us/j/1"}' },
    );
    expect(await zoom.create(host, spec, callContext())).toMatchObject({ meeting: { id: '1' } });
  });

  test('reports the Retry-After of a 503', async () => {
    const zoom = await scripted({ status: 503, body: '{}', retryAfter: '7' });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown', delayMs: 7_000 },
    });
  });

  test('reports a list without an end as an error', async () => {
    const zoom = await scripted({ status: 200, body: '{"meetings":[],"next_page_token":"more"}' });
    await expect(zoom.find(host, spec.reference, slot, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
  });

  test('treats null fields as missing', async () => {
    const body =
      '{"meetings":[{"id":1,"agenda":null,"join_url":null,"start_time":null}],"next_page_token":null}';
    const zoom = await scripted(({ path }) =>
      path.includes('/users/')
        ? { status: 200, body }
        : { status: 200, body: '{"id":1,"join_url":"https://zoom.us/j/1","agenda":"castmatch:a0b1c2d3e4"}' },
    );
    expect(await zoom.find(host, spec.reference, slot, callContext())).toMatchObject([{ id: '1' }]);
  });

  test('reports a gateway’s error page as an outage', async () => {
    const zoom = await scripted({ status: 502, body: '<html>Bad gateway</html>' });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });

  test('leaves the effect unknown after an empty success', async () => {
    const zoom = await scripted({ status: 201, body: '{}' });
    await expect(zoom.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'unknown' },
    });
  });

  test('reports the delay of a rate limit given as an HTTP date', async () => {
    const retryAfter = new Date(Date.now() + 30_000).toUTCString();
    const zoom = await scripted({ status: 429, body: '{"code":429,"message":"slow down"}', retryAfter });
    const error: unknown = await zoom.create(host, spec, callContext()).catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty('fault.kind', 'retry_after');
    expect(error).toHaveProperty('fault.delayMs', expect.closeTo(30_000, -4));
  });
});

describe('the health check of Zoom', () => {
  test('passes with valid credentials and fails during an outage', async () => {
    const { client, control } = await setup();
    const check = createZoomCheck(client);
    await expect(check()).resolves.toBeUndefined();
    control.setFault('zoom', { kind: 'outage' });
    await expect(check()).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });
});
