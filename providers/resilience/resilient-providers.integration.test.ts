/**
 * Tests the call path with the vendors' client libraries against the sandbox and quotas in PostgreSQL. Only the clock is
 * simulated where time has to pass.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ProviderFaultKind } from '../../domain/errors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { createMetrics } from '../../workers/metrics.ts';
import type { CalendarChanges, CallContext, ConnectedAccount, MeetingProvider } from '../ports.ts';
import { createProviders } from '../registry.ts';
import { failuresToOpen, openDurationsMs, trialMs } from './circuit.ts';
import { healthWriteIntervalMs, withResilience } from './resilient-providers.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE quota_usage, provider_health, organizations');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 25, 9) });
});
afterEach(() => {
  vi.useRealTimers();
});

const slot = {
  start: '2027-03-01T09:00:00.000Z',
  end: '2027-03-01T10:00:00.000Z',
  zone: 'Europe/Paris',
} as const;

const callsOf = (counts: Readonly<Record<string, number>> = {}): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const setup = async (options: SandboxOptions = {}, limit = 100) => {
  const sandbox = await startSandbox(options);
  const metrics = createMetrics();
  const logLines: string[] = [];
  const tell = (about: Readonly<Record<string, unknown>>, message: string) =>
    logLines.push(`${message} ${JSON.stringify(about)}`);
  /** Starts another process: separate circuits, shared quotas. */
  const startProcess = (process = 'worker') => {
    const providers = createProviders({
      ...sandboxSettings(sandbox.url),
      smtp: { url: 'smtp://127.0.0.1:1', requireTls: false, from: 'casting@castmatch.test' },
    });
    onTestFinished(() => providers.close());
    return withResilience(providers, {
      quotaBook: database.repositories.quotas,
      healthStore: database.repositories.providerHealth,
      limits: { 'zoom.meeting_writes_per_day': limit },
      accounts: providers.sharedAccounts,
      metrics,
      logger: { warn: tell, info: tell },
      process,
    }).meetings.zoom;
  };
  onTestFinished(() => sandbox.close());
  const called = () => callsOf(sandbox.control.state().calls.zoom['meetings.create']);
  /** Includes the token requests. */
  const calledAtAll = () =>
    Object.values(sandbox.control.state().calls.zoom).reduce((sum, counts) => sum + callsOf(counts), 0);
  return { sandbox, metrics, logLines, startProcess, zoom: startProcess(), called, calledAtAll };
};

const host = { kind: 'service', user: 'me' } as const;
let references = 0;
const call = (organization: `org_${string}` = 'org_1'): CallContext => ({
  signal: AbortSignal.timeout(5_000),
  correlationId: 'corr-1',
  organization,
});
const create = (zoom: MeetingProvider, organization?: `org_${string}`) => {
  references += 1;
  return zoom.create(
    host,
    { reference: `r${references}`, topic: 'Audition', slot, settings: {} },
    call(organization),
  );
};
const failed = async (attempt: Promise<unknown>) => {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error;
};
const faultOf = (kind: ProviderFaultKind, more: object = {}) =>
  expect.objectContaining({ fault: expect.objectContaining({ kind, ...more }) });

