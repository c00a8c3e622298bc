/** Builds audition events for tests that store and read them: fixed ones, and random ones that the transitions allow. */
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AuditionEvent, AuditionFact } from '../../domain/audition/events.ts';
import type { TrailPosition } from '../../domain/audition/trail-facts.ts';
import { isFactAllowed } from '../../domain/audition/transitions.ts';
import { createView, foldEvent } from '../../domain/audition/view.ts';
import {
  type AuditionId,
  type OrganizationId,
  participantIdSchema,
  projectIdSchema,
  roleIdSchema,
} from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';

const performer = participantIdSchema.parse('performer-1');
const until: Instant = '2027-03-01T09:00:00.000Z';

const slotOn = (day: string) =>
  ({ start: `${day}T10:00:00.000Z`, end: `${day}T10:30:00.000Z`, zone: 'Europe/Paris' }) as const;

/** Returns a new random ID, so that tests can share a database. */
export const newAuditionId = (): AuditionId => `aud_${randomBytes(8).toString('hex')}`;

type Requested = Extract<AuditionFact, { type: 'requested' }>;

/** Returns the first fact of an audition. */
export const requested = (
  auditionId: AuditionId,
  organization: OrganizationId = 'org_north',
  { project = 'project-1', role = 'role-1' }: { readonly project?: string; readonly role?: string } = {},
): Requested => ({
  type: 'requested',
  auditionId,
  organization,
  project: projectIdSchema.parse(project),
  role: roleIdSchema.parse(role),
  round: 'first',
  participants: [{ id: performer, kind: 'performer', zone: 'Europe/Paris', required: true }],
});

/** An agent who is added to an audition. */
export const agent = participantIdSchema.parse('agent-1');
export const agentAdded: AuditionFact = {
  type: 'participant_added',
  participant: { id: agent, kind: 'agent', zone: 'Europe/London', required: false },
};

/** Returns the facts as events, one per second from `startMs` (epoch milliseconds) on. */
export const trail = (
  facts: readonly AuditionFact[],
  { from = 1, startMs = Date.UTC(2026, 10, 24) }: { readonly from?: number; readonly startMs?: number } = {},
): readonly AuditionEvent[] =>
  facts.map((fact, index) => ({
    sequence: from + index,
    at: toInstant(startMs + (from + index) * 1000),
    correlationId: 'correlation-1',
    fact,
  }));

/** Returns the events as facts that a workflow records. The number of each is its sequence. */
export const numbered = (events: readonly AuditionEvent[]): TrailPosition => ({
  facts: events.map(({ sequence, at, correlationId, fact }) => ({
    number: sequence,
    at,
    correlationId,
    fact,
  })),
  number: events.at(-1)?.sequence ?? 0,
});

/** Stores the events, as the run `run-1` of the audition's workflow does. */
export const storeEvents = async (
  store: Pick<EventStore, 'append'>,
  auditionId: AuditionId,
  events: readonly AuditionEvent[],
): Promise<void> => {
  await store.append({ auditionId, run: 'run-1', position: numbered(events) });
};

/** Returns an attention item about a failed Zoom meeting. */
export const attentionItem = (id: AttentionItem['id'], more: Partial<AttentionItem> = {}): AttentionItem => ({
  id,
  step: 'meeting',
  what: 'Zoom is not answering',
  hint: 'try again or enter a link of your own',
  actions: ['retry', 'override'],
  raisedAt: until,
  dueAt: until,
  overdue: false,
  ...more,
});

/** Returns the facts of an audition up to `scheduled` (6 facts). */
export const factsUntilScheduled = (
  auditionId: AuditionId,
  organization?: OrganizationId,
  day = '2027-03-01',
): readonly AuditionFact[] => [
  requested(auditionId, organization),
  { type: 'holding_started' },
  { type: 'slot_held', slot: slotOn(day), revision: 1, until },
  { type: 'meeting_created', meeting: { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1' } },
  {
    type: 'calendar_event_written',
    participant: performer,
    provider: 'google',
    connection: 'conn_performer',
    eventId: 'event-1',
  },
  { type: 'scheduled' },
];

const possible = (auditionId: AuditionId): readonly AuditionFact[] => [
  ...factsUntilScheduled(auditionId).slice(1),
  { type: 'meeting_fell_back', from: 'zoom', to: 'google_meet', reason: 'outage: "quoted" \\ 日本 🎭' },
  {
    type: 'notified',
    participant: performer,
    channel: 'email',
    notice: 'invitation',
    revision: 1,
    deliveryId: 'd1',
  },
  {
    type: 'delivery_reported',
    participant: performer,
    channel: 'email',
    deliveryId: 'd1',
    status: 'delivered',
  },
  { type: 'responded', participant: performer, answer: 'accepted', origin: 'link' },
  { type: 'responded', participant: performer, answer: 'declined', origin: 'link', finalAt: until },
  { type: 'reminder_dropped', offsetMs: 3_600_000, participants: [performer], reason: 'overdue' },
  { type: 'meeting_lost', meeting: { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1' } },
  { type: 'participant_removed', participant: performer },
  { type: 'confirmed' },
  { type: 'confirmation_lost' },
  { type: 'slot_moved', slot: slotOn('2027-03-02'), revision: 2, until, origin: 'api' },
  {
    type: 'move_reverted',
    slot: slotOn('2027-03-01'),
    revision: 3,
    until,
    reason: 'taken',
    announcedAs: [1],
    answers: [],
  },
  { type: 'attention_raised', item: attentionItem(`att_${auditionId}_1`) },
  {
    type: 'attention_raised',
    item: attentionItem(`att_${auditionId}_2`, { code: 'reconnect', connection: 'conn_performer' }),
  },
  { type: 'attention_overdue', id: `att_${auditionId}_1`, dueAt: until },
  { type: 'attention_resolved', id: `att_${auditionId}_1`, action: 'retry', by: 'operator-1' },
  { type: 'attention_resolved', id: `att_${auditionId}_2`, action: 'withdrawn', by: 'operator-1' },
  { type: 'session_started', origin: 'api' },
  { type: 'session_ended', origin: 'api' },
  { type: 'decided', decision: 'callback', next: 'aud_next' },
  { type: 'cancelled', origin: 'api' },
  { type: 'reopened_for_decision', origin: 'operator' },
  { type: 'reopened_for_session', origin: 'operator', slot: slotOn('2027-03-03'), revision: 4 },
];

/** Generates random histories of one audition: any facts in any order that the transition table allows. */
export const auditionHistories = (auditionId: AuditionId): fc.Arbitrary<readonly AuditionEvent[]> =>
  fc
    .array(fc.constantFrom(...possible(auditionId)), { maxLength: 40 })
    .map((wishes) => trail(onlyLegal(auditionId, wishes)));

const onlyLegal = (auditionId: AuditionId, wishes: readonly AuditionFact[]): readonly AuditionFact[] => {
  const life: AuditionFact[] = [requested(auditionId)];
  let view = trail(life).map(createView)[0];
  for (const fact of wishes) {
    if (!view || !isFactAllowed(view.state, fact.type) || isRaisedAlready(view.attention, fact)) continue;
    life.push(fact);
    view = trail([fact], { from: life.length }).reduce(foldEvent, view);
  }
  return life;
};

const isRaisedAlready = (open: readonly AttentionItem[], fact: AuditionFact): boolean =>
  fact.type === 'attention_raised' && open.some(({ id }) => id === fact.item.id);
