import { describe, expect, test } from 'vitest';
import { operation, outcome, undoOperation, useLedger } from '../../tests/harness/ledger.ts';
import { Overtaken } from '../errors.ts';

const { ledger, begin, crashedAttempt, releasedAttempt } = useLedger();

describe('an undo', () => {
  const happened = { kind: 'happened', effect: outcome, doubt: undefined, surplus: [] };

  test('of what nobody tried finds nothing, however often, and keeps late attempts out', async () => {
    expect(await ledger().beginUndo(undoOperation('tombstone'))).toEqual({
      kind: 'nothing_to_undo',
      surplus: [],
    });
    expect(await ledger().beginUndo(undoOperation('tombstone'))).toEqual({
      kind: 'nothing_to_undo',
      surplus: [],
    });

    expect(await ledger().begin(operation('tombstone'))).toEqual({ kind: 'undone', surplus: [] });
  });

  test('of what certainly had no effect finds nothing, and keeps late attempts out', async () => {
    await releasedAttempt('no-effect', 'none');

    expect(await ledger().beginUndo(undoOperation('no-effect'))).toEqual({
      kind: 'nothing_to_undo',
      surplus: [],
    });
    expect(await ledger().beginUndo(undoOperation('no-effect'))).toEqual({
      kind: 'nothing_to_undo',
      surplus: [],
    });
    expect(await ledger().begin(operation('no-effect'))).toEqual({ kind: 'undone', surplus: [] });
  });

  test('waits for an attempt under way', async () => {
    await ledger().begin(operation('under-way'));

    expect(await ledger().beginUndo(undoOperation('under-way'))).toMatchObject({ kind: 'busy' });
    await ledger().complete('under-way', outcome);
    expect(await ledger().beginUndo(undoOperation('under-way'))).toEqual(happened);
  });

  test('that crashed begins again with the same answer, until it is complete', async () => {
    await ledger().begin(operation('resumed'));
    await ledger().complete('resumed', outcome);

    expect(await ledger().beginUndo(undoOperation('resumed'))).toEqual(happened);
    expect(await ledger().beginUndo(undoOperation('resumed'))).toEqual(happened);
    expect(await ledger().begin(operation('resumed'))).toEqual({ kind: 'undone', surplus: [] });
    await ledger().completeUndo('resumed');

    expect(await ledger().beginUndo(undoOperation('resumed'))).toEqual({
      kind: 'undone_before',
      surplus: [],
    });
    expect(await ledger().begin(operation('resumed'))).toEqual({ kind: 'undone', surplus: [] });
  });

  test.each([false, true])(
    'of a crashed attempt asks the provider, and again when it crashes itself (handed over: %s)',
    async (handedOver) => {
      const key = `undo-crashed-${handedOver}`;
      await crashedAttempt(key, { handedOver });

      const first = await ledger().beginUndo(undoOperation(key));

      expect(first).toMatchObject({ kind: 'unknown', doubt: { handedOver } });
      expect(await ledger().beginUndo(undoOperation(key))).toMatchObject({
        kind: 'unknown',
        doubt: { handedOver },
      });
      await ledger().completeUndo(key);
      expect(await ledger().beginUndo(undoOperation(key))).toEqual({ kind: 'undone_before', surplus: [] });
    },
  );

  test('of a released attempt of unknown effect asks the provider', async () => {
    await releasedAttempt('undo-unknown', 'unknown');

    expect(await ledger().beginUndo(undoOperation('undo-unknown'))).toMatchObject({
      kind: 'unknown',
      doubt: { handedOver: true },
    });
  });

  test('stops an overtaken attempt before it hands over', async () => {
    const attempt = await crashedAttempt('overtaken', { handedOver: false });
    await ledger().beginUndo(undoOperation('overtaken'));

    await expect(ledger().handOver('overtaken', attempt)).rejects.toMatchObject({
      name: 'Overtaken',
      by: 'undo',
    });
  });

  test('says that there may be more than what is recorded, where an attempt was in doubt', async () => {
    await crashedAttempt('doubtful', { handedOver: true });
    await begin('doubtful');
    await ledger().complete('doubtful', outcome);

    expect(await ledger().beginUndo(undoOperation('doubtful'))).toMatchObject({
      kind: 'happened',
      doubt: { handedOver: true },
    });
  });

  test.each([
    ['before it is complete', async (): Promise<void> => undefined, 'unknown'],
    ['after it was complete', () => ledger().completeUndo('after it was complete'), 'undone_before'],
  ])('overtaken by an effect that comes %s keeps it noted until it is gone', async (key, end, kind) => {
    await crashedAttempt(key, { handedOver: true });
    await ledger().beginUndo(undoOperation(key));
    await end();

    await expect(ledger().complete(key, outcome)).rejects.toThrow(Overtaken);

    expect(await ledger().begin(operation(key))).toEqual({ kind: 'undone', surplus: [outcome] });
    expect(await ledger().beginUndo(undoOperation(key))).toMatchObject({ kind, surplus: [outcome] });
    await ledger().recordSurplusRemoved(key, outcome.providerId);
    expect(await ledger().begin(operation(key))).toEqual({ kind: 'undone', surplus: [] });
    expect(await ledger().beginUndo(undoOperation(key))).toMatchObject({ kind, surplus: [] });
  });

  test('and an attempt that begin at once agree on who was first', async () => {
    const races = Array.from({ length: 20 }, async (_, index) => {
      const key = `race-${index}`;
      const [begun, undo] = await Promise.all([
        ledger().begin(operation(key)),
        ledger().beginUndo(undoOperation(key)),
      ]);
      return `${begun.kind} ${undo.kind}`;
    });

    for (const race of await Promise.all(races)) {
      expect(['first busy', 'undone nothing_to_undo']).toContain(race);
    }
  });

  test('is not complete before it began', async () => {
    await ledger().begin(operation('not-undoing'));
    await ledger().complete('not-undoing', outcome);

    await ledger().completeUndo('not-undoing');

    expect(await ledger().begin(operation('not-undoing'))).toMatchObject({ kind: 'done' });
  });
});