describe('a failing provider', () => {
  it('is shown as failing, although it had answered a moment before', async () => {
    const { sandbox, zoom } = await setup();
    await create(zoom);
    sandbox.control.setFault('zoom', { kind: 'outage', operation: 'meetings.create' });
    await failed(create(zoom));
    await vi.waitFor(
      async () =>
        expect(await database.repositories.providerHealth.facts('zoom', toInstant(Date.now()))).toMatchObject(
          { lastFailure: 'outage (503)' },
        ),
      { timeout: healthWriteIntervalMs * 2, interval: 200 },
    );
  });

  it('is not called while its circuit is open, and is called again when it has recovered', async () => {
    const { sandbox, zoom, called, metrics, logLines } = await setup();
    sandbox.control.setFault('zoom', { kind: 'outage', operation: 'meetings.create' });
    for (let n = 0; n < failuresToOpen; n += 1) {
      expect(await failed(create(zoom))).toEqual(faultOf('outage', { effect: 'unknown' }));
    }
    const rejected = await failed(create(zoom));
    expect(rejected).toEqual(
      faultOf('outage', { effect: 'none', circuit: 'open', delayMs: expect.any(Number) }),
    );
    expect(rejected).toMatchObject({
      message: expect.stringMatching(
        /zoom meetings\.create: outage \(circuit_open\) not called: zoom\.meetings has failed 5 times .* is allowed at 2026-11-25 09:00:0\d UTC/,
      ),
    });
    expect(called()).toBe(failuresToOpen);
    expect(logLines.filter((line) => line.startsWith('circuit'))).toEqual([
      expect.stringMatching(/^circuit opened .*"provider":"zoom"/),
    ]);
    expect(await metrics.render()).toContain(
      'castmatch_provider_circuit{provider="zoom",group="meetings",state="open"} 1',
    );
    await vi.waitFor(async () =>
      expect(await database.repositories.providerHealth.facts('zoom', toInstant(Date.now()))).toMatchObject({
        circuit: 'open',
        lastFailure: 'outage (503)',
      }),
    );

    sandbox.control.clearFaults();
    vi.setSystemTime(Date.now() + (openDurationsMs[0] ?? 0) * 1.2);
    await create(zoom);
    await create(zoom);
    expect(called()).toBe(failuresToOpen + 2);
    expect(await metrics.render()).toContain(
      'castmatch_provider_circuit{provider="zoom",group="meetings",state="open"} 0',
    );
    await vi.waitFor(async () =>
      expect(await database.repositories.providerHealth.facts('zoom', toInstant(Date.now()))).toMatchObject({
        circuit: 'closed',
      }),
    );
  });

  it('gets one trial call while the others wait', async () => {
    const { sandbox, zoom, called } = await setup();
    sandbox.control.setFault('zoom', {
      kind: 'outage',
      operation: 'meetings.create',
      times: failuresToOpen,
    });
    for (let n = 0; n < failuresToOpen; n += 1) await failed(create(zoom));
    vi.setSystemTime(Date.now() + (openDurationsMs[0] ?? 0) * 1.2);
    const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => failed(create(zoom))));
    expect(first).toBeUndefined();
    expect(others).toEqual(
      others.map(() => faultOf('outage', { effect: 'none', circuit: 'open', delayMs: trialMs })),
    );
    expect(called()).toBe(failuresToOpen + 1);
  });

  /**
   * Ten minutes without Zoom and a hundred meetings in three processes. Each call is retried as Temporal does it: after
   * the reported delay, and up to a fifth later (activities/failures.ts).
   */
  it('that is down for ten minutes gets few calls, and all work is done afterwards', async () => {
    const { sandbox, startProcess, called, calledAtAll } = await setup({ zoom: { dailyLimit: 0 } }, 0);
    sandbox.control.setFault('zoom', { kind: 'outage', status: 503 });
    const begun = Date.now();
    const processes = ['one', 'two', 'three'].map((name) => startProcess(name));
    const waiting = Array.from({ length: 100 }, (_, n) => ({ n, dueAt: begun, attempts: 0 }));
    const done = new Set<number>();
    let duringOutage = 0;
    while (waiting.length > 0) {
      waiting.sort((a, b) => a.dueAt - b.dueAt);
      const next = waiting.shift();
      const zoom = next && processes[next.n % processes.length];
      if (!next || !zoom) break;
      vi.setSystemTime(Math.max(Date.now(), next.dueAt));
      if (Date.now() - begun >= 600_000 && duringOutage === 0) {
        duringOutage = calledAtAll();
        sandbox.control.clearFaults();
      }
      const error = await failed(create(zoom));
      if (error === undefined) {
        done.add(next.n);
        continue;
      }
      next.attempts += 1;
      const delay = retryDelayOf(error) ?? Math.min(1_000 * 2 ** (next.attempts - 1), 30_000);
      waiting.push({ ...next, dueAt: Date.now() + Math.ceil(delay * (1 + (next.n % 10) / 50)) });
    }
    expect(done.size).toBe(100);
    expect(sandbox.control.state().zoom.meetings).toHaveLength(100);
    // Per process: the calls that opened the circuit, the scheduled trial calls, then one per minute.
    const perProcess = failuresToOpen + openDurationsMs.length + 10;
    expect(duringOutage).toBeGreaterThan(processes.length * failuresToOpen);
    expect(duringOutage).toBeLessThanOrEqual(processes.length * perProcess);
    expect(called()).toBe(100);
    // Well within the longest delay.
    expect(Date.now() - begun).toBeLessThan(600_000 + 2 * 60_000 * 1.2);
  });

  it.each([
    ['a rate limit', { kind: 'rate_limit', retryAfterSeconds: 0 } as const, 'retry_after'],
    ['a rejected token', { kind: 'unauthorized' } as const, 'misconfigured'],
  ])('is not assumed because of %s', async (_what, fault, kind) => {
    const { sandbox, zoom, called } = await setup();
    sandbox.control.setFault('zoom', { ...fault, operation: 'meetings.create' });
    for (let n = 0; n < 2 * failuresToOpen; n += 1) {
      expect(await failed(create(zoom))).toEqual(
        expect.objectContaining({ fault: expect.objectContaining({ kind }) }),
      );
    }
    expect(called()).toBeGreaterThanOrEqual(2 * failuresToOpen);
  });

  it('is not assumed because of cancelled calls', async () => {
    const { sandbox, zoom, called } = await setup();
    sandbox.control.setFault('zoom', { kind: 'latency', latencyMs: 300, operation: 'meetings.create' });
    const calledOff = async () => {
      const controller = new AbortController();
      const attempt = zoom.create(
        host,
        { reference: 'off', topic: 'Audition', slot, settings: {} },
        { signal: controller.signal, correlationId: 'c' },
      );
      setTimeout(() => controller.abort(), 20);
      return failed(attempt);
    };
    for (let n = 0; n < failuresToOpen; n += 1) expect(await calledOff()).toEqual(faultOf('retry'));
    sandbox.control.clearFaults();
    const before = called();
    await create(zoom);
    expect(called()).toBeGreaterThan(before);
  });
});

