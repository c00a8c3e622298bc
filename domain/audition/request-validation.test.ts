import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { defaultPolicy } from './policy.ts';
import { auditionRequestSchema } from './request.ts';
import { type PlanContext, planAudition, validateSlot } from './request-validation.ts';

const admission: PlanContext = {
  id: 'aud_1',
  organization: 'org_1',
  now: '2026-11-01T12:00:00.000Z',
  correlationId: 'corr-1',
  defaultMeetingProviders: ['google_meet'],
};

const performer = {
  id: 'per-1',
  kind: 'performer',
  name: 'Ada',
  email: 'ada@example.com',
  phone: '+33612345678',
  zone: 'Europe/Paris',
  channels: ['email', 'sms'],
};
const director = {
  id: 'cd-1',
  kind: 'casting_director',
  name: 'Grace',
  email: 'grace@example.com',
  zone: 'America/New_York',
  channels: ['email'],
};
const slot = { start: '2026-12-01T10:00', end: '2026-12-01T10:30', zone: 'Europe/Paris' };
const windowWish = {
  earliest: '2026-12-01T09:00',
  latest: '2026-12-01T18:00',
  durationMinutes: 30,
  zone: 'Europe/Paris',
};

const request = (changes: Record<string, unknown> = {}) =>
  auditionRequestSchema.parse({
    project: { id: 'prj-1', title: 'Nightfall' },
    role: { id: 'role-1', name: 'Captain' },
    slot,
    participants: [performer, director],
    meeting: { providers: ['zoom', 'google_meet', 'zoom'] },
    ...changes,
  });

const admit = (changes: Record<string, unknown> = {}, over: Partial<PlanContext> = {}) =>
  planAudition(request(changes), { ...admission, ...over });

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('an admitted request', () => {
  it('has instants for times and milliseconds for durations', () => {
    const plan = admit({ reminders: ['PT1H', 'P1D', 'PT24H'], policy: { answerWithin: 'PT36H' } });
    expect(plan.wish).toEqual({
      kind: 'fixed',
      slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
    });
    expect(plan.reminders).toEqual([86_400_000, 3_600_000]);
    expect(plan.policy).toEqual({ ...defaultPolicy, answerWithin: 36 * 3_600_000 });
    expect(plan).toMatchObject({ id: 'aud_1', organization: 'org_1', correlationId: 'corr-1' });
  });

  it('names each meeting provider once, in the order of the request', () => {
    expect(admit().meetingProviders).toEqual(['zoom', 'google_meet']);
  });

  it('takes the providers of the organization when it names neither meeting nor room', () => {
    expect(admit({ meeting: undefined }).meetingProviders).toEqual(['google_meet']);
  });

  it('has no meeting when it takes place in a room', () => {
    expect(admit({ meeting: undefined, slot: { ...slot, room: 'Studio 2' } }).meetingProviders).toEqual([]);
  });

  it('opens a window that has begun at the next full minute', () => {
    const now = '2026-12-01T10:00:30.000Z';
    expect(admit({ slot: windowWish }, { now }).wish).toEqual({
      kind: 'window',
      earliest: '2026-12-01T10:01:00.000Z',
      latest: '2026-12-01T17:00:00.000Z',
      durationMinutes: 30,
      zone: 'Europe/Paris',
    });
    expect(admit({ slot: windowWish }).wish).toMatchObject({ earliest: '2026-12-01T08:00:00.000Z' });
  });

  it("may carry Twilio's test numbers, which no numbering plan knows", () => {
    expect(() => admit({ participants: [{ ...performer, phone: '+15005550006' }] })).not.toThrow();
  });
});

