/**
 * Validates the settings of a meeting as the documentation describes them, and applies what the account prescribes.
 * https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ZoomSandboxSettings } from '../settings.ts';
import { validationFailed } from './errors.ts';
import type { ZoomUsers } from './users.ts';

const breakoutRoomSchema = z.object({
  enable: z.boolean().optional(),
  rooms: z
    .array(z.object({ name: z.string().max(32).optional(), participants: z.array(z.string()).optional() }))
    .max(50)
    .optional(),
});

export const meetingSettingsSchema = z.looseObject({
  host_video: z.boolean().optional(),
  participant_video: z.boolean().optional(),
  join_before_host: z.boolean().optional(),
  jbh_time: z.union([z.literal(0), z.literal(5), z.literal(10)]).optional(),
  mute_upon_entry: z.boolean().optional(),
  waiting_room: z.boolean().optional(),
  auto_recording: z.enum(['local', 'cloud', 'none']).optional(),
  alternative_hosts: z.string().optional(),
  breakout_room: breakoutRoomSchema.optional(),
  approval_type: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  registrants_confirmation_email: z.boolean().optional(),
  registrants_email_notification: z.boolean().optional(),
});
type MeetingSettings = z.infer<typeof meetingSettingsSchema>;

/** By default: letters, digits, `@`, `-`, `_` and `*`, at most 10. */
export const passcodeSchema = z
  .string()
  .max(10)
  .regex(/^[A-Za-z0-9@_*-]*$/, 'Invalid field.');

/** @throws {ZoomError} 300 for an alternative host who is not a licensed user of the account. */
export const checkAlternativeHosts = (settings: MeetingSettings | undefined, users: ZoomUsers): void => {
  const named = settings?.alternative_hosts?.split(/[;,]/).filter((address) => address !== '') ?? [];
  if (named.every((address) => users.isLicensed(address))) return;
  throw validationFailed([
    {
      field: 'settings.alternative_hosts',
      message:
        'Users have been removed from this meeting because they are not licensed users of this account.',
    },
  ]);
};

/**
 * Returns the passcode of a new meeting.
 *
 * @throws {ZoomError} 300 for a passcode that the account's policy forbids.
 */
export const passcodeOf = (
  {
    password,
    default_password: isDefault,
  }: { password?: string | undefined; default_password?: boolean | undefined },
  { passcodePolicy: policy }: Pick<ZoomSandboxSettings, 'passcodePolicy'>,
): string => {
  if (password === undefined || (password === '' && (policy.isRequired || isDefault === true))) {
    return generated(policy.minLength);
  }
  const obeys =
    password === '' ||
    (password.length >= policy.minLength &&
      (!policy.needsLetter || /[A-Za-z]/.test(password)) &&
      (!policy.needsDigit || /\d/.test(password)));
  if (obeys) return password;
  throw validationFailed([
    { field: 'password', message: 'The passcode does not meet the requirements of the account.' },
  ]);
};

/** Has a letter and a digit, and at least six characters. */
const generated = (minLength: number): string =>
  `a1${randomBytes(8).toString('base64url')}`.slice(0, Math.max(6, minLength));

/** Returns the settings with those that the account has locked. A waiting room disables joining before the host. */
export const applied = (
  settings: MeetingSettings,
  { lockedSettings }: Pick<ZoomSandboxSettings, 'lockedSettings'>,
): MeetingSettings => {
  const locked = { ...settings, ...lockedSettings };
  return locked.waiting_room === true ? { ...locked, join_before_host: false } : locked;
};

/**
 * Returns the settings without registration for a host without a license. Unconfirmed: Zoom is only known to store 2 for a
 * recurring meeting without a fixed time, also without an error.
 */
export const registrable = (settings: MeetingSettings, isLicensed: boolean): MeetingSettings =>
  isLicensed || settings.approval_type === undefined ? settings : { ...settings, approval_type: 2 };
