import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { participantIdSchema, projectIdSchema, roleIdSchema } from '../ids.ts';
import { toInstant } from '../time/epoch.ts';
import type { AuditionEvent, AuditionFact } from './events.ts';
import { auditionStates } from './states.ts';
import { isFactAllowed } from './transitions.ts';
import { type AuditionView, createView, foldEvent, foldEvents, IllegalTransition } from './view.ts';

const ada = participantIdSchema.parse('ada');
const requested: AuditionFact = {
  type: 'requested',
  auditionId: 'aud_1',
  organization: 'org_1',
  project: projectIdSchema.parse('prj'),
  role: roleIdSchema.parse('role'),
  round: 'first',
  participants: [{ id: ada, kind: 'performer', zone: 'Europe/Paris', required: true }],
};
const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const until = '2026-12-01T08:00:00.000Z';
const item = {
  id: 'att_1',
  step: 'meeting',
  what: 'no meeting',
  hint: 'retry',
  actions: ['retry'],
  raisedAt: until,
  dueAt: until,
  overdue: false,
} satisfies Extract<AuditionFact, { type: 'attention_raised' }>['item'];

/** One of each fact, so that a new fact without a fold or a table row fails here. */
const facts: { readonly [Type in AuditionFact['type']]: Extract<AuditionFact, { type: Type }> } = {
  requested,
  recording_consented: {
    type: 'recording_consented',
    participant: ada,
    consent: 'given',
    origin: 'api',
  },
  recording_stored: {
    type: 'recording_stored',
    recording: 'rec_1',
    provider: 'zoom',
    files: 3,
    bytes: 3_404_000,
  },
  recording_missing: {
    type: 'recording_missing',
    provider: 'zoom',
    meetingId: '1',
    reason: 'never_made',
  },
  recording_deleted: { type: 'recording_deleted', recording: 'rec_1', reason: 'retention' },
  meeting_settings_changed: { type: 'meeting_settings_changed', meetingId: '1', notHonored: [] },
  holding_started: { type: 'holding_started' },
  slot_held: { type: 'slot_held', slot, revision: 1, until },
  slot_refused: { type: 'slot_refused', reason: 'taken' },
  meeting_created: {
    type: 'meeting_created',
    meeting: { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/1' },
  },
  meeting_fell_back: { type: 'meeting_fell_back', from: 'zoom', to: 'google_meet', reason: 'outage' },
  meeting_lost: {
    type: 'meeting_lost',
    meeting: { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/1' },
  },
  backup_announced: { type: 'backup_announced', revision: 1 },
  participant_joined: { type: 'participant_joined', participant: ada, at: until },
  participant_left: { type: 'participant_left', participant: ada, at: until },
  calendar_event_written: {
    type: 'calendar_event_written',
    participant: ada,
    provider: 'google',
    connection: 'conn_1',
    eventId: 'e1',
  },
  room_booked: { type: 'room_booked', provider: 'google', connection: 'conn_room', eventId: 'e1' },
  room_answered: {
    type: 'room_answered',
    provider: 'google',
    connection: 'conn_room',
    answer: 'accepted',
  },
  session_block_changed: {
    type: 'session_block_changed',
    block: 'blk_1',
    version: 2,
    change: 'no_session',
  },
  calendar_changed: {
    type: 'calendar_changed',
    participant: ada,
    provider: 'google',
    connection: 'conn_1',
    change: 'deleted',
  },
  notified: {
    type: 'notified',
    participant: ada,
    channel: 'email',
    notice: 'invitation',
    revision: 1,
    deliveryId: 'd1',
  },
  scheduled: { type: 'scheduled' },
  responded: { type: 'responded', participant: ada, answer: 'accepted', origin: 'link' },
  answer_ignored: {
    type: 'answer_ignored',
    participant: ada,
    answer: 'declined',
    origin: 'email',
    revision: 1,
    reason: 'answer_superseded',
  },
  time_proposed: { type: 'time_proposed', participant: ada, origin: 'email' },
  confirmed: { type: 'confirmed' },
  confirmation_lost: { type: 'confirmation_lost' },
  slot_moved: { type: 'slot_moved', slot, revision: 2, until, origin: 'api' },
  move_reverted: {
    type: 'move_reverted',
    slot,
    revision: 3,
    until,
    reason: 'outage',
    announcedAs: [1],
    answers: [{ participant: ada, answer: 'accepted' }],
  },
  move_refused: { type: 'move_refused', code: 'slot_taken', reason: 'busy' },
  delivery_reported: {
    type: 'delivery_reported',
    participant: ada,
    channel: 'email',
    deliveryId: 'd1',
    status: 'sent',
  },
  reminder_dropped: {
    type: 'reminder_dropped',
    offsetMs: 3_600_000,
    participants: [ada],
    reason: 'overdue',
  },
  participant_added: {
    type: 'participant_added',
    participant: {
      id: participantIdSchema.parse('reader-2'),
      kind: 'reader',
      zone: 'Europe/Paris',
      required: false,
    },
  },
  participant_removed: { type: 'participant_removed', participant: participantIdSchema.parse('reader-2') },
  checked_in: { type: 'checked_in', participant: ada },
  session_started: { type: 'session_started', origin: 'api' },
  session_ended: { type: 'session_ended', origin: 'api' },
  decided: { type: 'decided', decision: 'callback', next: 'aud_2' },
  reopened_for_decision: { type: 'reopened_for_decision', origin: 'api', reason: 'mistake' },
  reopened_for_session: { type: 'reopened_for_session', origin: 'api', slot, revision: 4 },
  taken_over: { type: 'taken_over', cause: 'reset' },
  step_skipped: { type: 'step_skipped', step: 'meeting', detail: 'by hand' },
  compensated: { type: 'compensated', step: 'meeting', result: 'undone' },
  attention_raised: { type: 'attention_raised', item },
  attention_overdue: { type: 'attention_overdue', id: 'att_1', dueAt: until },
  attention_resolved: { type: 'attention_resolved', id: 'att_1', action: 'retry', by: 'op' },
  declined: { type: 'declined', participant: ada },
  no_show: { type: 'no_show' },
  cancelled: { type: 'cancelled', origin: 'api' },
  failed: { type: 'failed', code: 'internal', reason: 'step failed' },
};

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

const anyFacts = fc.array(fc.constantFrom(...Object.values(facts)), { maxLength: 40 });

const foldedOrRefused = (view: AuditionView, event: AuditionEvent): AuditionView | 'refused' => {
  try {
    return foldEvent(view, event);
  } catch (error) {
    if (error instanceof IllegalTransition) return 'refused';
    throw error;
  }
};

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

  it('never returns a delivery to an earlier status', () => {
    const reported = (status: 'sent' | 'delivered' | 'failed'): AuditionFact => ({
      ...facts.delivery_reported,
      status,
    });
    const view = foldEvents(numbered([requested, facts.notified, reported('delivered'), reported('sent')]));
    expect(view.notices[0]?.status).toBe('delivered');
    const bounced = foldEvents(
      numbered([requested, facts.notified, reported('delivered'), reported('failed'), reported('delivered')]),
    );
    expect(bounced.notices[0]?.status).toBe('failed');
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