describe('a request is refused', () => {
  const withPerformer = (changes: Record<string, unknown>) => ({
    participants: [director, { ...performer, ...changes }],
  });

  it.each<[string, Record<string, unknown>, string, string[]]>([
    ['zone of the slot', { slot: { ...slot, zone: 'Mars/Base' } }, 'unknown_zone', ['/slot/zone']],
    ['zone of a person', withPerformer({ zone: '+01:00' }), 'unknown_zone', ['/participants/1/zone']],
    [
      'start in a DST gap',
      { slot: { ...slot, start: '2027-03-28T02:30', end: '2027-03-28T03:30' } },
      'local_time_in_gap',
      ['/slot/start'],
    ],
    [
      'end in a DST overlap',
      { slot: { ...slot, start: '2027-10-31T01:30', end: '2027-10-31T02:30' } },
      'local_time_ambiguous',
      ['/slot/end'],
    ],
    [
      'slot in the past',
      { slot: { ...slot, start: '2026-10-01T10:00', end: '2026-10-01T11:00' } },
      'slot_in_the_past',
      ['/slot/start'],
    ],
    [
      'end before start',
      { slot: { ...slot, end: '2026-12-01T09:59' } },
      'slot_ends_before_start',
      ['/slot/start', '/slot/end'],
    ],
    [
      'end at the start',
      { slot: { ...slot, end: slot.start } },
      'slot_ends_before_start',
      ['/slot/start', '/slot/end'],
    ],
    ['longer than a day', { slot: { ...slot, end: '2026-12-02T10:01' } }, 'slot_too_long', ['/slot/end']],
    [
      'window backwards',
      { slot: { ...windowWish, latest: '2026-12-01T08:00' } },
      'slot_ends_before_start',
      ['/slot/earliest', '/slot/latest'],
    ],
    [
      'window over',
      { slot: { ...windowWish, earliest: '2026-10-31T08:00', latest: '2026-11-01T13:15' } },
      'slot_in_the_past',
      ['/slot/latest'],
    ],
    [
      'window of months',
      { slot: { ...windowWish, latest: '2027-03-01T08:00' } },
      'slot_too_long',
      ['/slot/earliest', '/slot/latest'],
    ],
    [
      'window too narrow',
      { slot: { ...windowWish, latest: '2026-12-01T09:29' } },
      'nothing_free',
      ['/slot/durationMinutes'],
    ],
    [
      'same person twice',
      { participants: [performer, performer] },
      'duplicate_participant',
      ['/participants/1/id'],
    ],
    ['nobody to be seen', { participants: [director] }, 'performer_missing', ['/participants']],
    [
      'email without address',
      withPerformer({ email: undefined }),
      'channel_without_address',
      ['/participants/1/channels', '/participants/1/email'],
    ],
    [
      'SMS without number',
      withPerformer({ phone: undefined }),
      'channel_without_address',
      ['/participants/1/channels', '/participants/1/phone'],
    ],
    [
      'number in no plan',
      withPerformer({ phone: '+33000000000' }),
      'invalid_body',
      ['/participants/1/phone'],
    ],
    ['no such locale', withPerformer({ locale: 'en-x1-x1' }), 'invalid_body', ['/participants/1/locale']],
    ['reminder years ahead', { reminders: ['PT1H', 'P900D'] }, 'invalid_body', ['/reminders/1']],
    [
      'patience of nothing',
      { policy: { stepPatience: 'PT0S' } },
      'duration_too_short',
      ['/policy/stepPatience'],
    ],
    [
      'slot years ahead',
      { slot: { ...slot, start: '2028-11-05T10:00', end: '2028-11-05T10:30' } },
      'slot_too_far_ahead',
      ['/slot/start'],
    ],
    [
      'window years ahead',
      { slot: { ...windowWish, earliest: '2062-12-01T09:00', latest: '2062-12-01T18:00' } },
      'slot_too_far_ahead',
      ['/slot/latest'],
    ],
    ['patience of years', { policy: { holdFor: 'P900D' } }, 'invalid_body', ['/policy/holdFor']],
  ])('for its %s', (_, changes, code, at) => {
    expect(refusalOf(() => admit(changes))).toMatchObject({ code, at });
  });

  it('when it takes place nowhere: no meeting, no room, and an organization without providers', () => {
    const refusal = refusalOf(() => admit({ meeting: undefined }, { defaultMeetingProviders: [] }));
    expect(refusal).toMatchObject({ code: 'meeting_or_room_missing', at: ['/meeting', '/slot/room'] });
  });

  it('without naming a person or a number in its sentences', () => {
    const refusal = refusalOf(() => admit(withPerformer({ phone: '+33000000000' })));
    expect(`${refusal.message} ${refusal.whatToDo}`).not.toMatch(/Ada|\+33000000000/);
  });
});

describe('a slot of its own, as for a reschedule', () => {
  it('says where in the body it stands', () => {
    const late = { ...slot, start: '2026-10-01T10:00', end: '2026-10-01T11:00' };
    expect(refusalOf(() => validateSlot(late, admission.now, '/next/slot')).pointers).toEqual([
      '/next/slot/start',
    ]);
  });

  it('may last 24 hours, also over the night the clock is set back', () => {
    const start = '2027-10-30T12:00';
    expect(() => validateSlot({ ...slot, start, end: '2027-10-31T11:00' }, admission.now)).not.toThrow();
    expect(
      refusalOf(() => validateSlot({ ...slot, start, end: '2027-10-31T11:01' }, admission.now)).code,
    ).toBe('slot_too_long');
  });
});