const retryDelayOf = (error: unknown): number | undefined => {
  const { fault } = Object(error);
  return typeof fault?.delayMs === 'number' ? Math.max(fault.delayMs, 1_000) : undefined;
};

const twoOffices = async (): Promise<void> => {
  for (const id of ['org_1', 'org_2'] as const) {
    await database.repositories.organizations.put({ id, name: id, meetingProviders: ['zoom'] });
  }
};

describe('a quota', () => {
  it('is shared by all processes, is renewed at midnight and prevents the vendor’s limit error', async () => {
    const { sandbox, startProcess, called, logLines } = await setup({ zoom: { dailyLimit: 10 } }, 10);
    const [first, second] = [startProcess('one'), startProcess('two')];
    const ends = await Promise.all(
      Array.from({ length: 16 }, (_, n) => failed(create(n % 2 === 0 ? first : second))),
    );
    const midnight = Date.UTC(2026, 10, 26);
    expect(ends.filter((error) => error === undefined)).toHaveLength(10);
    expect(ends.filter((error) => error !== undefined)).toEqual(
      Array.from({ length: 6 }, () => faultOf('quota_exhausted', { untilMs: midnight })),
    );
    expect(called()).toBe(10);
    expect(logLines.filter((line) => line.startsWith('provider quota nearly exhausted'))).toHaveLength(1);
    // A deletion uses no quota.
    const [meeting] = sandbox.control.state().zoom.meetings;
    expect(await first.remove(host, String(meeting?.id), call())).toBe('deleted');
  });

  it('reserves a part of a shared account for other organizations', async () => {
    await twoOffices();
    const { zoom } = await setup({}, 10);
    for (let n = 0; n < 8; n += 1) await create(zoom, 'org_1');
    const refused = await failed(create(zoom, 'org_1'));
    expect(refused).toEqual(faultOf('quota_exhausted'));
    expect(refused).toMatchObject({ message: expect.stringContaining('reserved for the others') });
    await create(zoom, 'org_2');
  });

  it('that the vendor reports as exhausted is not tried again by any process', async () => {
    const { startProcess, zoom, called } = await setup({ zoom: { dailyLimit: 2 } }, 100);
    await create(zoom);
    await create(zoom);
    expect(await failed(create(zoom))).toEqual(
      faultOf('quota_exhausted', { untilMs: Date.UTC(2026, 10, 26) }),
    );
    expect(called()).toBe(3);
    expect(await failed(create(zoom))).toEqual(faultOf('quota_exhausted'));
    expect(await failed(create(startProcess('another')))).toEqual(faultOf('quota_exhausted'));
    expect(called()).toBe(3);
    expect(await zoom.find(host, 'r', slot, call())).toEqual([]);
  });

  it('is not used by an outage or by a call cancelled before it began', async () => {
    const { sandbox, zoom } = await setup({}, 10);
    sandbox.control.setFault('zoom', { kind: 'outage', times: 3 });
    for (let n = 0; n < 3; n += 1) await failed(create(zoom));
    const off = { ...call(), signal: AbortSignal.abort(new Error('called off')) };
    expect(
      await failed(zoom.create(host, { reference: 'off', topic: 'Audition', slot, settings: {} }, off)),
    ).toEqual(faultOf('retry', { effect: 'none' }));
    const facts = await database.repositories.providerHealth.facts('zoom', toInstant(Date.now()));
    expect(facts.quotas).toEqual([{ quota: 'zoom.meeting_writes_per_day', used: 0 }]);
  });
});

