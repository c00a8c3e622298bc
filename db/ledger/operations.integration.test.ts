import { describe, expect, test } from 'vitest';
import { operation, otherOutcome, outcome, undoOperation, useLedger } from '../../tests/harness/ledger.ts';
import { KeyReused } from '../errors.ts';

const { ledger, begin, leaseRunsOut, crashedAttempt, releasedAttempt } = useLedger();

describe('ledger attempt', () => {
  test('is the first when no attempt was made before', async () => {
    expect(await ledger().begin(operation('first'))).toEqual({ kind: 'first', attempt: 1 });
  });

  test('is granted to one of many simultaneous callers while the others wait for its lease', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => ledger().begin(operation('crowd'))));

    expect(begun.filter(({ kind }) => kind === 'first')).toHaveLength(1);
    const busy = begun.filter((answer) => answer.kind === 'busy');
    expect(busy).toHaveLength(19);
    for (const { remainingMs } of busy) {
      expect(remainingMs).toBeGreaterThan(50_000);
      expect(remainingMs).toBeLessThanOrEqual(60_000);
    }
  });

  test('returns its result to all later attempts after it completes', async () => {
    await begin('done');
    await ledger().complete('done', outcome);

    const done = { kind: 'done', result: outcome.result, surplus: [] };
    expect(await ledger().begin(operation('done'))).toEqual(done);
  });

  test('returns the corrected result after a person has changed the effect at the provider', async () => {
    await begin('corrected');
    await ledger().complete('corrected', { providerId: 'm-1', result: { id: 'm-1', joinUrl: 'old' } });
    await ledger().correctResult('corrected', { providerId: 'm-2', change: { joinUrl: 'of another' } });
    const correction = { providerId: 'm-1', change: { joinUrl: 'new', dialIn: '+33' } };
    await ledger().correctResult('corrected', correction);
    await ledger().correctResult('corrected', correction);

    const result = { id: 'm-1', joinUrl: 'new', dialIn: '+33' };
    expect(await ledger().begin(operation('corrected'))).toMatchObject({ kind: 'done', result });
  });

  test('keeps a missing result and an effect that is being undone as they are', async () => {
    await begin('without');
    await ledger().complete('without', { providerId: 'm-1', result: undefined });
    await ledger().correctResult('without', { providerId: 'm-1', change: { joinUrl: 'new' } });
    expect(await ledger().begin(operation('without'))).toMatchObject({ kind: 'done', result: null });

    await begin('undone');
    await ledger().complete('undone', outcome);
    await ledger().beginUndo(undoOperation('undone'));
    await ledger().correctResult('undone', { providerId: outcome.providerId, change: { joinUrl: 'new' } });
    expect(await ledger().beginUndo(undoOperation('undone'))).toMatchObject({ effect: outcome });
  });

  test('can complete without a result', async () => {
    await begin('empty');
    await ledger().complete('empty', { providerId: 'm-1', result: undefined });

    expect(await ledger().begin(operation('empty'))).toMatchObject({ kind: 'done', result: null });
  });

  test('counts as not made when it ended without effect', async () => {
    await releasedAttempt('none', 'none');

    expect(await ledger().begin(operation('none'))).toEqual({ kind: 'first', attempt: 2 });
  });

  test.each([false, true])(
    'makes the next attempt ask the provider after an unknown end (handed over: %s)',
    async (handedOver) => {
      const key = `unknown-${handedOver}`;
      const before = Date.now();
      await releasedAttempt(key, 'unknown', { handedOver });

      const begun = await ledger().begin(operation(key));

      expect(begun).toMatchObject({ kind: 'again', doubt: { handedOver, abandonedForMs: undefined } });
      if (begun.kind !== 'again') throw new Error('not again');
      expect(Math.abs(Date.parse(begun.doubt.startedAt) - before)).toBeLessThan(10_000);
    },
  );

  test.each([false, true])(
    'makes the next attempt ask the provider after a crash (handed over: %s)',
    async (handedOver) => {
      const key = `crashed-${handedOver}`;
      await crashedAttempt(key, { handedOver });

      expect(await ledger().begin(operation(key))).toMatchObject({ kind: 'again', doubt: { handedOver } });
    },
  );

  test('keeps the doubt of an earlier attempt when it has no effect itself', async () => {
    await crashedAttempt('doubt', { handedOver: false });
    await releasedAttempt('doubt', 'none');

    expect(await ledger().begin(operation('doubt'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: false },
    });
  });

  test('still counts an earlier hand-over as a possible effect', async () => {
    await crashedAttempt('handed', { handedOver: true });
    await releasedAttempt('handed', 'none', { handedOver: false });

    expect(await ledger().begin(operation('handed'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: true },
    });
  });

  test('reports the start of the earliest attempt in doubt', async () => {
    await crashedAttempt('earliest', { handedOver: false });
    const second = await ledger().begin(operation('earliest', 0));
    const third = await ledger().begin(operation('earliest'));

    if (second.kind !== 'again' || third.kind !== 'again') throw new Error('not again');
    expect(third.doubt.startedAt).toBe(second.doubt.startedAt);
  });

  test('is refused with another request under the same key, in every state', async () => {
    const other = { ...operation('reused'), requestHash: 'h2' };
    const attempt = await begin('reused');
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);

    await ledger().release('reused', attempt, 'none');
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);

    await begin('reused');
    await ledger().complete('reused', outcome);
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);
  });

  test("is refused for another organization's operation", async () => {
    await begin('tenant');
    await ledger().complete('tenant', outcome);

    const foreign = { ...operation('tenant'), organization: 'org_south' } as const;
    await expect(ledger().begin(foreign)).rejects.toThrow(KeyReused);
    await expect(ledger().beginUndo(foreign)).rejects.toThrow(KeyReused);
  });

  test('cannot hand over or complete an operation that has not begun', async () => {
    await expect(ledger().handOver('never', 1)).rejects.toThrow("'never' has not begun");
    await expect(ledger().complete('never', outcome)).rejects.toThrow("'never' has not begun");
  });
});

