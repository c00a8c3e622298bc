import { describe, expect, it } from 'vitest';
import type { SmsCountries } from '../budgets/phone-country.ts';
import { Refusal } from '../errors.ts';
import { phoneRegionSchema } from './phone-number.ts';
import { defaultPolicy } from './policy.ts';
import { auditionRequestSchema, participantSchema } from './request.ts';
import { type PlanContext, planAudition, validateAddition, validateSlot } from './request-validation.ts';

const context: PlanContext = {
  id: 'aud_1',
  organization: 'org_1',
  now: '2026-11-01T12:00:00.000Z',
  correlationId: 'corr-1',
  defaultMeetingProviders: ['google_meet'],
  smsCountries: 'any',
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

const planOf = (changes: Record<string, unknown> = {}, over: Partial<PlanContext> = {}) => {
  const requested = request(changes);
  const schema = participantSchema.extend({ phoneRegion: phoneRegionSchema.optional() });
  const participants = requested.participants.map((participant) => schema.parse(participant));
  return planAudition({ ...requested, participants }, { ...context, ...over });
};

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

const withCalendar = (calendarId: string) =>
  participantSchema.safeParse({
    ...performer,
    calendar: { provider: 'ics', connection: 'conn_1', calendarId },
  });

describe('the calendar of a participant', () => {
  it('has the id primary when it is a feed', () => {
    expect(withCalendar('primary').success).toBe(true);
    const { error } = withCalendar('https://calendar.example.com/basic.ics');
    expect(error?.issues).toMatchObject([{ path: ['calendar', 'calendarId'] }]);
  });
});

describe('the plan of a request', () => {
  it('contains instants for times and milliseconds for durations', () => {
    const plan = planOf({ reminders: ['PT1H', 'P1D', 'PT24H'], policy: { answerWithin: 'PT36H' } });
    expect(plan.wish).toEqual({
      kind: 'fixed',
      slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
    });
    expect(plan.reminders).toEqual([86_400_000, 3_600_000]);
    expect(plan.policy).toEqual({
      ...defaultPolicy,
      answerWithin: 36 * 3_600_000,
      meetingCheck: 15 * 60_000,
    });
    expect(plan).toMatchObject({ id: 'aud_1', organization: 'org_1', correlationId: 'corr-1' });
  });

  it('lists each meeting provider once, in the order of the request', () => {
    expect(planOf().meetingProviders).toEqual(['zoom', 'google_meet']);
  });

  it('contains the settings of the meeting, and those of each round when a round has a template', () => {
    const meeting = { host: 'conn_zoom', settings: { waitingRoom: false } };
    const meetings = {
      templates: { default: { waitingRoom: true, muteOnEntry: true }, callback: { muteOnEntry: false } },
    };
    expect(planOf({ meeting }, { meetings })).toMatchObject({
      meetingProviders: ['google_meet'],
      meetingHost: { kind: 'connection', connection: 'conn_zoom' },
      meetingSettings: { waitingRoom: false, muteOnEntry: true },
      meetingSettingsOfRounds: { callback: { waitingRoom: false, muteOnEntry: false } },
    });
  });

  it('asks for the room of the session of its slot', () => {
    const meeting = { settings: { room: 'session' } };
    const inBlock = {
      kind: 'fixed',
      slot: { ...validateSlot({ ...slot }, context.now), block: 'blk_1' },
    } as const;
    expect(planOf({ meeting }, { blockWish: inBlock })).toMatchObject({
      meetingSettings: { room: 'session', admission: 'in_turn' },
    });
    expect(refusalOf(() => planOf({ meeting }))).toMatchObject({
      code: 'session_missing',
      pointers: ['/meeting/settings/room', '/slot/block'],
    });
    // The template of the organization holds for auditions in sessions.
    const meetings = { templates: { default: { room: 'session' } } } as const;
    expect(planOf({}, { meetings })).toMatchObject({ meetingSettings: { room: 'session' } });
  });

  it('contains no settings of the meeting without any', () => {
    const plan = planOf();
    expect(plan).not.toHaveProperty('meetingSettings');
    expect(plan).not.toHaveProperty('meetingSettingsOfRounds');
    expect(plan).not.toHaveProperty('meetingHost');
  });

  it("contains the organization's providers when the request names neither meeting nor room", () => {
    expect(planOf({ meeting: undefined }).meetingProviders).toEqual(['google_meet']);
  });

  it('contains no meeting when the request names a room', () => {
    expect(planOf({ meeting: undefined, slot: { ...slot, room: 'Studio 2' } }).meetingProviders).toEqual([]);
  });

  it('has join links, a check of the meeting and the plan of the organization by video only', () => {
    const meetingBackup = { phone: '+33 1 23 45 67 89' };
    expect(planOf({}, { meetingBackup })).toMatchObject({
      joinLinks: true,
      backup: meetingBackup,
      policy: { meetingCheck: 15 * 60_000 },
    });
    const inPerson = planOf({ meeting: undefined, slot: { ...slot, room: 'Studio 2' } }, { meetingBackup });
    expect([inPerson.joinLinks, inPerson.backup, inPerson.policy.meetingCheck]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('checks the meeting when the request says so, or never', () => {
    expect(planOf({ policy: { meetingCheck: 'PT1H' } }).policy.meetingCheck).toBe(3_600_000);
    expect(planOf({ policy: { meetingCheck: 'PT0S' } }).policy).not.toHaveProperty('meetingCheck');
  });

  it('starts a window that has begun at the next full minute', () => {
    const now = '2026-12-01T10:00:30.000Z';
    expect(planOf({ slot: windowWish }, { now }).wish).toEqual({
      kind: 'window',
      earliest: '2026-12-01T10:01:00.000Z',
      latest: '2026-12-01T17:00:00.000Z',
      durationMinutes: 30,
      zone: 'Europe/Paris',
    });
    expect(planOf({ slot: windowWish }).wish).toMatchObject({ earliest: '2026-12-01T08:00:00.000Z' });
  });

  it('writes addresses in one form: the domain in ASCII, the number as E.164', () => {
    const requested = {
      ...performer,
      email: "o'hara@bücher.example",
      phone: '06 12 34 56 78',
      phoneRegion: 'FR',
    };
    const [planned] = planOf({ participants: [requested] }).participants;
    expect(planned).toMatchObject({ email: "o'hara@xn--bcher-kva.example", phone: '+33612345678' });
    expect(planned).not.toHaveProperty('phoneRegion');
  });

  it("accepts Twilio's test numbers, which are in no numbering plan", () => {
    expect(() => planOf({ participants: [{ ...performer, phone: '+15005550006' }] })).not.toThrow();
  });
});

describe('a request with a mistake', () => {
  const withPerformer = (changes: Record<string, unknown>) => ({
    participants: [director, { ...performer, ...changes }],
  });

  it.each<[string, Record<string, unknown>, string, string[]]>([
    ['zone of the slot', { slot: { ...slot, zone: 'Mars/Base' } }, 'unknown_zone', ['/slot/zone']],
    ['zone of a participant', withPerformer({ zone: '+01:00' }), 'unknown_zone', ['/participants/1/zone']],
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
      'window ends before it begins',
      { slot: { ...windowWish, latest: '2026-12-01T08:00' } },
      'slot_ends_before_start',
      ['/slot/earliest', '/slot/latest'],
    ],
    [
      'window in the past',
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
      'same participant twice',
      { participants: [performer, performer] },
      'duplicate_participant',
      ['/participants/1/id'],
    ],
    ['no performer', { participants: [director] }, 'performer_missing', ['/participants']],
    [
      'email without address',
      withPerformer({ email: undefined }),
      'channel_without_address',
      ['/participants/1/channels', '/participants/1/email'],
    ],
    [
      'fallback without number',
      withPerformer({ phone: undefined, channels: ['email'], fallbackChannels: ['sms'] }),
      'channel_without_address',
      ['/participants/1/fallbackChannels', '/participants/1/phone'],
    ],
    [
      'SMS without number',
      withPerformer({ phone: undefined }),
      'channel_without_address',
      ['/participants/1/channels', '/participants/1/phone'],
    ],
    [
      'number in no numbering plan',
      withPerformer({ phone: '+33000000000' }),
      'invalid_body',
      ['/participants/1/phone'],
    ],
    ['reminder years ahead', { reminders: ['PT1H', 'P900D'] }, 'invalid_body', ['/reminders/1']],
    [
      'patience of zero',
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
    ['patience of years', { policy: { answerWithin: 'P900D' } }, 'invalid_body', ['/policy/answerWithin']],
  ])('is refused: %s', (_, changes, code, pointers) => {
    expect(refusalOf(() => planOf(changes))).toMatchObject({ code, pointers });
  });

  it('is refused without meeting and room when the organization has no providers', () => {
    const refusal = refusalOf(() => planOf({ meeting: undefined }, { defaultMeetingProviders: [] }));
    expect(refusal).toMatchObject({ code: 'meeting_or_room_missing', pointers: ['/meeting', '/slot/room'] });
  });

  it('is refused without personal data in the error text', () => {
    const refusal = refusalOf(() => planOf(withPerformer({ phone: '+33000000000' })));
    expect(`${refusal.message} ${refusal.whatToDo}`).not.toMatch(/Ada|\+33000000000/);
  });
});

describe('the slot of a reschedule', () => {
  it('is refused with the JSON pointer of its place in the body', () => {
    const late = { ...slot, start: '2026-10-01T10:00', end: '2026-10-01T11:00' };
    expect(refusalOf(() => validateSlot(late, context.now, '/next/slot')).pointers).toEqual([
      '/next/slot/start',
    ]);
  });

  it('can last 24 hours, also when the clock is set back', () => {
    const start = '2027-10-30T12:00';
    expect(() => validateSlot({ ...slot, start, end: '2027-10-31T11:00' }, context.now)).not.toThrow();
    expect(refusalOf(() => validateSlot({ ...slot, start, end: '2027-10-31T11:01' }, context.now)).code).toBe(
      'slot_too_long',
    );
  });
});

describe('the countries to which text messages are sent', () => {
  it.each<readonly [string, object, SmsCountries]>([
    ['a number of another country', {}, ['BE']],
    ['a number of another country as fallback', { channels: ['email'], fallbackChannels: ['sms'] }, []],
  ])('refuse %s', (_, changes, smsCountries) => {
    const plan = () => planOf({ participants: [director, { ...performer, ...changes }] }, { smsCountries });
    expect(refusalOf(plan)).toMatchObject({
      code: 'country_not_allowed',
      pointers: ['/participants/1/phone'],
    });
  });

  it.each<readonly [string, object, SmsCountries]>([
    ['a number of a listed country', {}, ['BE', 'FR']],
    ['a number to which no text is sent', { channels: ['email'] }, ['BE']],
  ])('permit %s', (_, changes, smsCountries) => {
    const plan = () => planOf({ participants: [director, { ...performer, ...changes }] }, { smsCountries });
    expect(plan).not.toThrow();
  });

  it('are checked for a participant who is added', () => {
    const added = participantSchema.parse({ ...director, phone: '+33612345678', channels: ['sms'] });
    expect(refusalOf(() => validateAddition(added, { smsCountries: ['BE'] }))).toMatchObject({
      code: 'country_not_allowed',
      pointers: ['/phone'],
    });
  });
});

const addition = (changes: Record<string, unknown>) => () =>
  validateAddition(participantSchema.parse({ ...director, ...changes }), { smsCountries: 'any' });

describe('a participant who is added', () => {
  it('is checked like a participant of a request, with JSON pointers into the body', () => {
    expect(addition({})).not.toThrow();
    expect(refusalOf(addition({ zone: 'Mars/Base' }))).toMatchObject({
      code: 'unknown_zone',
      pointers: ['/zone'],
    });
    expect(refusalOf(addition({ channels: ['sms'] }))).toMatchObject({
      code: 'channel_without_address',
      pointers: ['/channels', '/phone'],
    });
  });

  it('is refused when it is a performer', () => {
    expect(refusalOf(addition({ kind: 'performer' }))).toMatchObject({
      code: 'performer_not_replaceable',
      pointers: ['/kind'],
    });
  });
});

const withHours = (from: string, until: string) =>
  participantSchema.safeParse({ ...performer, workingHours: { from, until } }).success;

describe('working hours', () => {
  it('begin before they end', () => {
    expect(withHours('10:00', '18:30')).toBe(true);
    expect(withHours('18:30', '10:00')).toBe(false);
    expect(withHours('10:00', '10:00')).toBe(false);
    expect(withHours('24:00', '25:00')).toBe(false);
  });
});
