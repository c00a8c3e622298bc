/** Reads the facts of a mailbox that its events do not tell: which calendar is the main one, and the zone of its days. */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { graphTimeOf } from './event-time.ts';
import type { GraphClient } from './graph-client.ts';
import { createKeptFacts } from './kept-facts.ts';
import { ianaZoneOf } from './windows-zones.ts';

interface MailboxRequest {
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

export interface Mailboxes {
  /** Returns the id of the main calendar. @throws {ProviderError} */
  mainCalendarId(request: MailboxRequest): Promise<string>;
  /**
   * Returns the IANA zone of the mailbox. Undefined for a personal account, whose zone our scope does not cover, and for a
   * zone that the owner has defined. @throws {ProviderError}
   */
  zone(request: MailboxRequest): Promise<string | undefined>;
}

/** https://learn.microsoft.com/graph/api/resources/calendar */
const calendarSchema = z.object({
  id: z.string(),
  owner: z.object({ address: z.string().nullish() }).nullish(),
});
type MainCalendar = z.infer<typeof calendarSchema>;

/** https://learn.microsoft.com/graph/api/resources/scheduleinformation */
const schedulesSchema = z.object({
  value: z.array(
    z.object({
      workingHours: z
        .object({ timeZone: z.object({ name: z.string().nullish() }).nullish() })
        .nullish()
        .describe('In the zone of the mailbox'),
    }),
  ),
});

/** Creates the reader of one process. Facts are kept for an hour. */
export const createMailboxes = (client: GraphClient, now: () => number = Date.now): Mailboxes => {
  const calendars = createKeptFacts<MainCalendar>(now);
  const zones = createKeptFacts<string | undefined>(now);

  const mainCalendar = ({ operation, connection, call }: MailboxRequest): Promise<MainCalendar> =>
    calendars.get(connection.id, () =>
      client.exchange(operation, connection, call, calendarSchema, {
        method: 'get',
        path: '/me/calendar?$select=id,owner',
        isOwnCalendar: true,
      }),
    );

  /** Reads an hour of the owner's schedule: its answer contains the working hours with their zone. */
  const readZone = async (request: MailboxRequest): Promise<string | undefined> => {
    const { operation, connection, call } = request;
    const { owner } = await mainCalendar(request);
    if (!owner?.address) return undefined;
    const start = now();
    try {
      const { value } = await client.exchange(operation, connection, call, schedulesSchema, {
        method: 'post',
        path: '/me/calendar/getSchedule',
        body: {
          schedules: [owner.address],
          startTime: graphTimeOf(toInstant(start)),
          endTime: graphTimeOf(toInstant(start + 3_600_000)),
        },
      });
      return ianaZoneOf(value[0]?.workingHours?.timeZone?.name ?? '');
    } catch (error) {
      if (isUnsupported(error)) return undefined;
      throw error;
    }
  };

  return {
    mainCalendarId: async (request) => (await mainCalendar(request)).id,
    zone: (request) => zones.get(request.connection.id, () => readZone(request)),
  };
};

/** Personal accounts have no schedule: https://learn.microsoft.com/graph/api/calendar-getschedule#permissions */
const isUnsupported = (error: unknown): boolean =>
  error instanceof ProviderError &&
  ['not_permitted', 'not_found', 'rejected_input'].includes(error.fault.kind);