describe('ledger call with an unknown end', () => {
  test.each([
    ['abandoned before the end of its lease', () => releasedAttempt('given-up', 'open'), 'given-up', -60_000],
    ['of a worker that died', () => crashedAttempt('died', { handedOver: true }), 'died', 0],
  ])('%s is dated from the end of its lease', async (_what, attempt, key, aboutMs) => {
    await attempt();

    const begun = await ledger().begin(operation(key));

    if (begun.kind !== 'again') throw new Error('not again');
    expect(begun.doubt.abandonedForMs).toBeGreaterThanOrEqual(aboutMs);
    expect(begun.doubt.abandonedForMs).toBeLessThan(aboutMs + 5_000);
  });

  test('stays uncertain after an attempt that only searched at the provider', async () => {
    await releasedAttempt('looked', 'open');
    await releasedAttempt('looked', 'none', { handedOver: false });

    expect(await ledger().begin(operation('looked'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: true, abandonedForMs: expect.any(Number) },
    });
  });

  test('is not assumed when the worker died before the hand-over', async () => {
    await crashedAttempt('early-death', { handedOver: false });

    expect(await ledger().begin(operation('early-death'))).toMatchObject({
      doubt: { handedOver: false, abandonedForMs: undefined },
    });
  });
});

describe('ledger operation that waits for an operator', () => {
  test('names the execution that asked until another call is handed over', async () => {
    await crashedAttempt('asked', { handedOver: true });
    await ledger().markOperatorAsked('asked', await begin('asked'), 'run/1');

    const begun = await ledger().begin(operation('asked'));
    expect(begun).toMatchObject({ kind: 'again', doubt: { askedBy: 'run/1' } });
    if (begun.kind !== 'again') throw new Error('not again');
    await ledger().handOver('asked', begun.attempt);
    await leaseRunsOut('asked');

    expect(await ledger().begin(operation('asked'))).toMatchObject({ doubt: { askedBy: undefined } });
  });
});

const overlapping = async (key: string) => {
  const first = await begin(key);
  await leaseRunsOut(key);
  const second = await begin(key);
  return { first, second };
};

describe('overlapping ledger attempts', () => {
  test('refuse the hand-over of the earlier attempt', async () => {
    const { first, second } = await overlapping('late-hand-over');

    await expect(ledger().handOver('late-hand-over', first)).rejects.toMatchObject({
      name: 'Overtaken',
      by: 'another_attempt',
    });
    await expect(ledger().handOver('late-hand-over', second)).resolves.toBeUndefined();
  });

  test('keep the lease of the later attempt when the earlier one releases', async () => {
    const { first, second } = await overlapping('late-release');
    await ledger().handOver('late-release', second);
    await ledger().release('late-release', first, 'none');
    await ledger().markOperatorAsked('late-release', first, 'run/1');

    expect(await ledger().begin(operation('late-release'))).toMatchObject({ kind: 'busy' });
  });

  test('keep the first recorded effect, and the other effect as surplus until it is removed', async () => {
    await overlapping('both');
    await ledger().complete('both', outcome);

    await expect(ledger().complete('both', otherOutcome)).rejects.toMatchObject({ by: 'another_attempt' });

    const done = { kind: 'done', result: outcome.result };
    expect(await ledger().begin(operation('both'))).toEqual({ ...done, surplus: [otherOutcome] });
    await ledger().recordSurplusRemoved('both', otherOutcome.providerId);
    expect(await ledger().begin(operation('both'))).toEqual({ ...done, surplus: [] });
  });

  test('can both record the same effect', async () => {
    await overlapping('same');
    await ledger().complete('same', outcome);
    await ledger().complete('same', outcome);

    expect(await ledger().begin(operation('same'))).toMatchObject({ kind: 'done', surplus: [] });
  });

  test('record one effect, and the other effects that were found as surplus', async () => {
    await overlapping('several');
    await ledger().complete('several', outcome, [otherOutcome]);

    expect(await ledger().begin(operation('several'))).toMatchObject({
      kind: 'done',
      surplus: [otherOutcome],
    });
  });

  test('refuse the hand-over after the lease expired, even without another attempt', async () => {
    const attempt = await begin('out-of-time');
    await leaseRunsOut('out-of-time');

    await expect(ledger().handOver('out-of-time', attempt)).rejects.toMatchObject({ by: 'time' });
  });

  test('refuse the hand-over of a completed operation', async () => {
    const { second } = await overlapping('slow');
    await ledger().complete('slow', outcome);

    await expect(ledger().handOver('slow', second)).rejects.toMatchObject({ by: 'another_attempt' });
  });
});
