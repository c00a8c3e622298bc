import { describe, expect, it } from 'vitest';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const setup = useInboxRounds();

/** Records in the ledger that a meeting was created at Zoom for an audition. Returns the operation. */
const createMeeting = async (ledger: OperationLedger, audition: string, meetingId: string) => {
  const operation = {
    key: `audition/${audition}:meeting:1`,
    organization: 'org_north',
    provider: 'zoom',
    operation: 'meetings.create',
  } as const;
  await ledger.begin({ ...operation, requestHash: 'h', leaseMs: 1_000, handedOver: true });
  await ledger.complete(operation.key, { providerId: meetingId, result: null });
  return operation;
};

describe('a meeting status', () => {
  it('is signaled to the audition of the meeting', async () => {
    const { round, receive, signals, repositories } = await setup();
    await createMeeting(repositories.ledger, 'aud_3', '123');
    const at = '2026-12-01T09:00:00.000Z';
    await receive({ kind: 'meeting.started', event: { meetingId: '123', at } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '123' } });
    await receive({ kind: 'meeting.ended', event: { meetingId: '124' } });
    await round(notStopping);
    // The webhooks of a round are delivered concurrently.
    const ordered = signals.toSorted((a, b) => String(Object(b).about).localeCompare(Object(a).about));
    expect(ordered).toMatchObject([
      { id: 'aud_3', about: 'meeting_started', report: { origin: 'system', meetingId: '123', at } },
      { id: 'aud_3', about: 'meeting_ended', report: { meetingId: '123' } },
    ]);
  });
});

const deleted = (meetingId: string): InboxEvent => ({
  kind: 'meeting.deleted',
  event: { meetingId, at: '2026-12-01T09:00:00.000Z' },
});

describe('a deleted meeting', () => {
  it('is signaled to its audition', async () => {
    const { round, receive, rows, signals, repositories } = await setup();
    await createMeeting(repositories.ledger, 'aud_4', '400');
    await receive(deleted('400'));
    await round(notStopping);
    expect(signals).toMatchObject([
      {
        id: 'aud_4',
        about: 'meeting_deleted',
        report: { origin: 'system', meetingId: '400', at: '2026-12-01T09:00:00.000Z' },
      },
    ]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: null }]);
  });

  it('is not signaled when this service has deleted it', async () => {
    const { round, receive, rows, signals, repositories } = await setup();
    await repositories.ledger.beginUndo(await createMeeting(repositories.ledger, 'aud_5', '500'));
    await receive(deleted('500'));
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'deleted_by_us' }]);
  });

  it('is retried when no audition is known to have it', async () => {
    const { round, receive, rows, signals } = await setup();
    await receive(deleted('401'));
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_meeting' }]);
  });
});

describe('a changed meeting', () => {
  it('is signaled to its audition, which asks for its present address', async () => {
    const { round, receive, rows, signals, repositories } = await setup();
    await createMeeting(repositories.ledger, 'aud_6', '600');
    await receive({ kind: 'meeting.changed', event: { meetingId: '600' } });
    await round(notStopping);
    expect(signals).toMatchObject([
      { id: 'aud_6', about: 'meeting_changed', report: { origin: 'system', meetingId: '600' } },
    ]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: null }]);
  });
});

describe('a finished recording', () => {
  it('reaches the workflow of the recordings of its meeting', async () => {
    const { round, receive, rows, signals, repositories } = await setup();
    await createMeeting(repositories.ledger, 'aud_6', '600');
    await receive({ kind: 'recording.completed', event: { meetingId: '600' } });
    await round(notStopping);
    expect(signals).toMatchObject([
      { auditionId: 'aud_6', provider: 'zoom', meetingId: '600', inboxId: expect.any(String) },
    ]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: null }]);
  });

  it('is retried when no audition is known to have its meeting', async () => {
    const { round, receive, rows, signals } = await setup();
    await receive({ kind: 'recording.completed', event: { meetingId: '601' } });
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_meeting' }]);
  });
});
