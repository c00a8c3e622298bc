import { describe, expect, test } from 'vitest';
import { operation, outcome, undoOperation, useLedger } from '../../tests/harness/ledger.ts';
import { Overtaken } from '../errors.ts';

const { ledger, begin, crashedAttempt, releasedAttempt } = useLedger();

describe('ledger undo', () => {
  const happened = { kind: 'happened', effect: outcome, doubt: undefined, surplus: [] };

  test('finds nothing without an attempt, each time it is called, and refuses late attempts', async () => {
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

  test('finds nothing after an attempt without effect, and refuses late attempts', async () => {
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

  test('waits for a running attempt', async () => {
    await ledger().begin(operation('under-way'));

    expect(await ledger().beginUndo(undoOperation('under-way'))).toMatchObject({ kind: 'busy' });
    await ledger().complete('under-way', outcome);
    expect(await ledger().beginUndo(undoOperation('under-way'))).toEqual(happened);
  });

  test('returns the same result after a crash until it is complete', async () => {
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
    'asks the provider after a crashed attempt, also after a crash of its own (handed over: %s)',
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

  test('asks the provider after a released attempt with unknown effect', async () => {
    await releasedAttempt('undo-unknown', 'unknown');

    expect(await ledger().beginUndo(undoOperation('undo-unknown'))).toMatchObject({
      kind: 'unknown',
      doubt: { handedOver: true },
    });
  });

  test('refuses the hand-over of an overtaken attempt', async () => {
    const attempt = await crashedAttempt('overtaken', { handedOver: false });
    await ledger().beginUndo(undoOperation('overtaken'));

    await expect(ledger().handOver('overtaken', attempt)).rejects.toMatchObject({
      name: 'Overtaken',
      by: 'undo',
    });
  });

  test('reports a doubt about further effects when an earlier attempt was in doubt', async () => {
    await crashedAttempt('doubtful', { handedOver: true });
    await begin('doubtful');
    await ledger().complete('doubtful', outcome);

    expect(await ledger().beginUndo(undoOperation('doubtful'))).toMatchObject({
      kind: 'happened',
      doubt: { handedOver: true },
    });
  });

  test.each([
    ['before the undo is complete', async (): Promise<void> => undefined, 'unknown'],
    [
      'after the undo is complete',
      () => ledger().completeUndo('after the undo is complete'),
      'undone_before',
    ],
  ])('keeps an effect that is recorded %s as surplus until it is removed', async (key, end, kind) => {
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

  test('and a simultaneous attempt agree on which of them was first', async () => {
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

  test('cannot be completed before it begins', async () => {
    await ledger().begin(operation('not-undoing'));
    await ledger().complete('not-undoing', outcome);

    await ledger().completeUndo('not-undoing');

    expect(await ledger().begin(operation('not-undoing'))).toMatchObject({ kind: 'done' });
  });
});
