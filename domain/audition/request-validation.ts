/**
 * Converts a well-formed request into a plan: times become instants, durations become milliseconds. Refuses what the
 * schema cannot check. A refused request is not stored anywhere.
 */
import type { z } from 'zod';
import { checkSmsCountry, type SmsCountries } from '../budgets/phone-country.ts';
import { Refusal } from '../errors.ts';
import type { AuditionId, OrganizationId, SessionBlockId } from '../ids.ts';
import type { MeetingProviderName } from '../providers/vendors.ts';
import { parseDuration } from '../time/durations.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { checkZone, parseLocalTime } from '../time/local-time.ts';
import { day, minute } from '../time/units.ts';
import { withCanonicalAddresses } from './canonical-addresses.ts';
import { performerNotReplaceable } from './cast-changes.ts';
import { roomOf } from './conflict-rules.ts';
import { type OrganizationConflicts, resolveConflictRules } from './conflict-settings.ts';
import type { MeetingBackup } from './meeting-backup.ts';
import {
  type OrganizationMeetings,
  resolveMeetingSettings,
  resolveSettingsOfRounds,
} from './organization-meetings.ts';
import type { AuditionPlan } from './plan.ts';
import { resolveMeetingCheck, resolvePolicy } from './policy-validation.ts';
import type {
  AuditionRequest,
  BlockSlot,
  fixedSlotSchema,
  Participant,
  RequestedParticipant,
  SlotWish,
  windowSlotSchema,
} from './request.ts';
import type { Slot, SlotSpec } from './slot.ts';
import { isTooFarAhead, isTooLong, limitExplanations } from './slot-limits.ts';

type FixedSlot = z.infer<typeof fixedSlotSchema>;
type WindowSlot = z.infer<typeof windowSlotSchema>;

/** Calendar providers limit the range of a free/busy query. */
export const longestWindow = 31 * day;

export interface PlanContext {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly now: Instant;
  readonly correlationId: string;
  /** Who requests the audition: see `principal.ts`. */
  readonly principal?: string | undefined;
  /** The organization's providers in its order of preference. Used when the request names neither meeting nor room. */
  readonly defaultMeetingProviders: readonly MeetingProviderName[];
  /** The wish of a request whose slot names a session block. The caller has read the block. */
  readonly blockWish?: SlotSpec | undefined;
  readonly conflicts?: OrganizationConflicts | undefined;
  /** How the organization's auditions take place when no provider can make their meetings. */
  readonly meetingBackup?: MeetingBackup | undefined;
  readonly meetings?: OrganizationMeetings | undefined;
  /** The countries to which the organization sends text messages. */
  readonly smsCountries: SmsCountries;
  /** Whether the role of the caller may override conflicts. */
  readonly mayOverrideConflicts?: boolean | undefined;
}

/** A request whose participants' calendars are resolved. */
export type ResolvedRequest = Omit<AuditionRequest, 'participants'> & {
  readonly participants: readonly RequestedAddresses[];
};

/** A participant whose addresses are as they were requested. */
type RequestedAddresses = Participant & Pick<RequestedParticipant, 'phoneRegion'>;

/** Returns the plan of a request. Pure. @throws Refusal with the JSON pointers of the refused parts */
export const planAudition = (request: ResolvedRequest, context: PlanContext): AuditionPlan => {
  const participants = request.participants.map((participant, index) =>
    validateParticipant(participant, context.smsCountries, `/participants/${index}`),
  );
  checkCast(participants);
  const wish = wishOf(request, context);
  const providers = meetingProvidersOf(request, roomOf(wish), context.defaultMeetingProviders);
  const hasMeeting = providers.length > 0;
  const { host, settings: overrides } = request.meeting ?? {};
  if (overrides?.room === 'session' && !isInSession(wish)) throw sessionMissing();
  const templates = context.meetings?.templates;
  const settings = resolveMeetingSettings(request.round, overrides, templates);
  const settingsOfRounds = resolveSettingsOfRounds(overrides, templates);
  return {
    id: context.id,
    organization: context.organization,
    project: request.project,
    role: request.role,
    round: request.round,
    wish,
    participants,
    meetingProviders: providers,
    ...(hasMeeting ? { joinLinks: true as const } : {}),
    ...(hasMeeting && context.meetingBackup ? { backup: context.meetingBackup } : {}),
    ...(Object.values(settings).some((value) => value !== undefined) ? { meetingSettings: settings } : {}),
    ...(settingsOfRounds ? { meetingSettingsOfRounds: settingsOfRounds } : {}),
    ...(host ? { meetingHost: { kind: 'connection', connection: host } } : {}),
    reminders: parseReminders(request.reminders),
    ...(request.notes === undefined ? {} : { notes: request.notes }),
    policy: {
      ...resolvePolicy(request.policy ?? {}, context.conflicts),
      ...resolveMeetingCheck(request.policy ?? {}, hasMeeting),
    },
    conflicts: resolveConflictRules(request.conflicts, context.conflicts),
    ...(context.mayOverrideConflicts ? { mayOverrideConflicts: true } : {}),
    correlationId: context.correlationId,
    ...(context.principal === undefined ? {} : { principal: context.principal }),
  };
};

