import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { createJoinLinkIds } from '../../foundation/links/join-link.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';
import { gatheringDelayMs } from './presence.ts';

const rounds = useInboxRounds();
const joinLinkIds = createJoinLinkIds([{ key: Buffer.alloc(32, 3) }]);
const ada = participantIdSchema.parse('ada');
const at = (seconds: string) => `2026-12-01T09:00:${seconds}.000Z` as const;

const joined = (name: string, seconds: string, meetingId = '700'): InboxEvent => ({
  kind: 'meeting.participant_joined',
  event: { meetingId, at: at(seconds), name },
});
const byLink = (audition: 'aud_7' | 'aud_8', seconds: string): InboxEvent => ({
  kind: 'link.joined',
  event: { audition, participant: ada, at: at(seconds) },
});

const seen = (registrant: string): InboxEvent => ({
  kind: 'meeting.participant_joined',
  event: { meetingId: '700', at: at('03'), registrant },
});

const setup = async (answer?: () => Promise<'signaled' | 'not_running'>) => {
  const test = await rounds(answer);
  const key = `audition/aud_7:meeting:1:${crypto.randomUUID()}`;
  const operation = {
    key,
    organization: 'org_north',
    provider: 'zoom',
    operation: 'meetings.create',
  } as const;
  await test.repositories.ledger.begin({
    ...operation,
    requestHash: 'h',
    leaseMs: 1_000,
    handedOver: true,
  });
  await test.repositories.ledger.complete(key, { providerId: '700', result: null });
  /** Runs two rounds: the observations wait in the first one. */
  const deliverAll = async () => {
    await test.round(notStopping);
    await test.makeDue();
    await test.round(notStopping);
  };
  return { ...test, deliverAll };
};

describe('observations of participants', () => {
  it('are delivered in one signal for each audition, in the order of their times', async () => {
    const { receive, deliverAll, signals, rows } = await setup();
    await receive(joined('Rita', '05'));
    await receive(joined('Ada', '03'));
    await receive(byLink('aud_7', '01'));
    await receive(byLink('aud_8', '02'));
    await deliverAll();
    const byAudition = signals.toSorted((a, b) => String(Object(a).id).localeCompare(String(Object(b).id)));
    expect(byAudition).toMatchObject([
      {
        id: 'aud_7',
        about: 'presence',
        reports: [
          { what: 'checked_in', participant: 'ada', at: at('01') },
          { what: 'joined', name: 'Ada', meetingId: '700', at: at('03') },
          { what: 'joined', name: 'Rita', meetingId: '700', at: at('05') },
        ],
      },
      { id: 'aud_8', about: 'presence', reports: [{ what: 'checked_in' }] },
    ]);
    expect((await rows()).map(({ state }) => state)).toEqual(Array(4).fill('delivered'));
  });

  it('wait for others before they are delivered', async () => {
    const { receive, round, signals, rows } = await setup();
    await receive(byLink('aud_7', '01'));
    await round(notStopping);
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'gathering' }]);
  });

  it('are settled without a signal when the provider does not name the person', async () => {
    const { receive, deliverAll, signals, rows } = await setup();
    await receive({ kind: 'meeting.participant_left', event: { meetingId: '700', at: at('09') } });
    await deliverAll();
    expect(signals).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'unnamed_person' }]);
  });

  it('name the participant whom the provider has registered', async () => {
    const { receive, deliverAll, signals, repositories } = await setup();
    const [link = ''] = await repositories.joinLinks.issue(
      [{ organization: 'org_north', auditionId: 'aud_7', participant: ada }],
      joinLinkIds,
    );
    const registration = { auditionId: 'aud_7', meetingId: '700', participant: ada, link } as const;
    await repositories.registrants.begin(registration);
    await repositories.registrants.complete(registration, { id: 'reg-1', joinUrl: 'https://zoom.test/w/1' });
    await receive(seen('reg-1'));
    await receive(seen('unknown'));
    await deliverAll();
    expect(signals).toMatchObject([
      {
        id: 'aud_7',
        reports: expect.arrayContaining([expect.objectContaining({ what: 'joined', participant: 'ada' })]),
      },
    ]);
  });

  it('are retried when no audition is known to have the meeting', async () => {
    const { receive, deliverAll, rows } = await setup();
    await receive(joined('Ada', '03', '701'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_meeting' }]);
  });

  it('are retried together when Temporal does not answer, under the same ids', async () => {
    let isDown = true;
    const { receive, round, makeDue, signals, rows } = await setup(async () => {
      if (isDown) throw new Error('unavailable');
      return 'signaled';
    });
    await receive(joined('Ada', '03'));
    await receive(joined('Rita', '05'));
    await round(notStopping);
    await makeDue();
    await round(notStopping).catch(() => undefined);
    isDown = false;
    await makeDue();
    await round(notStopping);
    expect(signals).toHaveLength(2);
    expect(signals[1]).toEqual(signals[0]);
    expect((await rows()).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  it('are settled when the audition has ended', async () => {
    const { receive, deliverAll, rows } = await setup(async () => 'not_running');
    await receive(byLink('aud_7', '01'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'audition_ended' }]);
  });
});

it('all observations that wait at one time are due at the same instant', () => {
  const due = [9_000, 9_100, 11_999].map((now) => now + gatheringDelayMs(now));
  expect(due).toEqual([12_000, 12_000, 12_000]);
});
