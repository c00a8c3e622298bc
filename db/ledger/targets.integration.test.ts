import { describe, expect, it } from 'vitest';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import { type AuditionId, participantIdSchema } from '../../domain/ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { operation, otherOutcome, outcome, undoOperation, useLedger } from '../../tests/harness/ledger.ts';

const { ledger, leaseRunsOut, rowsOf } = useLedger();

const slot = {
  start: '2031-03-30T00:30:00.000Z',
  end: '2031-03-30T01:30:00.000Z',
  zone: 'Europe/Paris',
  room: 'R1',
} as const;
const calendarOf = (calendarId: string) =>
  ({ provider: 'google', connection: 'conn_1', calendarId }) as const;
const ada = participantIdSchema.parse('ada');
const eventIn = (calendarId: string): EffectTarget => ({
  kind: 'calendar_event',
  participant: ada,
  calendar: calendarOf(calendarId),
});

/** Returns an operation of the audition that can begin, with its target. */
const operationOf = (auditionId: AuditionId, step: string, target: EffectTarget) => ({
  ...operation(`audition/${auditionId}:${step}`),
  auditionId,
  target,
});

const begin = async (...about: Parameters<typeof operationOf>): Promise<{ key: string; attempt: number }> => {
  const { key, ...rest } = operationOf(...about);
  const begun = await ledger().begin({ key, ...rest });
  if ('attempt' in begun) return { key, attempt: begun.attempt };
  throw new Error(`${key} is ${begun.kind}`);
};

describe('the target of an operation', () => {
  it.each<EffectTarget>([
    eventIn('ada@example.com'),
    { kind: 'meeting', provider: 'zoom', slot },
    { kind: 'meeting', provider: 'google_meet', slot, calendar: calendarOf('office@example.com') },
    { kind: 'notice', participant: ada, channel: 'email' },
  ])('is recorded before the effect: $kind', async (target) => {
    const { key } = await begin(newAuditionId(), 'step', target);

    expect(await ledger().targetOf(key)).toEqual(target);
  });

  it('is sealed, because a calendar is named by an email address', async () => {
    const { key } = await begin(newAuditionId(), 'event', eventIn('ada@example.com'));

    expect(JSON.stringify(await rowsOf(key))).not.toContain('example.com');
  });

  it('is undefined for an unknown key, and for an operation without one', async () => {
    await ledger().begin(operation('audition/aud_none:step'));

    expect(await ledger().targetOf('audition/aud_none:step')).toBeUndefined();
    expect(await ledger().targetOf('audition/aud_none:other')).toBeUndefined();
  });

  it('is kept when an earlier attempt may have had its effect there', async () => {
    const auditionId = newAuditionId();
    const { key } = await begin(auditionId, 'event', eventIn('old'));
    await leaseRunsOut(key);

    await begin(auditionId, 'event', eventIn('new'));

    expect(await ledger().targetOf(key)).toEqual(eventIn('old'));
  });

  it('is replaced when no earlier attempt had an effect', async () => {
    const auditionId = newAuditionId();
    const { key, attempt } = await begin(auditionId, 'event', eventIn('old'));
    await ledger().release(key, attempt, 'none');

    await begin(auditionId, 'event', eventIn('new'));

    expect(await ledger().targetOf(key)).toEqual(eventIn('new'));
  });

  it('stays after the effect was undone', async () => {
    const { key } = await begin(newAuditionId(), 'event', eventIn('ada@example.com'));
    await ledger().complete(key, outcome);
    await ledger().beginUndo(undoOperation(key));
    await ledger().completeUndo(key);

    expect(await ledger().targetOf(key)).toEqual(eventIn('ada@example.com'));
  });
});

describe('the standing effects of an audition', () => {
  it('are those that happened or may have happened, and are not undone', async () => {
    const id = newAuditionId();
    const completed = await begin(id, 'completed', eventIn('1'));
    await ledger().complete(completed.key, outcome);
    await begin(id, 'running', eventIn('2'));
    const doubtful = await begin(id, 'doubtful', eventIn('3'));
    await ledger().release(doubtful.key, doubtful.attempt, 'unknown');
    const refused = await begin(id, 'refused', eventIn('4'));
    await ledger().release(refused.key, refused.attempt, 'none');
    const undoing = await begin(id, 'undoing', eventIn('5'));
    await ledger().complete(undoing.key, outcome);
    await ledger().beginUndo(undoOperation(undoing.key));
    const undone = await begin(id, 'undone', eventIn('6'));
    await ledger().complete(undone.key, outcome);
    await ledger().beginUndo(undoOperation(undone.key));
    await ledger().completeUndo(undone.key);
    await ledger().beginUndo(undoOperation(`audition/${id}:never`));
    await begin(newAuditionId(), 'other', eventIn('7'));

    expect(await ledger().standingEffects(id)).toEqual(
      [
        { step: 'completed', calendar: '1' },
        { step: 'running', calendar: '2', isOpen: true },
        { step: 'doubtful', calendar: '3', isOpen: true },
        { step: 'undoing', calendar: '5' },
      ].map(({ step, calendar, isOpen }) => ({
        key: `audition/${id}:${step}`,
        target: eventIn(calendar),
        ...(isOpen && { isOpen }),
      })),
    );
  });

  it('include an undone operation with surplus', async () => {
    const id = newAuditionId();
    const { key } = await begin(id, 'meeting', { kind: 'meeting', provider: 'zoom', slot });
    await ledger().complete(key, outcome, [otherOutcome]);
    await ledger().beginUndo(undoOperation(key));
    await ledger().completeUndo(key);

    expect(await ledger().standingEffects(id)).toHaveLength(1);
    await ledger().recordSurplusRemoved(key, otherOutcome.providerId);
    expect(await ledger().standingEffects(id)).toEqual([]);
  });

  it('are none for an unknown audition', async () => {
    expect(await ledger().standingEffects(newAuditionId())).toEqual([]);
  });
});

describe('an undo that finds no effect', () => {
  it('returns nothing to undo when it is repeated', async () => {
    const id = newAuditionId();
    const { key, attempt } = await begin(id, 'notice', { kind: 'notice', participant: ada, channel: 'sms' });
    await ledger().release(key, attempt, 'unknown');
    expect(await ledger().beginUndo(undoOperation(key))).toMatchObject({ kind: 'unknown' });

    await ledger().completeUndo(key, 'nothing_to_undo');

    expect(await ledger().beginUndo(undoOperation(key))).toMatchObject({ kind: 'nothing_to_undo' });
    expect(await ledger().begin(operation(key))).toMatchObject({ kind: 'undone' });
    expect(await ledger().standingEffects(id)).toEqual([]);
  });
});
