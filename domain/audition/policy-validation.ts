/** Computes the policy of an audition from the overrides in its request. */
import { Refusal } from '../errors.ts';
import { parseDuration } from '../time/durations.ts';
import { second } from '../time/units.ts';
import { resolveCalendarReminders } from './calendar-reminders.ts';
import type { OrganizationConflicts } from './conflict-settings.ts';
import { type AuditionPolicy, defaultMeetingCheck, defaultPolicy } from './policy.ts';
import type { PolicyOverrides } from './request.ts';

/** The durations of a policy, in milliseconds. */
type Durations = Omit<AuditionPolicy, 'noShow' | 'calendarMoves' | 'calendarReminders' | 'meetingCheck'>;

/**
 * The shortest allowed durations, in milliseconds. 0 makes sense where something opens or ends immediately. It does not
 * for patience: Temporal reads 0 as no limit, so the step would be retried forever. An attention item with an SLA of 0
 * would alert continuously.
 */
const minimumPolicy: Durations = {
  stepPatience: second,
  meetingPatience: second,
  attentionSla: 60 * second,
  answerWithin: second,
  noShowGrace: 0,
  checkInOpens: 0,
  sessionOverrun: 0,
  decisionWithin: second,
  declineGrace: 0,
  reopenWithin: 0,
};

const resolveDuration = (name: keyof Durations, text: string | undefined): number => {
  if (text === undefined) return defaultPolicy[name];
  const pointers = [`/policy/${name}`];
  const ms = parseDuration(text, pointers);
  if (ms >= minimumPolicy[name]) return ms;
  throw new Refusal(
    'duration_too_short',
    `"${text}" is too short for ${name}.`,
    `Use at least ${minimumPolicy[name] / second} seconds, or omit it for the default.`,
    pointers,
  );
};

/**
 * Returns the policy: the overrides, the organization's settings about events in calendars, and the defaults for the rest.
 * @throws Refusal `invalid_body` or `duration_too_short`, with the JSON pointer of the duration
 */
export const resolvePolicy = (
  overrides: PolicyOverrides,
  organization: Pick<OrganizationConflicts, 'calendarMoves' | 'calendarReminders'> = {},
): AuditionPolicy => ({
  stepPatience: resolveDuration('stepPatience', overrides.stepPatience),
  meetingPatience: resolveDuration('meetingPatience', overrides.meetingPatience),
  attentionSla: resolveDuration('attentionSla', overrides.attentionSla),
  answerWithin: resolveDuration('answerWithin', overrides.answerWithin),
  noShowGrace: resolveDuration('noShowGrace', overrides.noShowGrace),
  checkInOpens: resolveDuration('checkInOpens', overrides.checkInOpens),
  sessionOverrun: resolveDuration('sessionOverrun', overrides.sessionOverrun),
  decisionWithin: resolveDuration('decisionWithin', overrides.decisionWithin),
  declineGrace: resolveDuration('declineGrace', overrides.declineGrace),
  reopenWithin: resolveDuration('reopenWithin', overrides.reopenWithin),
  noShow: overrides.noShow ?? defaultPolicy.noShow,
  calendarMoves: overrides.calendarMoves ?? organization.calendarMoves ?? defaultPolicy.calendarMoves,
  calendarReminders: resolveCalendarReminders(
    overrides.calendarReminders ?? organization.calendarReminders ?? [],
  ),
});

/** Returns how long before the start a meeting is checked, in milliseconds; nothing when it is not checked. */
export const resolveMeetingCheck = (
  { meetingCheck }: Pick<PolicyOverrides, 'meetingCheck'>,
  hasMeeting: boolean,
): Pick<AuditionPolicy, 'meetingCheck'> => {
  if (!hasMeeting) return {};
  const ms =
    meetingCheck === undefined ? defaultMeetingCheck : parseDuration(meetingCheck, ['/policy/meetingCheck']);
  return ms > 0 ? { meetingCheck: ms } : {};
};
