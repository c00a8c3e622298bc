import { describe, expect, test } from 'vitest';
import { operation, otherOutcome, outcome, useLedger } from '../../tests/harness/ledger.ts';
import { KeyReused } from '../errors.ts';

const { ledger, begin, leaseRunsOut, crashedAttempt, releasedAttempt } = useLedger();

describe('an attempt', () => {
  test('is the first where nobody has tried', async () => {
    expect(await ledger().begin(operation('first'))).toEqual({ kind: 'first', attempt: 1 });
  });

  test('is the first for exactly one of many that begin at once, the others wait for its lease', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => ledger().begin(operation('crowd'))));

    expect(begun.filter(({ kind }) => kind === 'first')).toHaveLength(1);
    const busy = begun.filter((answer) => answer.kind === 'busy');
    expect(busy).toHaveLength(19);
    for (const { remainingMs } of busy) {
      expect(remainingMs).toBeGreaterThan(50_000);
      expect(remainingMs).toBeLessThanOrEqual(60_000);
    }
  });

  test('that completed is done for all later ones, with its result', async () => {
    await begin('done');
    await ledger().complete('done', outcome);

    const done = { kind: 'done', result: outcome.result, surplus: [] };
    expect(await ledger().begin(operation('done'))).toEqual(done);
  });

  test('may complete without a result', async () => {
    await begin('empty');
    await ledger().complete('empty', { providerId: 'm-1', result: undefined });

    expect(await ledger().begin(operation('empty'))).toMatchObject({ kind: 'done', result: null });
  });

  test('that ended without effect leaves the next one to be the first', async () => {
    await releasedAttempt('none', 'none');

    expect(await ledger().begin(operation('none'))).toEqual({ kind: 'first', attempt: 2 });
  });

  test.each([false, true])(
    'that ended unknown makes the next one ask the provider (handed over: %s)',
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
    'that crashed makes the next one ask the provider (handed over: %s)',
    async (handedOver) => {
      const key = `crashed-${handedOver}`;
      await crashedAttempt(key, { handedOver });

      expect(await ledger().begin(operation(key))).toMatchObject({ kind: 'again', doubt: { handedOver } });
    },
  );

  test('that had no effect does not clear the doubt an earlier one left', async () => {
    await crashedAttempt('doubt', { handedOver: false });
    await releasedAttempt('doubt', 'none');

    expect(await ledger().begin(operation('doubt'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: false },
    });
  });

  test('does not forget that an earlier one had handed over', async () => {
    await crashedAttempt('handed', { handedOver: true });
    await releasedAttempt('handed', 'none', { handedOver: false });

    expect(await ledger().begin(operation('handed'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: true },
    });
  });

  test('says when the earliest attempt in doubt began', async () => {
    await crashedAttempt('earliest', { handedOver: false });
    const second = await ledger().begin(operation('earliest', 0));
    const third = await ledger().begin(operation('earliest'));

    if (second.kind !== 'again' || third.kind !== 'again') throw new Error('not again');
    expect(third.doubt.startedAt).toBe(second.doubt.startedAt);
  });

  test('with another request under the same key is refused, in every state', async () => {
    const other = { ...operation('reused'), requestHash: 'h2' };
    const attempt = await begin('reused');
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);

    await ledger().release('reused', attempt, 'none');
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);

    await begin('reused');
    await ledger().complete('reused', outcome);
    await expect(ledger().begin(other)).rejects.toThrow(KeyReused);
  });

  test("does not see another organization's operation", async () => {
    await begin('tenant');
    await ledger().complete('tenant', outcome);

    const foreign = { ...operation('tenant'), organization: 'org_south' } as const;
    await expect(ledger().begin(foreign)).rejects.toThrow(KeyReused);
    await expect(ledger().beginUndo(foreign)).rejects.toThrow(KeyReused);
  });

  test('cannot hand over or complete what has not begun', async () => {
    await expect(ledger().handOver('never', 1)).rejects.toThrow("'never' has not begun");
    await expect(ledger().complete('never', outcome)).rejects.toThrow("'never' has not begun");
  });
});

