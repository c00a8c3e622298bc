import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { KeyReused, Overtaken } from './errors.ts';
import type { OperationLedger } from './repositories.ts';

let database: TestDatabase;
let ledger: OperationLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  ledger = database.repositories.ledger;
});

afterAll(() => database.drop());

const organization = 'org_north';
const undoing = (key: string) =>
  ({ key, organization, provider: 'zoom', operation: 'meetings.create' }) as const;
const operation = (key: string, leaseMs = 60_000) =>
  ({ ...undoing(key), requestHash: 'h1', leaseMs }) as const;
const outcome = { providerId: 'm-1', result: { joinUrl: 'https://example.org/j/1' } };

/** An attempt whose process was killed: it began, and its lease has run out. */
const crashedAttempt = async (key: string, { handedOver }: { handedOver: boolean }) => {
  await ledger.begin(operation(key, 0));
  if (handedOver) await ledger.handOver(key);
};

describe('an attempt', () => {
  test('is the first where nobody has tried', async () => {
    expect(await ledger.begin(operation('first'))).toEqual({ kind: 'first' });
  });

  test('is the first for exactly one of many that begin at once, the others wait for its lease', async () => {
    const before = Date.now();
    const begun = await Promise.all(Array.from({ length: 20 }, () => ledger.begin(operation('crowd'))));

    expect(begun.filter(({ kind }) => kind === 'first')).toHaveLength(1);
    const busy = begun.filter((answer) => answer.kind === 'busy');
    expect(busy).toHaveLength(19);
    for (const { untilMs } of busy) expect(untilMs).toBeGreaterThan(before + 50_000);
  });

  test('that completed is done for all later ones, with its result', async () => {
    await ledger.begin(operation('done'));
    await ledger.complete('done', outcome);

    expect(await ledger.begin(operation('done'))).toEqual({ kind: 'done', result: outcome.result });
  });

  test('keeps the result of whoever completed first', async () => {
    await ledger.begin(operation('late', 0));
    await ledger.begin(operation('late'));
    await ledger.complete('late', outcome);
    await ledger.complete('late', { providerId: 'm-2', result: 'other' });

    expect(await ledger.begin(operation('late'))).toEqual({ kind: 'done', result: outcome.result });
  });

  test('may complete without a result', async () => {
    await ledger.begin(operation('empty'));
    await ledger.complete('empty', { providerId: 'm-1', result: undefined });

    expect(await ledger.begin(operation('empty'))).toEqual({ kind: 'done', result: null });
  });

  test('that ended without effect leaves the next one to be the first', async () => {
    await ledger.begin(operation('none'));
    await ledger.handOver('none');
    await ledger.release('none', 'none');

    expect(await ledger.begin(operation('none'))).toEqual({ kind: 'first' });
  });

  test.each([false, true])(
    'that ended unknown makes the next one ask the provider (handed over: %s)',
    async (handedOver) => {
      const key = `unknown-${handedOver}`;
      const before = Date.now();
      await ledger.begin(operation(key));
      if (handedOver) await ledger.handOver(key);
      await ledger.release(key, 'unknown');

      const begun = await ledger.begin(operation(key));

      expect(begun).toMatchObject({ kind: 'again', handedOver });
      if (begun.kind !== 'again') throw new Error('not again');
      expect(Math.abs(Date.parse(begun.startedAt) - before)).toBeLessThan(10_000);
    },
  );

  test.each([false, true])(
    'that crashed makes the next one ask the provider (handed over: %s)',
    async (handedOver) => {
      const key = `crashed-${handedOver}`;
      await crashedAttempt(key, { handedOver });

      expect(await ledger.begin(operation(key))).toMatchObject({ kind: 'again', handedOver });
    },
  );

  test('that had no effect does not clear the doubt an earlier one left', async () => {
    await crashedAttempt('doubt', { handedOver: false });
    await ledger.begin(operation('doubt'));
    await ledger.handOver('doubt');
    await ledger.release('doubt', 'none');

    expect(await ledger.begin(operation('doubt'))).toMatchObject({ kind: 'again', handedOver: false });
  });

  test('does not forget that an earlier one had handed over', async () => {
    await crashedAttempt('handed', { handedOver: true });
    await ledger.begin(operation('handed'));
    await ledger.release('handed', 'none');

    expect(await ledger.begin(operation('handed'))).toMatchObject({ kind: 'again', handedOver: true });
  });

  test('says when the earliest attempt in doubt began', async () => {
    await crashedAttempt('earliest', { handedOver: false });
    const second = await ledger.begin(operation('earliest', 0));
    const third = await ledger.begin(operation('earliest'));

    expect(third).toEqual(second);
  });

  test('with another request under the same key is refused, in every state', async () => {
    const other = { ...operation('reused'), requestHash: 'h2' };
    await ledger.begin(operation('reused'));
    await expect(ledger.begin(other)).rejects.toThrow(KeyReused);

    await ledger.release('reused', 'none');
    await expect(ledger.begin(other)).rejects.toThrow(KeyReused);

    await ledger.begin(operation('reused'));
    await ledger.complete('reused', outcome);
    await expect(ledger.begin(other)).rejects.toThrow(KeyReused);
  });

  test("does not see another organization's operation", async () => {
    await ledger.begin(operation('tenant'));
    await ledger.complete('tenant', outcome);

    const foreign = { ...operation('tenant'), organization: 'org_south' } as const;
    await expect(ledger.begin(foreign)).rejects.toThrow(KeyReused);
    await expect(ledger.beginUndo(foreign)).rejects.toThrow(KeyReused);
  });

  test('cannot hand over or complete what has not begun', async () => {
    await expect(ledger.handOver('never')).rejects.toThrow("'never' has not begun");
    await expect(ledger.complete('never', outcome)).rejects.toThrow("'never' has not begun");
  });

  test('does not hand over what another one has completed', async () => {
    await crashedAttempt('slow', { handedOver: false });
    await ledger.begin(operation('slow'));
    await ledger.complete('slow', outcome);

    await expect(ledger.handOver('slow')).rejects.toMatchObject({ name: 'Overtaken', by: 'another_attempt' });
  });
});

