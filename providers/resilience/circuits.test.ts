import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { operationOf } from '../operations.ts';
import { failuresToOpen, openDurationsMs, trialMs } from './circuit.ts';
import { type CircuitChange, createCircuits } from './circuits.ts';

const createMeeting = operationOf('zoom', 'meetings.create');
const putEvent = operationOf('google', 'calendar.putEvent');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 25, 9) });
});
afterEach(() => {
  vi.useRealTimers();
});

const call = { signal: new AbortController().signal, correlationId: 'c' };
const outage: ProviderFault = { kind: 'outage', effect: 'none' };

const setup = () => {
  const changes: CircuitChange[] = [];
  const circuits = createCircuits(
    (change) => changes.push(change),
    () => 0,
  );
  let made = 0;
  const attempt = async (connection: ConnectionId | undefined, fault?: ProviderFault, status = 503) => {
    const operation = connection ? putEvent : createMeeting;
    const perform = async () => {
      made += 1;
      if (!fault) return 'done';
      throw new ProviderError(operation.provider, operation.name, fault, { status, message: 'no' });
    };
    return circuits.run(operation, connection, call, perform).catch((error: unknown) => error);
  };
  const fails = async (connection: ConnectionId | undefined, times = failuresToOpen, fault = outage) => {
    for (let n = 0; n < times; n += 1) await attempt(connection, fault);
  };
  return { circuits, attempt, fails, changes, made: () => made };
};

const heldBack = (delayMs: number) =>
  expect.objectContaining({ fault: { kind: 'outage', effect: 'none', circuit: 'open', delayMs } });
const passes = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe('a circuit', () => {
  it('opens after consecutive failures only', async () => {
    const { attempt, fails, made } = setup();
    await fails(undefined, failuresToOpen - 1);
    await attempt(undefined);
    await fails(undefined, failuresToOpen - 1);
    expect(await attempt(undefined)).toBe('done');
    await fails(undefined);
    expect(await attempt(undefined)).toEqual(heldBack(openDurationsMs[0] ?? 0));
    expect(made()).toBe(3 * failuresToOpen);
  });

  it('stays open longer after each failed trial call', async () => {
    const { attempt, fails } = setup();
    await fails(undefined);
    for (const ms of [...openDurationsMs, openDurationsMs.at(-1) ?? 0]) {
      expect(await attempt(undefined)).toEqual(heldBack(ms));
      passes(ms);
      expect(await attempt(undefined, outage)).toMatchObject({ fault: outage });
    }
    passes(openDurationsMs.at(-1) ?? 0);
    await attempt(undefined);
    await fails(undefined);
    expect(await attempt(undefined)).toEqual(heldBack(openDurationsMs[0] ?? 0));
  });

  it('stays open for the delay that the provider named', async () => {
    const { attempt, fails } = setup();
    await fails(undefined, failuresToOpen, { kind: 'outage', effect: 'none', delayMs: 120_000 });
    expect(await attempt(undefined)).toEqual(heldBack(120_000));
  });

  it('ignores a cancelled call', async () => {
    const { attempt, fails, made } = setup();
    const off = new AbortController();
    off.abort(new Error('called off'));
    const calledOff = new ProviderError(
      'zoom',
      'meetings.create',
      { kind: 'retry', effect: 'unknown' },
      { message: '' },
    );
    expect(made()).toBe(0);
    await fails(undefined);
    passes(openDurationsMs[0] ?? 0);
    const circuits = createCircuits(() => {});
    for (let n = 0; n < 2 * failuresToOpen; n += 1) {
      await circuits
        .run(createMeeting, undefined, { ...call, signal: off.signal }, () => Promise.reject(calledOff))
        .catch(() => undefined);
    }
    expect(await circuits.run(createMeeting, undefined, call, async () => 'done')).toBe('done');
    expect(await attempt(undefined)).toBe('done');
  });

  it('stays open for the same time after a cancelled trial call', async () => {
    const { attempt, fails, circuits } = setup();
    await fails(undefined);
    passes(openDurationsMs[0] ?? 0);
    await circuits
      .run(createMeeting, undefined, call, () => Promise.reject(new Error('no database')))
      .catch(() => undefined);
    const rejected = await attempt(undefined);
    expect(rejected).toEqual(heldBack(openDurationsMs[0] ?? 0));
    expect(rejected).toMatchObject({ message: expect.stringContaining('last with outage (503)') });
  });

  it.each<[ProviderFault, number]>([
    [{ kind: 'retry_after', delayMs: 1 }, 429],
    [{ kind: 'retry', effect: 'none' }, 429],
    [{ kind: 'retry', effect: 'none' }, 450],
    [{ kind: 'quota_exhausted', untilMs: 0 }, 429],
    [{ kind: 'reconnect' }, 401],
    [{ kind: 'not_found' }, 404],
    [{ kind: 'conflict' }, 409],
    [{ kind: 'rejected_input' }, 400],
    [{ kind: 'not_permitted' }, 403],
    [{ kind: 'misconfigured' }, 401],
  ])('is not opened by an answer of a healthy provider: %o', async (fault, status) => {
    const { attempt, made } = setup();
    for (let n = 0; n < 3 * failuresToOpen; n += 1) await attempt(undefined, fault, status);
    expect(made()).toBe(3 * failuresToOpen);
  });

  it('is closed by any answer of a healthy provider, also an error', async () => {
    const { attempt, fails } = setup();
    await fails(undefined);
    passes(openDurationsMs[0] ?? 0);
    await attempt(undefined, { kind: 'not_found' }, 404);
    expect(await attempt(undefined)).toBe('done');
  });

  it('reports each change of state', async () => {
    const { attempt, fails, changes } = setup();
    await fails(undefined);
    passes(openDurationsMs[0] ?? 0);
    await attempt(undefined);
    expect(changes.map(({ state, connection }) => [state, connection])).toEqual([
      ['open', undefined],
      ['half_open', undefined],
      ['closed', undefined],
    ]);
    expect(changes[0]?.open).toEqual({
      untilMs: Date.UTC(2026, 10, 25, 9) + (openDurationsMs[0] ?? 0),
      lastFailure: 'outage (503)',
    });
  });
});

