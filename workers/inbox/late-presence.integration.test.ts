/** From the inbox to the trail: observations that arrive after the audition has closed. */
import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { auditionPlan, participantId, performer } from '../../tests/harness/audition-plan.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const rounds = useInboxRounds();
const ada = { ...performer, id: participantId('performer-1'), name: 'Ada Novák', email: undefined };
const at = (time: string) => `2027-03-01T${time}:00.000Z` as const;

const decided: readonly AuditionFact[] = [
  { type: 'session_started', origin: 'system' },
  { type: 'session_ended', origin: 'system' },
  { type: 'decided', decision: 'released' },
];

const setup = async (ending: readonly AuditionFact[] = decided, isPlanKnown = true) => {
  const id = newAuditionId();
  const meetingId = crypto.randomUUID();
  const plan = { ...auditionPlan(Date.now()), participants: [ada] };
  const workers = { areAway: false };
  const relay = await rounds(
    async () => 'not_running',
    async () => {
      if (workers.areAway) throw new Error('no worker answers');
      return isPlanKnown ? plan : undefined;
    },
  );
  const { events, auditions, ledger } = relay.repositories;
  const facts = [...factsUntilScheduled(id, 'org_north'), ...ending].map(
    (fact): AuditionFact =>
      fact.type === 'meeting_created' ? { ...fact, meeting: { ...fact.meeting, id: meetingId } } : fact,
  );
  await storeEvents(events, id, trail(facts, { startMs: Date.parse(at('10:20')) }));
  const operation = { organization: 'org_north', provider: 'zoom', operation: 'meetings.create' } as const;
  const key = `audition/${id}:meeting:zoom:1`;
  await ledger.begin({ key, ...operation, requestHash: 'h', leaseMs: 1_000, handedOver: true });
  await ledger.complete(key, { providerId: meetingId, result: null });
  const report = (what: 'joined' | 'left', time: string, changes: object = {}): InboxEvent => ({
    kind: `meeting.participant_${what}`,
    event: { meetingId, at: at(time), name: 'Ada Novak', ...changes },
  });
  const deliverAll = async () => {
    await relay.makeDue();
    await relay.round(notStopping);
    await relay.makeDue();
    await relay.round(notStopping);
  };
  const presence = async () => (await auditions.get('org_north', id))?.participants[0]?.presence;
  const presenceFacts = async () => {
    const stored = await events.read('org_north', id, { after: 0, limit: 100 });
    return stored.flatMap(({ fact }) =>
      fact.type === 'participant_joined' || fact.type === 'participant_left'
        ? [`${fact.type} ${fact.at}`]
        : [],
    );
  };
  return { ...relay, workers, id, report, deliverAll, presence, presenceFacts };
};

describe('an observation of a participant after the audition has closed', () => {
  it('becomes a fact of the trail once, and the read model follows', async () => {
    const { receive, report, deliverAll, presence, presenceFacts, pool } = await setup();
    await receive(report('left', '10:18'));
    await receive(report('joined', '10:01'));
    await deliverAll();
    await pool.query("UPDATE webhook_inbox SET state = 'received'");
    await deliverAll();
    expect(await presenceFacts()).toEqual([
      `participant_joined ${at('10:01')}`,
      `participant_left ${at('10:18')}`,
    ]);
    // The session has ended at 10:20: nobody has left early.
    expect(await presence()).toMatchObject({
      status: 'left',
      joinedAt: at('10:01'),
      leftAt: at('10:18'),
      isLate: false,
    });
  });

  it('says so on the webhook', async () => {
    const { receive, report, deliverAll, rows } = await setup();
    await receive(report('joined', '10:01'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'appended_late' }]);
  });

  it('leaves a no-show closed, and reports the contradiction', async () => {
    const { receive, report, deliverAll, rows, presenceFacts, repositories, id } = await setup([
      { type: 'no_show' },
    ]);
    await receive(report('joined', '10:04'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'contradicts_no_show' }]);
    expect(await presenceFacts()).toHaveLength(1);
    expect(await repositories.auditions.get('org_north', id)).toMatchObject({
      state: 'closed',
      outcome: 'no_show',
    });
  });

  it('reports the contradiction when the worker was killed before it settled the webhook', async () => {
    const { receive, report, deliverAll, rows, presenceFacts, pool } = await setup([{ type: 'no_show' }]);
    await receive(report('joined', '10:04'));
    await deliverAll();
    await pool.query("UPDATE webhook_inbox SET state = 'received', reason = NULL");
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'contradicts_no_show' }]);
    expect(await presenceFacts()).toHaveLength(1);
  });

  it('says that it was appended when the worker was killed before it settled the webhook', async () => {
    const { receive, report, deliverAll, rows, pool } = await setup();
    await receive(report('joined', '10:01'));
    await deliverAll();
    await pool.query("UPDATE webhook_inbox SET state = 'received', reason = NULL");
    await receive(report('joined', '10:01'));
    await deliverAll();
    const reasons = (await rows()).map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(['appended_late', 'audition_ended']));
  });

  it('is dropped when nothing names the participant: the names end with the workflow', async () => {
    const { receive, report, deliverAll, rows, presenceFacts } = await setup(decided, false);
    await receive(report('joined', '10:01'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'audition_ended' }]);
    expect(await presenceFacts()).toEqual([]);
  });

  it('waits until a worker tells the present cast', async () => {
    const { workers, receive, report, deliverAll, presenceFacts } = await setup();
    workers.areAway = true;
    await receive(report('joined', '10:01'));
    await expect(deliverAll()).rejects.toThrow('could be delivered');
    expect(await presenceFacts()).toEqual([]);
    workers.areAway = false;
    await deliverAll();
    expect(await presenceFacts()).toEqual([`participant_joined ${at('10:01')}`]);
  });

  it('waits while the audition is open and has no workflow', async () => {
    const { receive, report, deliverAll, rows, presenceFacts } = await setup([]);
    await receive(report('joined', '10:01'));
    await deliverAll();
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'audition_stopped' }]);
    expect(await presenceFacts()).toEqual([]);
  });
});
