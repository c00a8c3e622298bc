import { describe, expect, it } from 'vitest';
import type { QuotaClaim, QuotaStore } from '../../domain/providers/quota-store.ts';
import { type CallOperation, operationOf } from '../operations.ts';
import { createQuotaGuard } from './quota-guard.ts';
import { quotasWith } from './quotas.ts';
import type { QuotaUsage } from './rate-limiter.ts';

const createMeeting = operationOf('zoom', 'meetings.create');
const moveMeeting = operationOf('zoom', 'meetings.move');
const findMeetings = operationOf('zoom', 'meetings.find');
const freeBusy = operationOf('google', 'calendar.freeBusy');
const putEvent = operationOf('google', 'calendar.putEvent');
const deleteEvent = operationOf('google', 'calendar.deleteEvent');
const sendTextMessage = operationOf('twilio', 'textMessages.send');

const minute = 60_000;
const begun = Date.UTC(2026, 10, 25, 9);

/** A quota store in memory that counts its statements. The real store is tested in db/providers/quotas.integration.test.ts. */
const setup = (
  limits = { 'zoom.meeting_writes_per_day': 100, 'google.requests_per_minute': 600 },
  leasePausesMs: readonly number[] = [],
) => {
  let now = begun;
  const used = new Map<number, number>();
  const statements: QuotaClaim[] = [];
  const closed = new Map<string, number>();
  let readings = 0;
  const places = new Set<string>();
  const store: QuotaStore = {
    nameOf: async (account) => account,
    reserve: async (claim) => {
      statements.push(claim);
      const { startMs, endMs } = claim.window;
      const soFar = used.get(startMs) ?? 0;
      const before = used.get(startMs - (endMs - startMs)) ?? 0;
      if (soFar + claim.count + Math.ceil(before * claim.previousWindowWeight) > claim.limit) {
        return { kind: 'refused', by: 'limit', used: soFar, before };
      }
      used.set(startMs, soFar + claim.count);
      return { kind: 'granted', used: soFar + claim.count };
    },
    returnUnused: async (_user, { startMs }, count) => {
      used.set(startMs, (used.get(startMs) ?? 0) - count);
    },
    markExhausted: async (provider, account, untilMs) => {
      closed.set(`${provider} ${account}`, untilMs);
    },
    listExhausted: async () => {
      readings += 1;
      return [...closed].map(([key, untilMs]) => {
        const [provider = '', account = ''] = key.split(' ');
        return { provider, account, untilMs };
      });
    },
    acquireLease: async ({ account }, count) => {
      if (places.size >= count) return undefined;
      const id = `${account} ${places.size}`;
      places.add(id);
      return { id, turn: '1' };
    },
    releaseLease: async ({ id }) => {
      places.delete(id);
    },
  };
  const uses: QuotaUsage[] = [];
  const guard = createQuotaGuard({
    store,
    quotas: quotasWith(limits),
    onUse: (use) => uses.push(use),
    now: () => now,
    leasePausesMs,
  });
  return {
    guard,
    admit: (operation: CallOperation, account = 'conn_1') =>
      guard.acquire(operation, { account, organization: 'org_1' }),
    statements,
    uses,
    readings: () => readings,
    /** Per window, in the order of first use. */
    usedIn: () => [...used.values()],
    used: () => [...used.values()].reduce((sum, count) => sum + count, 0),
    passes: (ms: number) => {
      now += ms;
    },
  };
};

describe('requests a minute', () => {
  it('are reserved in growing chunks, so that most calls need no statement', async () => {
    const { admit, statements } = setup();
    for (let n = 0; n < 100; n += 1) await admit(freeBusy);
    expect(statements.map(({ count }) => count)).toEqual([1, 2, 4, 8, 16, 20, 20, 20, 20]);
  });

  it('are reserved in the same number of chunks when they are simultaneous', async () => {
    const { admit, used } = setup();
    await Promise.all(Array.from({ length: 40 }, () => admit(freeBusy)));
    expect(used()).toBe(1 + 2 + 4 + 8 + 16 + 20);
  });

  it('are granted exactly up to the limit', async () => {
    const { admit, used } = setup();
    for (let n = 0; n < 600; n += 1) await admit(freeBusy);
    expect(used()).toBe(600);
    await expect(admit(freeBusy)).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: expect.any(Number) },
      message: expect.stringContaining('not called: 600 requests a minute and calendar account are used up'),
    });
  });

  it('include the weighted use of the previous minute', async () => {
    const { admit, passes } = setup();
    for (let n = 0; n < 600; n += 1) await admit(freeBusy);
    passes(minute);
    await expect(admit(freeBusy)).rejects.toMatchObject({ fault: { kind: 'retry_after' } });
    passes(minute / 2);
    for (let n = 0; n < 300; n += 1) await admit(freeBusy);
    await expect(admit(freeBusy)).rejects.toMatchObject({ fault: { kind: 'retry_after' } });
  });

  it('are counted per account', async () => {
    const { admit, statements } = setup();
    await admit(freeBusy, 'conn_1');
    await admit(freeBusy, 'conn_2');
    expect(statements.map(({ account }) => account)).toEqual(['conn_1', 'conn_2']);
  });

  it('are not counted without a limit', async () => {
    const { admit, statements } = setup({
      'zoom.meeting_writes_per_day': 0,
      'google.requests_per_minute': 0,
    });
    await admit(freeBusy);
    await admit(createMeeting);
    expect(statements).toEqual([]);
  });
});

