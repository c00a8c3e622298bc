/**
 * Opens and stops notification channels of calendars: https://developers.google.com/workspace/calendar/api/guides/push
 * A channel cannot be renewed. Another one with a new id replaces it.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { CalendarPush } from '../ports.ts';
import { watchEnd } from '../watch-end.ts';
import type { GoogleClient } from './client.ts';
import { jsonInteger } from './json-integer.ts';

const watchOperation = operationOf('google', 'calendar.watch');
const stopOperation = operationOf('google', 'calendar.stopWatching');

const channelSchema = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_+/=-]{1,64}$/)
    .describe('As we have chosen it'),
  resourceId: z.string().regex(/^[\x21-\x7e]{1,256}$/),
  expiration: optionalField(jsonInteger).describe(
    'Epoch milliseconds, usually as a text. Google can end a channel earlier than requested',
  ),
});

/** Creates the notifications of Google calendars. */
export const createGooglePush = (client: GoogleClient): CalendarPush => ({
  path: '/v1/webhooks/google',
  watch: async (connection, { calendarId, id, secret, address, expiresAt }, call) => {
    const requestBody = {
      id,
      token: secret,
      type: 'web_hook',
      address,
      expiration: String(toEpochMs(expiresAt)),
    };
    const channel = await client.exchange(
      watchOperation,
      connection,
      call,
      channelSchema,
      (calendar, options) => calendar.events.watch({ calendarId, requestBody }, options),
    );
    return {
      id: channel.id,
      resourceId: channel.resourceId,
      expiresAt: watchEnd(channel.expiration, expiresAt),
    };
  },
  // Of calendars that Google generates, such as public holidays.
  isUnsupported: ({ vendor: { code } }) => code === 'pushNotSupportedForRequestedResource',
  stopWatching: async (connection, { id, resourceId }, call) => {
    // A channel whose creation was not confirmed has no resource id. It ends by itself.
    if (resourceId === undefined) return;
    try {
      await client.exchange(stopOperation, connection, call, z.unknown(), (calendar, options) =>
        calendar.channels.stop({ requestBody: { id, resourceId } }, options),
      );
    } catch (error) {
      if (error instanceof ProviderError && error.fault.kind === 'not_found') return;
      throw error;
    }
  },
});