describe('an undo', () => {
  test('of what nobody tried finds nothing, however often, and keeps late attempts out', async () => {
    expect(await ledger.beginUndo(undoing('tombstone'))).toEqual({ kind: 'nothing_to_undo' });
    expect(await ledger.beginUndo(undoing('tombstone'))).toEqual({ kind: 'nothing_to_undo' });

    expect(await ledger.begin(operation('tombstone'))).toEqual({ kind: 'undone' });
  });

  test('of what certainly had no effect finds nothing, and keeps late attempts out', async () => {
    await ledger.begin(operation('no-effect'));
    await ledger.release('no-effect', 'none');

    expect(await ledger.beginUndo(undoing('no-effect'))).toEqual({ kind: 'nothing_to_undo' });
    expect(await ledger.beginUndo(undoing('no-effect'))).toEqual({ kind: 'nothing_to_undo' });
    expect(await ledger.begin(operation('no-effect'))).toEqual({ kind: 'undone' });
  });

  test('waits for an attempt under way', async () => {
    await ledger.begin(operation('under-way'));

    expect(await ledger.beginUndo(undoing('under-way'))).toMatchObject({ kind: 'busy' });
    await ledger.complete('under-way', outcome);
    expect(await ledger.beginUndo(undoing('under-way'))).toEqual({ kind: 'happened', ...outcome });
  });

  test('that crashed begins again with the same answer, until it is complete', async () => {
    await ledger.begin(operation('resumed'));
    await ledger.complete('resumed', outcome);
    const happened = { kind: 'happened', ...outcome };

    expect(await ledger.beginUndo(undoing('resumed'))).toEqual(happened);
    expect(await ledger.beginUndo(undoing('resumed'))).toEqual(happened);
    expect(await ledger.begin(operation('resumed'))).toEqual({ kind: 'undone' });
    await ledger.completeUndo('resumed');

    expect(await ledger.beginUndo(undoing('resumed'))).toEqual({ kind: 'undone_before' });
    expect(await ledger.begin(operation('resumed'))).toEqual({ kind: 'undone' });
  });

  test.each([false, true])(
    'of a crashed attempt asks the provider, and again when it crashes itself (handed over: %s)',
    async (handedOver) => {
      const key = `undo-crashed-${handedOver}`;
      await crashedAttempt(key, { handedOver });

      const first = await ledger.beginUndo(undoing(key));

      expect(first).toMatchObject({ kind: 'unknown', handedOver });
      expect(await ledger.beginUndo(undoing(key))).toEqual(first);
      await ledger.completeUndo(key);
      expect(await ledger.beginUndo(undoing(key))).toEqual({ kind: 'undone_before' });
    },
  );

  test('of a released attempt of unknown effect asks the provider', async () => {
    await ledger.begin(operation('undo-unknown'));
    await ledger.handOver('undo-unknown');
    await ledger.release('undo-unknown', 'unknown');

    expect(await ledger.beginUndo(undoing('undo-unknown'))).toMatchObject({
      kind: 'unknown',
      handedOver: true,
    });
  });

  test('stops an overtaken attempt before it hands over', async () => {
    await crashedAttempt('overtaken', { handedOver: false });
    await ledger.beginUndo(undoing('overtaken'));

    await expect(ledger.handOver('overtaken')).rejects.toMatchObject({ name: 'Overtaken', by: 'undo' });
  });

  test('tells an overtaken attempt that had its effect all the same, and keeps what it did', async () => {
    await crashedAttempt('too-late', { handedOver: true });
    await ledger.beginUndo(undoing('too-late'));

    await expect(ledger.complete('too-late', outcome)).rejects.toThrow(Overtaken);

    expect(await ledger.beginUndo(undoing('too-late'))).toEqual({ kind: 'happened', ...outcome });
  });

  test('and an attempt that begin at once agree on who was first', async () => {
    const races = Array.from({ length: 20 }, async (_, index) => {
      const key = `race-${index}`;
      const [begun, undo] = await Promise.all([ledger.begin(operation(key)), ledger.beginUndo(undoing(key))]);
      return `${begun.kind} ${undo.kind}`;
    });

    for (const race of await Promise.all(races)) {
      expect(['first busy', 'undone nothing_to_undo']).toContain(race);
    }
  });

  test('is not complete before it began', async () => {
    await ledger.begin(operation('not-undoing'));
    await ledger.complete('not-undoing', outcome);

    await ledger.completeUndo('not-undoing');

    expect(await ledger.begin(operation('not-undoing'))).toMatchObject({ kind: 'done' });
  });
});