describe('quota use', () => {
  it('is reported, with one warning when most is used', async () => {
    const { admit, uses } = setup({ 'zoom.meeting_writes_per_day': 10, 'google.requests_per_minute': 600 });
    for (let n = 0; n < 10; n += 1) await admit(createMeeting);
    expect(uses.map(({ used }) => used)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(uses.filter(({ crossesWarningRatio }) => crossesWarningRatio).map(({ used }) => used)).toEqual([
      8,
    ]);
  });

  it('is refunded for a call that was not counted', async () => {
    const { admit, used } = setup();
    const permit = await admit(createMeeting);
    await permit.refund();
    expect(used()).toBe(0);
  });

  it.each([
    ['Zoom’s day', createMeeting],
    ['Google’s minute', freeBusy],
  ])('is refunded to its own window, also after its end: %s', async (_what, operation) => {
    const { admit, usedIn, passes } = setup();
    passes(15 * 60 * minute - 1);
    const permit = await admit(operation);
    passes(1);
    await admit(operation);
    await permit.refund();
    expect(usedIn()).toEqual([0, 1]);
  });
});

describe('an account that the vendor reported as exhausted', () => {
  const drawn = { account: 'host', organization: 'org_1' };

  it('is not called for the rejected operations until the end of the quota window', async () => {
    const { guard, admit, passes } = setup();
    await guard.markExhausted(createMeeting, drawn, begun + 10 * minute);
    await expect(admit(moveMeeting, 'host')).rejects.toMatchObject({
      fault: { kind: 'quota_exhausted', untilMs: begun + 10 * minute },
    });
    await admit(findMeetings, 'host');
    await admit(createMeeting, 'another host');
    passes(10 * minute);
    await admit(createMeeting, 'host');
  });

  it('is called for the other operations of a vendor without a daily quota', async () => {
    const { guard, admit } = setup();
    const connection = { account: 'conn_1', organization: 'org_1' };
    await guard.markExhausted(putEvent, connection, begun + 60 * minute);
    await expect(admit(putEvent, 'conn_1')).rejects.toMatchObject({ fault: { kind: 'quota_exhausted' } });
    await admit(freeBusy, 'conn_1');
    await admit(deleteEvent, 'conn_1');
    await admit(putEvent, 'conn_2');
  });

  it('is read from the store at intervals, not with each call', async () => {
    const { admit, readings, passes } = setup();
    for (let n = 0; n < 50; n += 1) await admit(sendTextMessage);
    expect(readings()).toBe(1);
    passes(5_000);
    await admit(sendTextMessage);
    expect(readings()).toBe(2);
  });
});

describe('simultaneous requests', () => {
  const readMailbox: CallOperation = {
    provider: 'microsoft',
    name: 'calendar.freeBusy',
    writes: false,
    group: 'calendar_reads',
    quota: { name: 'microsoft.mailbox_concurrency', requests: 1 },
  };

  it('are limited per mailbox, and the next one starts when one ends', async () => {
    const { admit } = setup();
    const [first] = await Promise.all(Array.from({ length: 4 }, () => admit(readMailbox)));
    await expect(admit(readMailbox)).rejects.toMatchObject({ fault: { kind: 'retry_after' } });
    await first?.release();
    await admit(readMailbox);
  });

  it('wait for one another for a few seconds', async () => {
    const { admit } = setup(undefined, [1, 1, 1_000]);
    const [first] = await Promise.all(Array.from({ length: 4 }, () => admit(readMailbox)));
    const next = admit(readMailbox);
    await first?.release();
    await expect(next).resolves.toBeDefined();
  });

  it('do not wait after their signal is aborted', async () => {
    const { guard, admit } = setup(undefined, [60_000]);
    await Promise.all(Array.from({ length: 4 }, () => admit(readMailbox)));
    const subject = { account: 'conn_1', organization: 'org_1' };
    await expect(guard.acquire(readMailbox, subject, AbortSignal.abort())).rejects.toMatchObject({
      fault: { kind: 'retry_after' },
    });
  });
});
