import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ada, facts, item, requested, slot, until } from '../../tests/harness/audition-facts.ts';
import { type ConnectionId, type ParticipantId, participantIdSchema } from '../ids.ts';
import { toInstant } from '../time/epoch.ts';
import type { AuditionEvent, AuditionFact } from './events.ts';
import { isToFormerAddress } from './notice-address.ts';
import type { SkippedEventView } from './skipped-events.ts';
import { auditionStates } from './states.ts';
import { isFactAllowed } from './transitions.ts';
import { type AuditionView, createView, foldEvent, foldEvents, IllegalTransition } from './view.ts';

const numbered = (all: readonly AuditionFact[]): readonly AuditionEvent[] =>
  all.map((fact, index) => ({ sequence: index + 1, at: toInstant(index * 1000), correlationId: 'c', fact }));

const lived = (...types: readonly (keyof typeof facts)[]): AuditionView =>
  foldEvents(numbered([requested, ...types.map((type) => facts[type])]));

const generations = (...more: readonly AuditionFact[]) =>
  more
    .reduce(
      (view, fact) =>
        foldEvent(view, { sequence: view.sequence + 1, at: toInstant(0), correlationId: 'c', fact }),
      lived('holding_started', 'slot_held', 'scheduled', 'participant_added'),
    )
    .participants.map(({ generation }) => generation);

const written = (
  participant: ParticipantId,
  connection: ConnectionId,
  sharedBy?: ParticipantId[],
): AuditionFact => ({
  type: 'calendar_event_written',
  participant,
  provider: 'google',
  connection,
  eventId: 'event',
  ...(sharedBy ? { sharedBy } : {}),
});

const skippedAs = (of: SkippedEventView): AuditionFact => ({
  type: 'step_skipped',
  step: 'calendar_event',
  detail: 'Skipped.',
  event: { ...of, sharedBy: of.sharedBy && [...of.sharedBy] },
});

const anyFacts = fc.array(fc.constantFrom(...Object.values(facts)), { maxLength: 40 });

const foldedOrRefused = (view: AuditionView, event: AuditionEvent): AuditionView | 'refused' => {
  try {
    return foldEvent(view, event);
  } catch (error) {
    if (error instanceof IllegalTransition) return 'refused';
    throw error;
  }
};

const sentTo = (addressNumber: number) => ({ participant: ada, channel: 'email', addressNumber }) as const;

const isFormer = (view: AuditionView, addressNumber: number) =>
  [sentTo(addressNumber), { ...sentTo(addressNumber), channel: 'sms' as const }].map((notice) =>
    isToFormerAddress(view, notice),
  );

const afterRequest = (...more: readonly AuditionFact[]) => foldEvents(numbered([requested, ...more]));

/** Keeps the candidates that the table allows: a trail that the workflow could have recorded. */
const legalTrail = (candidates: readonly AuditionFact[]): readonly AuditionEvent[] => {
  const legalEvents = [...numbered([requested])];
  for (const fact of candidates) {
    if (!isFactAllowed(foldEvents(legalEvents).state, fact.type)) continue;
    legalEvents.push({
      sequence: legalEvents.length + 1,
      at: toInstant(legalEvents.length * 1000),
      correlationId: 'c',
      fact,
    });
  }
  return legalEvents;
};

describe('the view of an audition', () => {
  it('follows the transition table for any facts in any order', () => {
    fc.assert(
      fc.property(anyFacts, (candidates) => {
        let view = createView({ sequence: 1, at: toInstant(0), correlationId: 'c', fact: requested });
        for (const fact of candidates) {
          const event = { sequence: view.sequence + 1, at: toInstant(0), correlationId: 'c', fact };
          const next = foldedOrRefused(view, event);
          expect(next === 'refused').toBe(!isFactAllowed(view.state, fact.type));
          view = next === 'refused' ? view : next;
          expect(auditionStates).toContain(view.state);
          expect(view.outcome !== undefined).toBe(view.state === 'closed');
        }
      }),
    );
  });

  it('stays closed with its first outcome until it is reopened', () => {
    const withoutReopening = anyFacts.map((all) => all.filter(({ type }) => !type.startsWith('reopened')));
    fc.assert(
      fc.property(anyFacts, withoutReopening, (before, after) => {
        const closed = foldEvents([...legalTrail([...before, facts.cancelled])]);
        const later = foldEvents(legalTrail([...before, facts.cancelled, ...after]));
        expect(later).toMatchObject({ state: 'closed', outcome: closed.outcome });
      }),
    );
  });

  it('is the same when folded from all events or event by event', () => {
    fc.assert(
      fc.property(anyFacts, fc.nat(), (candidates, cut) => {
        const legalEvents = legalTrail(candidates);
        const first = legalEvents.slice(0, 1 + (cut % legalEvents.length));
        const incremental = legalEvents.slice(first.length).reduce(foldEvent, foldEvents(first));
        expect(incremental).toEqual(foldEvents(legalEvents));
        expect(JSON.parse(JSON.stringify(incremental))).toEqual(incremental);
      }),
    );
  });

  it('reaches the decision from the request', () => {
    const view = lived(
      'holding_started',
      'slot_held',
      'scheduled',
      'confirmed',
      'session_started',
      'session_ended',
      'decided',
    );
    expect(view).toMatchObject({ state: 'closed', outcome: 'callback', next: 'aud_2', revision: 1, slot });
  });
});