/**
 * Returns a requested slot with its times as instants. It must begin within the next two years and last at most 24
 * hours.
 * @param pointer JSON pointer of the slot in the request
 * @throws Refusal
 */
export const validateSlot = (
  fixed: FixedSlot & { readonly block?: SessionBlockId | undefined },
  now: Instant,
  pointer = '/slot',
): Slot => {
  checkZone(fixed.zone, [`${pointer}/zone`]);
  const start = parseLocalTime(fixed.start, fixed.zone, [`${pointer}/start`]);
  const end = parseLocalTime(fixed.end, fixed.zone, [`${pointer}/end`]);
  checkOrder(start, end, [`${pointer}/start`, `${pointer}/end`]);
  if (isTooLong({ start, end })) {
    throw new Refusal(
      'slot_too_long',
      limitExplanations.slot_too_long,
      'Check both dates; book one audition for each day.',
      [`${pointer}/end`],
    );
  }
  if (start <= now) throw inThePast([`${pointer}/start`]);
  checkDistance(start, now, [`${pointer}/start`]);
  return {
    start,
    end,
    zone: fixed.zone,
    ...roomFieldsOf(fixed),
    ...(fixed.block === undefined ? {} : { block: fixed.block }),
  };
};

/** Returns whether the slot is a search in a session block. */
export const isBlockSlot = (wish: SlotWish): wish is BlockSlot => 'block' in wish && !('start' in wish);

const wishOf = ({ slot }: Pick<AuditionRequest, 'slot'>, { blockWish, now }: PlanContext): SlotSpec => {
  if (blockWish) return blockWish;
  if (isBlockSlot(slot)) throw new TypeError(`the caller must read the session block ${slot.block}`);
  return validateSlotSpec(slot, now);
};

const isInSession = (wish: SlotSpec): boolean =>
  (wish.kind === 'fixed' ? wish.slot.block : wish.block) !== undefined;

const sessionMissing = (): Refusal =>
  new Refusal(
    'session_missing',
    'The audition asks for the room of a casting session, and its slot is of no session.',
    'Name a session block in slot.block, or set meeting.settings.room to own.',
    ['/meeting/settings/room', '/slot/block'],
  );

/** Returns a requested slot or window with its times as instants. @throws Refusal */
export const validateSlotSpec = (wish: Exclude<SlotWish, BlockSlot>, now: Instant): SlotSpec =>
  'start' in wish ? { kind: 'fixed', slot: validateSlot(wish, now) } : validateWindow(wish, now);

/**
 * Returns a participant who is added to a running audition. The participant is the whole body of the request.
 * @throws Refusal
 */
export const validateAddition = (
  participant: RequestedAddresses,
  { smsCountries }: Pick<PlanContext, 'smsCountries'>,
): Participant => {
  if (participant.kind === 'performer') throw performerNotReplaceable(['/kind']);
  return validateParticipant(participant, smsCountries, '');
};

/**
 * Returns a requested window with its times as instants. It must be at most 31 days long, end within the next two
 * years, and leave time for the slot from now on.
 * @throws Refusal
 */