describe('a call that nobody saw end', () => {
  test.each([
    ['given up while its lease still ran', () => releasedAttempt('given-up', 'open'), 'given-up', -60_000],
    ['of a worker that died', () => crashedAttempt('died', { handedOver: true }), 'died', 0],
  ])('%s counts from the end of its lease', async (_what, attempt, key, aboutMs) => {
    await attempt();

    const begun = await ledger().begin(operation(key));

    if (begun.kind !== 'again') throw new Error('not again');
    expect(begun.doubt.abandonedForMs).toBeGreaterThanOrEqual(aboutMs);
    expect(begun.doubt.abandonedForMs).toBeLessThan(aboutMs + 5_000);
  });

  test('is still remembered after an attempt that only looked', async () => {
    await releasedAttempt('looked', 'open');
    await releasedAttempt('looked', 'none', { handedOver: false });

    expect(await ledger().begin(operation('looked'))).toMatchObject({
      kind: 'again',
      doubt: { handedOver: true, abandonedForMs: expect.any(Number) },
    });
  });

  test('never was, where the worker died before it handed over', async () => {
    await crashedAttempt('early-death', { handedOver: false });

    expect(await ledger().begin(operation('early-death'))).toMatchObject({
      doubt: { handedOver: false, abandonedForMs: undefined },
    });
  });
});

describe('a doubt that was put before a person', () => {
  test('says by which execution, until another call is handed over', async () => {
    await crashedAttempt('asked', { handedOver: true });
    await ledger().markOperatorAsked('asked', await begin('asked'), 'run/1');

    const told = await ledger().begin(operation('asked'));
    expect(told).toMatchObject({ kind: 'again', doubt: { askedBy: 'run/1' } });
    if (told.kind !== 'again') throw new Error('not again');
    await ledger().handOver('asked', told.attempt);
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

describe('of two attempts that overlap', () => {
  test('the earlier one cannot hand over any more', async () => {
    const { first, second } = await overlapping('late-hand-over');

    await expect(ledger().handOver('late-hand-over', first)).rejects.toMatchObject({
      name: 'Overtaken',
      by: 'another_attempt',
    });
    await expect(ledger().handOver('late-hand-over', second)).resolves.toBeUndefined();
  });

  test('the earlier one cannot give away the lease of the later', async () => {
    const { first, second } = await overlapping('late-release');
    await ledger().handOver('late-release', second);
    await ledger().release('late-release', first, 'none');
    await ledger().markOperatorAsked('late-release', first, 'run/1');

    expect(await ledger().begin(operation('late-release'))).toMatchObject({ kind: 'busy' });
  });

  test('whoever records first is believed; the other is told, and its effect noted until it is taken back', async () => {
    await overlapping('both');
    await ledger().complete('both', outcome);

    await expect(ledger().complete('both', otherOutcome)).rejects.toMatchObject({ by: 'another_attempt' });

    const done = { kind: 'done', result: outcome.result };
    expect(await ledger().begin(operation('both'))).toEqual({ ...done, surplus: [otherOutcome] });
    await ledger().recordSurplusRemoved('both', otherOutcome.providerId);
    expect(await ledger().begin(operation('both'))).toEqual({ ...done, surplus: [] });
  });

  test('both may record the same effect: the later one has found what the earlier one did', async () => {
    await overlapping('same');
    await ledger().complete('same', outcome);
    await ledger().complete('same', outcome);

    expect(await ledger().begin(operation('same'))).toMatchObject({ kind: 'done', surplus: [] });
  });

  test('one that finds what several did records one and notes the others', async () => {
    await overlapping('several');
    await ledger().complete('several', outcome, [otherOutcome]);

    expect(await ledger().begin(operation('several'))).toMatchObject({
      kind: 'done',
      surplus: [otherOutcome],
    });
  });

  test('none hands over once its lease has run out, although nobody else has come', async () => {
    const attempt = await begin('out-of-time');
    await leaseRunsOut('out-of-time');

    await expect(ledger().handOver('out-of-time', attempt)).rejects.toMatchObject({ by: 'time' });
  });

  test('none hands over what is completed', async () => {
    const { second } = await overlapping('slow');
    await ledger().complete('slow', outcome);

    await expect(ledger().handOver('slow', second)).rejects.toMatchObject({ by: 'another_attempt' });
  });
});