it('a circuit allows a call exactly at the reported time', async () => {
  const circuits = createCircuits(
    () => {},
    () => {
      passes(7);
      return 0;
    },
  );
  const create = (perform: () => Promise<string>) =>
    circuits.run(createMeeting, undefined, call, perform).catch((error: unknown) => error);
  const error = new ProviderError('zoom', 'meetings.create', outage, { message: 'no' });
  for (let n = 0; n < failuresToOpen; n += 1) await create(() => Promise.reject(error));
  expect(await create(async () => 'done')).toEqual(heldBack(openDurationsMs[0] ?? 0));
  passes(openDurationsMs[0] ?? 0);
  expect(await create(async () => 'done')).toBe('done');
});

describe('a failing calendar account', () => {
  it('is blocked alone, however often it fails', async () => {
    const { attempt, fails, changes } = setup();
    await fails('conn_ill', 3 * failuresToOpen);
    expect(await attempt('conn_ill')).toEqual(heldBack(openDurationsMs[0] ?? 0));
    expect(await attempt('conn_ill')).toMatchObject({
      message: expect.stringContaining('this account at google.calendar_writes'),
    });
    expect(await attempt('conn_well')).toBe('done');
    expect(changes).toMatchObject([{ provider: 'google', connection: 'conn_ill', state: 'open' }]);
    passes(openDurationsMs[0] ?? 0);
    expect(await attempt('conn_ill')).toBe('done');
    expect(changes.at(-1)).toMatchObject({ connection: 'conn_ill', state: 'closed' });
  });

  it('no longer counts against Google after a long time without calls', async () => {
    const { attempt, fails, changes } = setup();
    await fails('conn_gone');
    passes(15 * 60_000);
    await fails('conn_ill', 1);
    expect(changes.at(-1)).toMatchObject({ connection: 'conn_gone', state: 'closed' });
    await fails('conn_ill');
    expect(await attempt('conn_well')).toBe('done');
  });

  it('opens the circuit of Google together with other failing accounts', async () => {
    const { attempt, fails, changes } = setup();
    for (const id of ['conn_1', 'conn_2', 'conn_3'] as const) await fails(id, 2);
    expect(await attempt('conn_4')).toBe('done');
    for (const id of ['conn_1', 'conn_2', 'conn_3'] as const) await fails(id, 2);
    expect(await attempt('conn_4')).toEqual(heldBack(openDurationsMs[0] ?? 0));
    expect(changes).toMatchObject([{ connection: undefined, state: 'open' }]);
  });
});

const setUpZoom = () => {
  const circuits = createCircuits(
    () => {},
    () => 0,
  );
  const attempt = (connection: ConnectionId | undefined, fault?: ProviderFault) =>
    circuits
      .run(createMeeting, connection, call, async () => {
        if (!fault) return 'done';
        throw new ProviderError('zoom', 'meetings.create', fault, { status: 503, message: 'no' });
      })
      .catch((error: unknown) => error);
  const fails = async (connection: ConnectionId | undefined, times = failuresToOpen) => {
    for (let n = 0; n < times; n += 1) await attempt(connection, outage);
  };
  return { attempt, fails };
};

