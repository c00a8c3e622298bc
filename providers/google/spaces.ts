/**
 * Reads and changes the space of a conference: https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces.
 * A conference of an event is found by its meeting code. A change needs the id of the space.
 */
import { z } from 'zod';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import { ProviderError } from '../../domain/errors.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import type { CallScope } from './event-ids.ts';
import { meetRecordsScope, meetSettingsDeadlineMs, meetSettingsScope } from './settings.ts';
import {
  changesFor,
  type SpaceConfig,
  spaceConfigSchema,
  startsRecording,
  unmetSpaceSettings,
} from './space-settings.ts';

const spaceSchema = z.object({
  name: z.string().describe('`spaces/` and the id of the space'),
  config: spaceConfigSchema.optional().describe('Absent for an account that does not own the space'),
});
type Space = z.infer<typeof spaceSchema>;

/** Whether the consent covers a call that needs one of the scopes. Scopes that are not known are tried. */
export const mayCallMeet = ({ connection: { scopes } }: CallScope, ...needed: readonly string[]): boolean =>
  scopes === undefined || needed.some((scope) => scopes.includes(scope));

const readSpace = (scope: CallScope, code: string): Promise<Space> => {
  const { client, operation, connection, call } = scope;
  return client.exchangeWithMeet(withoutEffect(operation), connection, call, spaceSchema, (meet, options) =>
    meet.spaces.get({ name: `spaces/${code}` }, options),
  );
};

/**
 * Gives the space of a conference the settings, as far as the consent and the account permit. Returns the settings that
 * it does not have. A failure of the Meet API never fails the caller: the conference is usable without its settings.
 */
export const applySettings = async (
  scope: CallScope,
  code: string,
  settings: MeetingSettings,
): Promise<readonly SettingName[]> => {
  const changes = changesFor(settings);
  if (changes.length === 0 || !mayCallMeet(scope, meetSettingsScope))
    return unmetSpaceSettings(settings, undefined);
  const limited = { ...scope, call: withSettingsDeadline(scope.call) };
  const space = await unlessRefused(readSpace(limited, code));
  let config: SpaceConfig | undefined = space?.config;
  for (const { updateMask, config: wanted } of space ? changes : []) {
    const { client, operation, connection, call } = limited;
    const changed = await unlessRefused(
      client.exchangeWithMeet(operation, connection, call, spaceSchema, (meet, options) =>
        meet.spaces.patch({ name: space?.name, updateMask, requestBody: { config: wanted } }, options),
      ),
    );
    config = changed?.config ?? config;
  }
  return unmetSpaceSettings(settings, config);
};

/**
 * Sets whether the recording of a conference starts by itself. Idempotent, because the setting is absolute.
 *
 * @throws {ProviderError} `not_permitted` when the edition of the account has no recordings.
 */
export const setAutomaticRecording = async (
  scope: CallScope,
  code: string,
  isAutomatic: boolean,
): Promise<void> => {
  const { client, operation, connection, call } = scope;
  const { name } = await readSpace(scope, code);
  const changes = changesFor({ recording: 'cloud', autoStartRecording: isAutomatic });
  for (const { updateMask, config } of changes) {
    await client.exchangeWithMeet(operation, connection, call, spaceSchema, (meet, options) =>
      meet.spaces.patch({ name, updateMask, requestBody: { config } }, options),
    );
  }
};

/** Returns whether the recording of a conference starts by itself. Undefined for an account that does not own the space. */
export const isRecordedAutomatically = async (
  scope: CallScope,
  code: string,
): Promise<boolean | undefined> => {
  const { config } = await readSpace(scope, code);
  return config && startsRecording(config);
};

/** Returns whether Meet no longer has the conference. Without an answer of Meet, its event decides. */
export const isSpaceGone = async (scope: CallScope, code: string): Promise<boolean> => {
  if (!mayCallMeet(scope, meetSettingsScope, meetRecordsScope)) return false;
  try {
    await readSpace({ ...scope, call: withSettingsDeadline(scope.call) }, code);
    return false;
  } catch (error) {
    return error instanceof ProviderError && error.fault.kind === 'not_found';
  }
};

const withSettingsDeadline = (call: CallContext): CallContext => ({
  ...call,
  signal: AbortSignal.any([call.signal, AbortSignal.timeout(meetSettingsDeadlineMs)]),
});

const unlessRefused = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
};
