/** Claims slots with the activity, for auditions whose participant has a calendar of this test only. */
import { randomUUID } from 'node:crypto';
import type { ClaimSlotInput, ClaimSlotResult } from '../../activities/contract.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import {
  type Participant,
  participantSchema,
  type WritableCalendarRef,
} from '../../domain/audition/request.ts';
import type { Slot, SlotSpec } from '../../domain/audition/slot.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { hour } from '../../domain/time/units.ts';
import type { Providers } from '../../providers/ports.ts';
import { type ActivityHarnessOptions, useActivityHarness } from './activity-harness.ts';
import { numbered, requested, trail } from './audition-trail.ts';

export const primary: WritableCalendarRef = {
  provider: 'google',
  connection: 'conn_1',
  calendarId: 'primary',
};

/** A Tuesday. */
export const slot: Slot = {
  start: '2031-07-01T10:00:00.000Z',
  end: '2031-07-01T10:30:00.000Z',
  zone: 'Europe/Paris',
};
export const fixed = (at: Slot = slot): SlotSpec => ({ kind: 'fixed', slot: at });
export const window = (change: Partial<Extract<SlotSpec, { kind: 'window' }>> = {}): SlotSpec => ({
  kind: 'window',
  earliest: '2031-06-30T22:00:00.000Z',
  latest: '2031-07-07T22:00:00.000Z',
  durationMinutes: 30,
  zone: 'Europe/Paris',
  ...change,
});

export const person = (change: object = {}): Participant =>
  participantSchema.parse({
    id: randomUUID(),
    kind: 'performer',
    name: 'Ada',
    zone: 'Europe/Paris',
    channels: ['email'],
    ...change,
  });

type GoogleCalendar = Providers['calendars']['google'];

/** Returns the providers with some methods of Google's calendars replaced. */
export const withGoogleCalendar =
  (replace: (google: GoogleCalendar) => Partial<GoogleCalendar>) =>
  (providers: Providers): Providers => {
    const { google } = providers.calendars;
    return { ...providers, calendars: { ...providers.calendars, google: { ...google, ...replace(google) } } };
  };

/** Call it at the top of a test file. Returns a function that sets up the claims of one test. */
export const useSlotClaims = () => {
  const benchFor = useActivityHarness();
  return async (options: ActivityHarnessOptions = {}) => {
    const bench = await benchFor(options);
    const { activities, repositories, auditionId } = bench;
    // An account of this test: the holds of the other tests stay in the database.
    const account = `${randomUUID()}@example.com`;
    await repositories.connections.put({
      id: 'conn_1',
      organization: 'org_1',
      provider: 'google',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    const claim = (change: Partial<ClaimSlotInput> & { readonly auditionId?: AuditionId } = {}) => {
      const id = change.auditionId ?? auditionId;
      const facts: readonly AuditionFact[] = [requested(id, 'org_1'), { type: 'holding_started' }];
      return activities.claimSlot({
        organization: 'org_1',
        auditionId: id,
        correlationId: 'corr-1',
        trail: numbered(trail(facts)),
        wish: fixed(),
        claim: 1,
        participants: [person({ calendar: primary })],
        calendars: [primary],
        busy: [],
        reminders: [hour],
        heldAs: 3,
        ...change,
      });
    };
    return {
      ...bench,
      claim,
      /** Claims for an audition that already has a slot. */
      claimAgain: (change: Partial<ClaimSlotInput> = {}) =>
        claim({ trail: bench.about.trail, claim: 2, heldAs: undefined, ...change }),
      writeEvent: (at: Slot, id = auditionId) =>
        activities.writeEvent({
          ...bench.about,
          auditionId: id,
          trail: numbered(trail([requested(id, 'org_1')])),
          key: `audition/${id}:event`,
          participant: person().id,
          calendar: primary,
          content: { slot: at, revision: 1, summary: 'Captain', description: '' },
        }),
      other: () => `aud_${randomUUID()}` as const,
      held: async (id = auditionId) => (await repositories.holds.claims(id)).held,
      factsOf: async (id = auditionId) =>
        (await repositories.events.read('org_1', id, { after: 0, limit: 100 })).map(({ fact }) => fact),
      addBusy: (
        start: Slot['start'],
        end: Slot['end'],
        more: Partial<Parameters<typeof bench.addBusy>[0]> = {},
      ) => bench.addBusy({ account, start, end, ...more }),
      account,
    };
  };
};

/** Returns the start of the slot that was held, or the refusal. */
export const startOf = (result: ClaimSlotResult) => (result.kind === 'held' ? result.slot.start : result);
