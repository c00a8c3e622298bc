/** /v1/connections/{id}/calendars: lists the calendars of a connected account, and chooses among them. */
import { z } from 'zod';
import { calendarIdSchema } from '../../../../domain/audition/request.ts';
import { mostBusyCalendars } from '../../../../domain/calendars/calendar-choice.ts';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import {
  chooseAccountCalendars,
  listingCall,
  readAccountCalendars,
} from '../../../connections/account-calendars.ts';
import { requireConnection } from '../../../connections/require-connection.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const calendarSchema = z
  .object({
    calendarId: z
      .string()
      .describe(
        'The id for `calendar` and `busyCalendars` of a participant; `primary` for the main calendar',
      ),
    name: z.string().describe('The name that the owner sees; can be empty'),
    isMain: z.boolean().describe('Whether it is the main calendar of the account'),
    isWritable: z.boolean().describe('Whether events can be written, as far as the provider tells'),
    isWritten: z.boolean().describe('Whether events are written to it when a request names no calendar'),
    isBusy: z.boolean().describe('Whether its events count as busy. The written calendar always counts'),
    isMissing: z
      .boolean()
      .describe('Whether it was chosen, and is deleted or no longer shared with the account since'),
  })
  .meta({ id: 'Calendar', description: 'A calendar of a connected account' });

const list = z
  .object({ items: z.array(calendarSchema).describe('The calendars of the account') })
  .meta({ id: 'Calendars', description: 'The calendars of an account' });

const choiceSchema = z
  .object({
    written: calendarIdSchema
      .optional()
      .describe('The calendar to which events are written. Omitted: the main calendar of the account'),
    busy: z
      .array(calendarIdSchema)
      .max(mostBusyCalendars)
      .describe('The calendars whose events count as busy besides those of the written one'),
  })
  .strict()
  .meta({ id: 'CalendarChoice', description: 'Which calendars are written and read' });

const params = z.object({ id: connectionIdSchema });
const refusals = [
  'unauthenticated',
  'forbidden',
  'connection_not_found',
  'provider_not_offered',
  'scope_missing',
  'unknown_connection',
] as const;

/** Registers the routes. */
export const connectionCalendars = (api: Api, dependencies: ApiDependencies): void => {
  const { connections } = dependencies.repositories;

  api.get(
    '/v1/connections/:id/calendars',
    {
      schema: {
        operationId: 'listCalendars',
        tags: ['Connections'],
        summary: 'List the calendars of a connected account, with the choice among them',
        description:
          'Google lists the calendars of an account that has consented to `calendar.calendarlist.readonly`. Microsoft lists calendars of other people with `Calendars.Read.Shared` only. At Apple and other CalDAV servers, the id of a calendar is a URL.',
        params,
        response: {
          200: jsonResponse('The calendars that hold events', list),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const connection = await requireConnection(connections, organization, request.params.id);
      const items = await readAccountCalendars(dependencies, connection, listingCall(request.id));
      return { items: [...items] };
    },
  );

  api.put(
    '/v1/connections/:id/calendars',
    {
      schema: {
        operationId: 'chooseCalendars',
        tags: ['Connections'],
        summary: 'Choose which calendar is written, and which ones count as busy',
        description:
          'Holds for auditions that are requested from now on, and for participants who are added from now on. The owner of the account can change it on the connections page.',
        params,
        body: choiceSchema,
        response: {
          200: jsonResponse('The calendars with the choice', list),
          ...problemResponses(
            ...refusals,
            'unknown_calendar',
            'calendar_not_writable',
            'duplicate_calendar',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const connection = await requireConnection(connections, organization, request.params.id);
      const items = await chooseAccountCalendars(dependencies, connection, request.body, {
        actor: actorOf(request),
        call: listingCall(request.id),
      });
      return { items: [...items] };
    },
  );
};