export const validateWindow = (window: WindowSlot, now: Instant): Extract<SlotSpec, { kind: 'window' }> => {
  checkZone(window.zone, ['/slot/zone']);
  const earliest = parseLocalTime(window.earliest, window.zone, ['/slot/earliest']);
  const latest = parseLocalTime(window.latest, window.zone, ['/slot/latest']);
  checkOrder(earliest, latest, ['/slot/earliest', '/slot/latest']);
  const length = toEpochMs(latest) - toEpochMs(earliest);
  if (length > longestWindow) {
    throw new Refusal('slot_too_long', 'The window is longer than 31 days.', 'Ask for a shorter window.', [
      '/slot/earliest',
      '/slot/latest',
    ]);
  }
  const duration = window.durationMinutes * minute;
  if (length < duration) {
    throw new Refusal(
      'nothing_free',
      `A slot of ${window.durationMinutes} minutes does not fit into the window.`,
      'Widen the window or shorten the slot.',
      ['/slot/durationMinutes'],
    );
  }
  if (toEpochMs(latest) - duration <= toEpochMs(now)) throw inThePast(['/slot/latest']);
  checkDistance(latest, now, ['/slot/latest']);
  return {
    kind: 'window',
    // A window that has already begun starts at the next full minute.
    earliest: earliest > now ? earliest : toInstant(Math.ceil((toEpochMs(now) + 1) / minute) * minute),
    latest,
    durationMinutes: window.durationMinutes,
    zone: window.zone,
    ...roomFieldsOf(window),
  };
};

/** Returns the room of a request. Neither vendor distinguishes addresses by case. */
export const roomFieldsOf = ({ room, roomCalendar }: Pick<FixedSlot, 'room' | 'roomCalendar'>) => ({
  ...(room === undefined ? {} : { room }),
  ...(roomCalendar ? { roomCalendar: { ...roomCalendar, email: roomCalendar.email.toLowerCase() } } : {}),
});

const checkOrder = (start: Instant, end: Instant, pointers: readonly string[]): void => {
  if (end > start) return;
  throw new Refusal(
    'slot_ends_before_start',
    'The end is not after the start.',
    'Check both times, and their offsets if they have any.',
    pointers,
  );
};

const inThePast = (pointers: readonly string[]): Refusal =>
  new Refusal('slot_in_the_past', 'The slot is in the past.', 'Choose a time in the future.', pointers);

const checkDistance = (at: Instant, now: Instant, pointers: readonly string[]): void => {
  if (!isTooFarAhead(at, now)) return;
  throw new Refusal(
    'slot_too_far_ahead',
    limitExplanations.slot_too_far_ahead,
    'Check the year. Request the audition less than two years ahead.',
    pointers,
  );
};

/** @param pointer JSON pointer of the participant in the request */
const validateParticipant = (
  requested: RequestedAddresses,
  smsCountries: SmsCountries,
  pointer: string,
): Participant => {
  const participant = withCanonicalAddresses(requested, pointer);
  checkZone(participant.zone, [`${pointer}/zone`]);
  for (const name of ['channels', 'fallbackChannels'] as const) {
    for (const channel of participant[name] ?? []) {
      const field = channel === 'email' ? 'email' : 'phone';
      if (participant[field] !== undefined) continue;
      throw new Refusal(
        'channel_without_address',
        `Participant ${participant.id} has the channel ${channel} but no ${field}.`,
        `Add the participant's ${field}, or remove ${channel} from the channels.`,
        [`${pointer}/${name}`, `${pointer}/${field}`],
      );
    }
  }
  checkSmsCountry(participant, smsCountries, pointer);
  return participant;
};

const checkCast = (participants: readonly Participant[]): void => {
  const seen = new Set<string>();
  participants.forEach(({ id }, index) => {
    if (seen.has(id)) {
      throw new Refusal(
        'duplicate_participant',
        `Participant ${id} is listed twice.`,
        'List each participant once, with all channels.',
        [`/participants/${index}/id`],
      );
    }
    seen.add(id);
  });
  if (!participants.some(({ kind }) => kind === 'performer')) {
    throw new Refusal(
      'performer_missing',
      'There is no performer among the participants.',
      'Add a participant of kind "performer".',
      ['/participants'],
    );
  }
};

const meetingProvidersOf = (
  request: Pick<AuditionRequest, 'meeting'>,
  room: string | undefined,
  ofOrganization: readonly MeetingProviderName[],
): readonly MeetingProviderName[] => {
  if (request.meeting?.providers) return [...new Set(request.meeting.providers)];
  if (room !== undefined && !request.meeting) return [];
  if (ofOrganization.length > 0) return ofOrganization;
  throw new Refusal(
    'meeting_or_room_missing',
    'The audition has neither a meeting nor a room.',
    'Set meeting.providers for an audition by video, or slot.room for an audition in person.',
    ['/meeting', '/slot/room'],
  );
};

const parseReminders = (reminders: readonly string[]): readonly number[] => {
  const offsets = reminders.map((text, index) => parseDuration(text, [`/reminders/${index}`]));
  return [...new Set(offsets)].sort((a, b) => b - a);
};
