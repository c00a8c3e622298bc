/**
 * Reads when calendars are busy that other people share as "can view when I'm busy"
 * (https://learn.microsoft.com/graph/api/resources/calendarpermission, `freeBusyRead`), and rooms. Graph shows such times as
 * the schedule of a mailbox, which is that of its main calendar.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../operations.ts';
import type {
  CallContext,
  ConnectedAccount,
  HiddenCalendar,
  HiddenCalendars,
  HiddenTimes,
} from '../ports.ts';
import { calendarPath } from './calendar-name.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { createKeptFacts } from './kept-facts.ts';
import { mostSchedules, querySchedules, scheduleError } from './schedules.ts';

const freeBusy = operationOf('microsoft', 'calendar.freeBusy');

/** https://learn.microsoft.com/graph/api/resources/calendar */
const calendarSchema = z.object({
  name: z
    .string()
    .nullish()
    .describe('Of a shared main calendar: the name of its owner, unless it was renamed'),
  owner: z
    .object({ name: z.string().nullish(), address: z.string().nullish() })
    .nullish()
    .describe('The person who shares the calendar'),
});

/** Creates the reader of one process. */
export const createHiddenCalendars = (client: GraphClient, now: () => number = Date.now): HiddenCalendars => {
  const mailboxes = createKeptFacts<string>(now);

  /**
   * Returns the address of the mailbox whose main calendar it is. A calendar that is not the main one has no schedule: the
   * times of another calendar must not count for it. Its name tells it from a main calendar:
   * https://learn.microsoft.com/graph/outlook-get-shared-events-calendars.
   *
   * @throws {ProviderError}
   */
  const readAddress = async (
    connection: ConnectedAccount,
    calendarId: string,
    call: CallContext,
  ): Promise<string> => {
    const { name, owner } = await client.exchange(freeBusy, connection, call, calendarSchema, {
      method: 'get',
      path: `${calendarPath(calendarId)}?$select=name,owner`,
    });
    const { name: nameOfOwner, address } = owner ?? {};
    if (!nameOfOwner || name !== nameOfOwner || !address) throw notMain();
    return address;
  };

  const findAddress = async (
    connection: ConnectedAccount,
    { calendarId, isRoom }: HiddenCalendar,
    call: CallContext,
  ): Promise<string | ProviderError> => {
    if (isRoom) return calendarId;
    try {
      return await mailboxes.get(`${connection.id} ${calendarId}`, () =>
        readAddress(connection, calendarId, call),
      );
    } catch (error) {
      if (error instanceof ProviderError && isAboutCalendar(error)) return error;
      throw error;
    }
  };

  return {
    mostPerQuery: mostSchedules,
    busyTimes: async (connection, calendars, window, call) => {
      const found: (string | ProviderError)[] = [];
      // One request at a time: a call holds one of the mailbox's four places.
      for (const calendar of calendars) found.push(await findAddress(connection, calendar, call));
      const addresses = [...new Set(found.filter((one) => typeof one === 'string'))];
      const schedules = await querySchedules(client, connection, addresses, window, call);
      return found.map((one): HiddenTimes => {
        if (typeof one !== 'string') return { kind: 'failed', error: one };
        return schedules[addresses.indexOf(one)] ?? { kind: 'failed', error: scheduleError(undefined) };
      });
    },
  };
};

const isAboutCalendar = ({ fault: { kind } }: ProviderError): boolean =>
  kind === 'not_permitted' || kind === 'not_found';

const notMain = (): ProviderError =>
  graphError(freeBusy, {
    code: 'no_schedule',
    message: 'only the main calendar of a mailbox has a schedule',
  });