const declinedBy = (origin: 'link' | 'email', ...after: readonly AuditionFact[]) => {
  const declined = { ...facts.responded, answer: 'declined', origin } as const;
  const before = [facts.holding_started, facts.slot_held, facts.scheduled];
  return foldEvents(legalTrail([...before, declined, ...after])).participants[0];
};

const reported = (status: 'sent' | 'delivered' | 'failed' | 'bounced'): AuditionFact => ({
  ...facts.delivery_reported,
  status,
});

describe('the fold', () => {
  const scheduled = ['holding_started', 'slot_held', 'scheduled'] as const;

  it('requires a request as the first event', () => {
    expect(() => foldEvents([])).toThrow(RangeError);
    expect(() => foldEvents(numbered([facts.scheduled]))).toThrow(IllegalTransition);
  });

  it('refuses gaps and repetitions in the sequence numbers', () => {
    const view = lived('holding_started');
    for (const sequence of [2, 4]) {
      const event = { sequence, at: until, correlationId: 'c', fact: facts.notified } as const;
      expect(() => foldEvent(view, event)).toThrow(RangeError);
    }
  });

  it('resets the answers when the slot moves', () => {
    expect(lived(...scheduled, 'responded').participants[0]?.answer).toBe('accepted');
    expect(lived(...scheduled, 'responded', 'slot_moved').participants[0]?.answer).toBe('none');
    expect(lived(...scheduled, 'slot_moved')).toMatchObject({ state: 'scheduling', revision: 2 });
  });

  it('knows whether a calendar program has declined, until another email puts the entry back', () => {
    expect(declinedBy('email')).toMatchObject({ entryDeclined: true, answeredAt: toInstant(4000) });
    expect(declinedBy('link')?.entryDeclined).toBeUndefined();
    expect(declinedBy('email', facts.notified)?.entryDeclined).toBeUndefined();
  });

  it('knows again how a participant has declined, when a move is reverted', () => {
    const answeredAt = toInstant(4000);
    const answer = { participant: ada, answer: 'declined', answeredAt, entryDeclined: true } as const;
    const [participant] = foldEvents(
      numbered([
        facts.requested,
        facts.holding_started,
        facts.slot_held,
        facts.scheduled,
        facts.slot_moved,
        { ...facts.move_reverted, answers: [answer] },
      ]),
    ).participants;
    expect(participant).toMatchObject({ answer: 'declined', answeredAt, entryDeclined: true });
  });

  it('knows the label of the email that makes the calendar entry, until an email with it is sent', () => {
    const due: AuditionFact = {
      type: 'responded',
      participant: ada,
      answer: 'accepted',
      origin: 'link',
      entryDue: 'r1:rejoined-7',
    };
    const labelAfter = (...more: readonly AuditionFact[]) =>
      foldEvents(
        numbered([facts.requested, facts.holding_started, facts.slot_held, facts.scheduled, due, ...more]),
      ).participants[0]?.entryDue;
    expect(labelAfter()).toBe('r1:rejoined-7');
    expect(labelAfter(facts.slot_moved)).toBe('r1:rejoined-7');
    expect(labelAfter(facts.slot_moved, { ...facts.notified, notice: 'update' })).toBeUndefined();
  });

  it('knows the overridden conflicts of the present slot only, and those of the old slot when a move is reverted', () => {
    const overridden = [{ kind: 'blackout' as const, participants: [ada], start: slot.start, end: slot.end }];
    const held = { ...facts.slot_held, overridden };
    const after = (...more: readonly AuditionFact[]) =>
      foldEvents(numbered([facts.requested, facts.holding_started, held, facts.scheduled, ...more]))
        .overridden;
    expect(after()).toEqual(overridden);
    expect(after(facts.slot_moved)).toBeUndefined();
    expect(after(facts.slot_moved, { ...facts.move_reverted, overridden })).toEqual(overridden);
  });

  it('keeps one event for each calendar and one notice for each delivery', () => {
    expect(lived('calendar_event_written', 'calendar_event_written').calendarEvents).toHaveLength(1);
    expect(lived('notified', 'notified').notices).toHaveLength(1);
  });

  it('knows whether a notice was sent to the present address of its recipient', () => {
    const member = { id: ada, kind: 'performer', zone: 'Europe/Paris', required: true } as const;
    const added = { type: 'participant_added', participant: member } as const;
    const readdressed = {
      ...added,
      isSamePerson: true,
      readdressed: { channels: ['email' as const], number: 2 },
    };
    expect(isFormer(afterRequest(), 0)).toEqual([false, false]);
    expect(isFormer(afterRequest(readdressed), 0)).toEqual([true, false]);
    expect(isFormer(afterRequest(readdressed), 2)).toEqual([false, true]);
    expect(isFormer(afterRequest(readdressed, { ...added, isSamePerson: true }), 0)).toEqual([true, false]);
    expect(isFormer(afterRequest(readdressed, { ...added, generation: 3 }), 3)).toEqual([false, false]);
    const removed = afterRequest({ type: 'participant_removed', participant: ada });
    expect(isToFormerAddress(removed, { participant: ada, channel: 'email' })).toBe(true);
  });

  it('keeps the skipped event of a person whose details are corrected', () => {
    const member = { id: ada, kind: 'performer', zone: 'Europe/Paris', required: true } as const;
    const event = { participant: ada, connection: 'conn_1' } as const;
    const skipped = { type: 'step_skipped', step: 'calendar_event', detail: 'Skipped.', event } as const;
    const added = { type: 'participant_added', participant: member } as const;
    expect(afterRequest(skipped, { ...added, isSamePerson: true }).skippedEvents).toEqual([event]);
    expect(afterRequest(skipped, added).skippedEvents).toBeUndefined();
  });

  it('keeps for whom the event of a skipped one’s connection was written since', () => {
    const event = { participant: ada, connection: 'conn_1' } as const;
    const skipped = { type: 'step_skipped', step: 'calendar_event', detail: 'Skipped.', event } as const;
    const reader = participantIdSchema.parse('reader-2');
    const among = (...more: readonly AuditionFact[]) =>
      afterRequest(facts.participant_added, skipped, ...more).skippedEvents;
    expect(among(written(reader, 'conn_2'))).toEqual([event]);
    expect(among(written(reader, 'conn_1'), written(reader, 'conn_1'))).toEqual([
      { ...event, writtenFor: [reader] },
    ]);
    expect(among(written(reader, 'conn_1'), written(ada, 'conn_1'))).toBeUndefined();
    expect(among(written(reader, 'conn_1'), skipped)).toEqual([event]);
  });

  it('keeps the skipped event of a shared calendar for those into whose calendar it was not written', () => {
    const reader = participantIdSchema.parse('reader-2');
    const agent = participantIdSchema.parse('agent-3');
    const event = { participant: ada, connection: 'conn_1', sharedBy: [reader] } as const;
    const among = (...more: readonly AuditionFact[]) =>
      afterRequest(facts.participant_added, skippedAs(event), ...more).skippedEvents;
    const left = [{ participant: reader, connection: 'conn_1', sharedBy: [] }];
    expect(among(written(ada, 'conn_1', []))).toEqual(left);
    expect(among(written(ada, 'conn_1', [agent]))).toEqual(left);
    expect(among(written(agent, 'conn_1', []))).toEqual([event]);
    expect(among(written(ada, 'conn_1', []), written(reader, 'conn_1', []))).toBeUndefined();
    expect(among(written(reader, 'conn_1', [ada]))).toBeUndefined();
    expect(among(written(ada, 'conn_1'))).toBeUndefined();
    expect(among({ type: 'participant_removed', participant: ada })).toEqual(left);
    expect(among({ type: 'participant_removed', participant: reader })).toEqual([{ ...event, sharedBy: [] }]);
    const own = { participant: ada, connection: 'conn_2' } as const;
    expect(among(skippedAs(own))).toEqual([...left, own]);
  });

  it('never returns a delivery to an earlier status', () => {
    const view = foldEvents(numbered([requested, facts.notified, reported('delivered'), reported('sent')]));
    expect(view.notices[0]?.status).toBe('delivered');
    const bounced = foldEvents(
      numbered([
        requested,
        facts.notified,
        reported('delivered'),
        reported('bounced'),
        reported('delivered'),
      ]),
    );
    expect(bounced.notices[0]?.status).toBe('bounced');
  });

  it('returns a delivery from failed to delivered: such a fact says that a message arrived after it was given up', () => {
    const view = foldEvents(
      numbered([requested, facts.notified, reported('failed'), reported('sent'), reported('delivered')]),
    );
    expect(view.notices[0]?.status).toBe('delivered');
  });

  it('forgets what was undone when it is reopened for a session', () => {
    const view = lived(
      ...scheduled,
      'meeting_created',
      'calendar_event_written',
      'cancelled',
      'reopened_for_session',
    );
    expect(view).toMatchObject({ state: 'scheduling', revision: 4, announcedAs: [4], calendarEvents: [] });
    expect(view.meeting).toBeUndefined();
    expect(view.outcome).toBeUndefined();
  });

  it('forgets what an early decision has undone when the decision is reopened', () => {
    const booked = [...scheduled, 'meeting_created', 'calendar_event_written'] as const;
    const undone = lived(...booked, 'decided', 'reopened_for_decision');
    expect([undone.meeting, undone.calendarEvents]).toEqual([undefined, []]);
    const begun = lived(...booked, 'checked_in', 'session_started', 'decided', 'reopened_for_decision');
    expect([begun.meeting?.id, begun.calendarEvents.length]).toEqual(['1', 1]);
  });

  it('has the answer of the room in whatever order it arrives, until the slot moves', () => {
    expect(lived('room_booked').roomBooking?.answer).toBe('pending');
    expect(lived('room_booked', 'room_answered').roomBooking?.answer).toBe('accepted');
    expect(lived('room_answered', 'room_booked').roomBooking?.answer).toBe('accepted');
    expect(lived(...scheduled, 'room_booked', 'room_answered', 'slot_moved').roomBooking).toBeUndefined();
  });

  it('has no link of a meeting that is lost', () => {
    expect(lived('meeting_created', 'meeting_lost').meeting).toBeUndefined();
  });

  it('changes the cast', () => {
    const added = lived('participant_added');
    expect(added.participants.map(({ id }) => id)).toEqual(['ada', 'reader-2']);
    expect(lived('participant_added', 'participant_removed').participants.map(({ id }) => id)).toEqual([
      'ada',
    ]);
  });

  it('tells people apart who take part under the same id, through moves and changes of details', () => {
    const { participant: member } = facts.participant_added;
    const added = (more: object): AuditionFact => ({
      ...facts.participant_added,
      participant: member,
      ...more,
    });
    expect(generations()).toEqual([undefined, undefined]);
    const second = added({ generation: 2 });
    expect(generations(facts.participant_removed, second, facts.slot_moved)).toEqual([undefined, 2]);
    expect(generations(second, added({ isSamePerson: true }))).toEqual([undefined, 2]);
    expect(generations(second, added({ generation: 5 }))).toEqual([undefined, 5]);
  });

  it('has no event of a participant who has left meanwhile', () => {
    const written = {
      ...facts.calendar_event_written,
      participant: facts.participant_added.participant.id,
    };
    const left = lived(
      'holding_started',
      'slot_held',
      'scheduled',
      'participant_added',
      'participant_removed',
    );
    const event = { sequence: left.sequence + 1, at: toInstant(0), correlationId: 'c', fact: written };
    expect(foldEvent(left, event).calendarEvents).toEqual([]);
  });

  it('ignores the consent of a person who has left, and counts a withdrawal of an earlier version', () => {
    const { participant: member } = facts.participant_added;
    const of = (more: object): AuditionFact => ({
      ...facts.recording_consented,
      participant: member.id,
      ...more,
    });
    const consentAfter = (...more: readonly AuditionFact[]) => {
      const added: AuditionFact = { ...facts.participant_added, generation: 2 };
      const view = [added, ...more].reduce(
        (before, fact) =>
          foldEvent(before, { sequence: before.sequence + 1, at: toInstant(0), correlationId: 'c', fact }),
        lived('holding_started', 'slot_held', 'scheduled'),
      );
      return view.participants.find(({ id }) => id === member.id)?.recordingConsent;
    };
    expect(consentAfter(of({ consent: 'given' }))).toBeUndefined();
    expect(consentAfter(of({ consent: 'given', generation: 1 }))).toBeUndefined();
    const given = of({ consent: 'given', generation: 2 });
    expect(consentAfter(given)).toBe('given');
    expect(consentAfter(given, of({ consent: 'withdrawn', generation: 1 }))).toBe('given');
    expect(consentAfter(given, of({ consent: 'withdrawn' }))).toBe('withdrawn');
  });

  it('keeps an attention item until it is resolved, overdue or not', () => {
    expect(lived('attention_raised', 'attention_overdue').attention).toEqual([{ ...item, overdue: true }]);
    expect(lived('attention_raised', 'attention_resolved').attention).toEqual([]);
  });
});