describe('a circuit that calls with and without a connection share', () => {
  it('opens by failures of a service host after a first call with a connection', async () => {
    const { attempt, fails } = setUpZoom();
    await attempt('conn_host');
    await fails(undefined);
    expect(await attempt(undefined)).toEqual(heldBack(openDurationsMs[0] ?? 0));
  });

  it('is not opened by one failing connection after a first call of a service host', async () => {
    const { attempt, fails } = setUpZoom();
    await attempt(undefined);
    await fails('conn_ill');
    expect(await attempt('conn_ill')).toEqual(heldBack(openDurationsMs[0] ?? 0));
    expect(await attempt(undefined)).toBe('done');
  });

  it('stays open when its trial call fails with a connection', async () => {
    const { attempt, fails } = setUpZoom();
    await fails(undefined);
    passes(openDurationsMs[0] ?? 0);
    expect(await attempt('conn_host', outage)).toMatchObject({ fault: outage });
    expect(await attempt(undefined)).toEqual(heldBack(openDurationsMs[1] ?? 0));
  });
});

it('a second call waits during a trial call', async () => {
  const circuits = createCircuits(
    () => {},
    () => 0,
  );
  const error = new ProviderError('zoom', 'meetings.create', outage, { message: 'no' });
  for (let n = 0; n < failuresToOpen; n += 1) {
    await circuits.run(createMeeting, undefined, call, () => Promise.reject(error)).catch(() => undefined);
  }
  passes(openDurationsMs[0] ?? 0);
  const trial = Promise.withResolvers<string>();
  const first = circuits.run(createMeeting, undefined, call, () => trial.promise);
  await expect(circuits.run(createMeeting, undefined, call, async () => 'second')).rejects.toEqual(
    heldBack(trialMs),
  );
  trial.resolve('first');
  expect(await first).toBe('first');
  expect(await circuits.run(createMeeting, undefined, call, async () => 'second')).toBe('second');
});

describe('the circuit of the meetings of a vendor', () => {
  const createTeams = operationOf('microsoft', 'meetings.create');
  const putOutlook = operationOf('microsoft', 'calendar.putEvent');

  const run = (circuits: ReturnType<typeof createCircuits>, connection: ConnectionId) => {
    const attempt = (operation: typeof createTeams, perform: () => Promise<string>) =>
      circuits.run(operation, connection, call, perform).catch((error: unknown) => error);
    const fails = (operation: typeof createTeams) =>
      attempt(operation, async () => {
        throw new ProviderError(operation.provider, operation.name, outage, { status: 503, message: 'no' });
      });
    return { attempt, fails };
  };

  it('opens without stopping the calendars, and the other way round', async () => {
    for (const [down, up] of [
      [createTeams, putOutlook],
      [putOutlook, createTeams],
    ] as const) {
      const { circuits, changes } = setup();
      const accounts = [run(circuits, 'conn_a'), run(circuits, 'conn_b')];
      for (const { fails } of accounts) {
        for (let n = 0; n < failuresToOpen; n += 1) await fails(down);
      }
      for (const { attempt } of accounts) {
        expect(await attempt(down, async () => 'done')).toEqual(heldBack(openDurationsMs[0] ?? 0));
        expect(await attempt(up, async () => 'done')).toBe('done');
      }
      const group = down === createTeams ? 'meetings' : 'calendar_writes';
      expect(changes).not.toEqual([]);
      expect(changes.every((change) => change.group === group)).toBe(true);
    }
  });
});

describe('the circuit of writes to the calendars of a vendor', () => {
  it.each(['google', 'microsoft', 'apple'] as const)(
    'opens for an outage of %s’s writes without stopping its free/busy times',
    async (provider) => {
      const { circuits } = setup();
      const [write, remove, read] = [
        operationOf(provider, 'calendar.putEvent'),
        operationOf(provider, 'calendar.deleteEvent'),
        operationOf(provider, 'calendar.freeBusy'),
      ];
      const attempt = (operation: typeof write, connection: ConnectionId, isDown = false) =>
        circuits
          .run(operation, connection, call, async () => {
            if (!isDown) return 'done';
            throw new ProviderError(provider, operation.name, outage, { status: 503, message: 'no' });
          })
          .catch((error: unknown) => error);
      for (const connection of ['conn_a', 'conn_b'] as const)
        for (let n = 0; n < failuresToOpen; n += 1) {
          await attempt(write, connection, true);
          expect(await attempt(read, connection)).toBe('done');
        }
      expect(await attempt(remove, 'conn_c')).toEqual(heldBack(openDurationsMs[0] ?? 0));
      expect(await attempt(read, 'conn_c')).toBe('done');
    },
  );
});
