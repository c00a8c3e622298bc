/** Webhooks about the room that the auditions of a casting session share. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AuditionId, castingSessionIdSchema, participantIdSchema } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createJoinLinkIds } from '../../foundation/links/join-link.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const rounds = useInboxRounds();

const joinLinkIds = createJoinLinkIds([{ key: Buffer.alloc(32, 3) }]);
const organization = 'org_north';
const at = (time: string): Instant => `2026-12-03T${time}:00.000Z`;

const keyOf = (id: AuditionId) => `audition/${id}:meeting:zoom:1`;

const setup = async () => {
  const test = await rounds();
  const { ledger, sessionRooms } = test.repositories;
  const session = castingSessionIdSchema.parse(`ses_${randomUUID()}-2026-12-03`);
  const meetingId = randomUUID();
  const auditions = ['09:00', '09:15', '14:00'].map((start) => ({
    id: `aud_${randomUUID()}` as const satisfies AuditionId,
    start: at(start),
    end: at(`${start.slice(0, 3)}${start.endsWith('15') ? '30' : '15'}`),
  }));
  const begin = (key: string) =>
    ledger.begin({
      key,
      organization,
      provider: 'zoom',
      operation: 'meetings.create',
      requestHash: 'h',
      leaseMs: 1_000,
      handedOver: true,
    });
  for (const { id, start, end } of auditions) {
    const key = keyOf(id);
    await begin(key);
    const about = { key, organization, correlationId: 'c' } as const;
    const joined = await sessionRooms.join({
      ...about,
      session,
      auditionId: id,
      provider: 'zoom',
      slot: { start, end },
      revision: 1,
      sessionTime: { start: at('09:00'), end: at('15:00') },
      zone: 'Europe/Paris',
      settings: {},
      replaces: true,
    });
    if (joined.kind !== 'joined') throw new Error(joined.kind);
    const { room } = joined;
    await begin(room.key);
    await ledger.complete(room.key, { providerId: meetingId, result: null });
    await sessionRooms.settle(room, { ...about, meetingId });
    await ledger.complete(key, { providerId: meetingId, result: null });
  }
  const leave = async ({ id }: (typeof auditions)[number]) => {
    await ledger.beginUndo({ key: keyOf(id), organization, provider: 'zoom', operation: 'meetings.create' });
    return sessionRooms.leave(keyOf(id));
  };
  const deliverAll = async () => {
    await test.round(notStopping);
    await test.makeDue();
    await test.round(notStopping);
  };
  const [first, second, third] = auditions;
  if (!first || !second || !third) throw new Error('three auditions');
  return { ...test, meetingId, first, second, third, leave, deliverAll };
};

const report = (
  kind: 'meeting.started' | 'meeting.ended' | 'meeting.deleted',
  meetingId: string,
  time: string,
) => ({ kind, event: { meetingId, at: at(time) } }) satisfies InboxEvent;

const signaled = (signals: readonly unknown[]): readonly string[] =>
  signals.map((signal) => `${String(Object(signal).about)} ${String(Object(signal).id)}`).toSorted();

describe('a report about the room of a casting session', () => {
  it('reaches the auditions whose time it is', async () => {
    const { receive, round, signals, rows, meetingId, first, second, third } = await setup();
    await receive(report('meeting.started', meetingId, '09:05'));
    await round(notStopping);
    expect(signaled(signals)).toEqual([`meeting_started ${first.id}`]);
    await receive(report('meeting.ended', meetingId, '09:20'));
    await round(notStopping);
    expect(signaled(signals.slice(1))).toEqual(
      [first, second, third].map(({ id }) => `meeting_ended ${id}`).toSorted(),
    );
    expect((await rows()).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  it('that its meeting was deleted reaches all who use it', async () => {
    const { receive, round, signals, meetingId, first, second, third, leave } = await setup();
    await leave(third);
    await receive(report('meeting.deleted', meetingId, '09:05'));
    await round(notStopping);
    expect(signaled(signals)).toEqual([first, second].map(({ id }) => `meeting_deleted ${id}`).toSorted());
  });

  it('about a person reaches the auditions near that time, and about a registrant the audition of that person', async () => {
    const { receive, deliverAll, signals, repositories, meetingId, first, second } = await setup();
    const participant = participantIdSchema.parse('ada');
    const [link = ''] = await repositories.joinLinks.issue(
      [{ organization, auditionId: second.id, participant }],
      joinLinkIds,
    );
    await repositories.registrants.begin({ auditionId: second.id, meetingId, participant, link });
    await repositories.registrants.complete(
      { link, meetingId },
      { id: 'reg-1', joinUrl: 'https://zoom.us/w' },
    );
    const event = { meetingId, at: at('09:05') };
    await receive({ kind: 'meeting.participant_joined', event: { ...event, name: 'Rita' } });
    await deliverAll();
    expect(signaled(signals)).toEqual([first, second].map(({ id }) => `presence ${id}`).toSorted());
    await receive({
      kind: 'meeting.participant_joined',
      event: { ...event, registrant: 'reg-1', name: 'iPhone' },
    });
    await deliverAll();
    expect(signaled(signals.slice(2))).toEqual([`presence ${second.id}`]);
    expect(signals.at(-1)).toMatchObject({ reports: [{ participant: 'ada' }] });
  });

  it('that it was recorded stores the recording for none of its auditions', async () => {
    const { receive, round, signals, rows, meetingId } = await setup();
    await receive({ kind: 'recording.completed', event: { meetingId } });
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'shared_room' }]);
  });
});

describe('a room that was left', () => {
  it('is reported to the audition that uses it', async () => {
    const { receive, round, signals, meetingId, first } = await setup();
    await receive({ kind: 'room.left', event: { audition: first.id, meetingId } });
    await round(notStopping);
    expect(signals).toMatchObject([{ id: first.id, about: 'room_left', report: { meetingId } }]);
  });
});
