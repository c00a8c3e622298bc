/** The API's schema of a connected account. It contains no credentials. */
import { z } from 'zod';
import type { CalendarState } from '../../db/calendars/synced-calendars.ts';
import type { Connection } from '../../db/connections/repository.ts';
import { syncStates } from '../../domain/calendars/sync-state.ts';
import { connectionStatuses, connectionStatusReasons } from '../../domain/connections/connection.ts';
import {
  type ConnectionProblem,
  connectionProblemSchema,
} from '../../domain/connections/connection-problem.ts';
import { connectionIdSchema } from '../../domain/ids.ts';
import { connectionProviders } from '../../domain/providers/vendors.ts';
import { instantSchema } from '../../domain/time/instant.ts';

export const connectionSchema = z
  .object({
    id: connectionIdSchema,
    provider: z.enum(connectionProviders).describe('The provider of the account'),
    owner: z.string().optional().describe('Absent when the account belongs to the organization'),
    account: z
      .string()
      .optional()
      .describe('Name of the account, such as its email address; absent once it is disconnected'),
    status: z
      .enum(connectionStatuses)
      .describe('`needs_reauthorization`: the owner must connect the account again'),
    statusReason: z.enum(connectionStatusReasons).optional().describe('Why it is not connected'),
    scopes: z.array(z.string()).describe('Granted scopes, with the provider’s names'),
    connectedAt: instantSchema.describe('When it was connected, in UTC'),
    lastRefreshedAt: instantSchema.optional().describe('When its access token was last refreshed, in UTC'),
    calendars: z
      .array(
        z.object({
          state: z
            .enum(syncStates)
            .describe(
              '`unavailable`: the calendar was deleted, may not be read any more, or has an `error` that lasts',
            ),
          error: z
            .string()
            .optional()
            .describe(
              'Why the calendar cannot be read: the kind of the fault, or `unreadable_answer` when the answers of the provider do not match its documentation',
            ),
          unreadableFields: z
            .string()
            .optional()
            .describe(
              'With `unreadable_answer`: the fields of the answer that cannot be read, such as `value`',
            ),
          errorSince: instantSchema.optional().describe('Since when the calendar cannot be read'),
          pushError: z
            .string()
            .optional()
            .describe(
              'Why the provider sends no notifications: the kind of the fault, `unconfirmed` when it has opened a channel whose first notification has not arrived, `not_supported` when it has none for the calendar, or `other_connection` when another connection with the same account receives them: they are passed on. Otherwise, changes are noticed some minutes later',
            ),
          syncedAt: instantSchema.optional().describe('When the calendar was last read completely'),
        }),
      )
      .describe('The calendars of open auditions, which are read for changes'),
    problems: z
      .array(connectionProblemSchema)
      .describe(
        'What keeps the connection from working completely, the oldest problem first. The connection page explains it to the owner, and `connection.failing` reports it. Damaged events have an entry for each calendar and kind, until a complete listing of the calendar does not find them',
      ),
  })
  .meta({ id: 'Connection', description: 'A connected account at a provider' });

/** Returns the public fields of a connection. */
export const toConnectionResponse = (
  connection: Connection,
  calendars: readonly CalendarState[],
  problems: readonly ConnectionProblem[],
): z.infer<typeof connectionSchema> => {
  const { id, provider, owner, account, status, statusReason, scopes, connectedAt, lastRefreshedAt } =
    connection;
  return {
    id,
    provider,
    owner,
    account,
    status,
    statusReason,
    scopes: [...scopes],
    connectedAt,
    lastRefreshedAt,
    calendars: calendars.map(({ state, error, errorSince, unreadableFields, pushError, syncedAt }) => ({
      state,
      error,
      errorSince,
      unreadableFields,
      pushError,
      syncedAt,
    })),
    problems: problems.map(({ kind, since }) => ({ kind, since })),
  };
};

export const pageLinkSchema = z
  .object({
    url: z.url().describe('Open it in the person’s own browser'),
    expiresAt: instantSchema.describe('Until when the link works, in UTC'),
  })
  .meta({ id: 'ConnectionPageLink', description: 'A link to the page on which a person connects accounts' });