describe('the quota of a Google account', () => {
  const page = { kind: 'page', changes: [] } as const;

  const setUpChanges = (limit: number) => {
    const metrics = createMetrics();
    const providers = createProviders({
      ...sandboxSettings('http://127.0.0.1:1'),
      smtp: { url: 'smtp://127.0.0.1:1', requireTls: false, from: 'casting@castmatch.test' },
    });
    onTestFinished(() => providers.close());
    const changes: CalendarChanges = {
      name: 'google',
      requestsOf: ({ page: reads }) => Number(reads ?? 1),
      listChanges: async () => page,
    };
    const { google } = withResilience(
      { ...providers, calendarChanges: { google: changes } },
      {
        quotaBook: database.repositories.quotas,
        healthStore: database.repositories.providerHealth,
        limits: { 'google.requests_per_minute': limit },
        accounts: providers.sharedAccounts,
        metrics,
        logger: { warn: () => {}, info: () => {} },
        process: 'worker',
      },
    ).calendarChanges;
    return (reads?: string, account: Partial<ConnectedAccount> = { id: `conn_${limit}` }) =>
      google?.listChanges(
        { ...caldavAccount('http://google.test'), ...account },
        'primary',
        { kind: 'all', since: '2026-11-01T00:00:00.000Z', page: reads },
        callContext(),
        nothingStored,
      );
  };

  it('counts each request that a page of changes makes', async () => {
    const list = setUpChanges(60);
    expect(await list('40')).toEqual(page);
    await expect(list('40')).rejects.toMatchObject({ fault: { kind: 'retry_after' } });
    expect(await list()).toEqual(page);
  });

  it('is that of the account, whichever connection uses it', async () => {
    const list = setUpChanges(60);
    const accountReference = 'key-1:reference';
    expect(await list('40', { id: 'conn_a', organization: 'org_a', accountReference })).toEqual(page);
    await expect(list('40', { id: 'conn_b', organization: 'org_b', accountReference })).rejects.toMatchObject(
      { fault: { kind: 'retry_after' }, connection: 'conn_b' },
    );
    expect(
      await list('40', { id: 'conn_c', organization: 'org_b', accountReference: 'key-1:other' }),
    ).toEqual(page);
  });

  it('permits a page that needs more requests than the limit', async () => {
    expect(await setUpChanges(9)('40')).toEqual(page);
  });
});
