/**
 * /connections/{token}/calendars/{connection}: the page on which the owner of an account chooses which calendar is written
 * and which ones count as busy. GET changes nothing. The form is accepted only from the browser in which it was opened.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Connection } from '../../../../db/connections/repository.ts';
import { calendarIdSchema } from '../../../../domain/audition/request.ts';
import { mostBusyCalendars } from '../../../../domain/calendars/calendar-choice.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import type { Api } from '../../../api.ts';
import {
  chooseAccountCalendars,
  listingCall,
  readAccountCalendars,
} from '../../../connections/account-calendars.ts';
import { createBrowserSessions } from '../../../connections/browser-session.ts';
import { linkHolderOf } from '../../../connections/complete-authorization.ts';
import { connectionPageUrl } from '../../../connections/page-link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { type CalendarPage, calendarPage } from './calendar-page.ts';
import type { CalendarFormError } from './calendar-translations.ts';
import { type OpenedPage, openPage, requireChoosableConnection } from './open-page.ts';
import { handleConnectionPageError } from './routes.ts';

const params = z.object({ token: z.string() });
const calendarParams = params.extend({ connection: connectionIdSchema });
const oneOrMore = z.union([z.array(calendarIdSchema), calendarIdSchema.transform((id) => [id])]);
const calendarForm = z.object({
  form: z.string().max(500),
  connection: connectionIdSchema,
  written: calendarIdSchema.optional().describe('Omitted: the main calendar'),
  busy: oneOrMore.default([]).describe('The ticked calendars; a form sends nothing for the others'),
});
const page = pageResponse();

interface OpenedCalendars {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly opened: OpenedPage;
  readonly connection: Connection;
}

/** Registers the page and its form. */
export const connectionCalendarPages = (api: Api, dependencies: ApiDependencies): void => {
  const browsers = createBrowserSessions(dependencies);
  const { publicUrl } = dependencies.configuration;

  const readContent = async (
    { request, connection }: OpenedCalendars,
    trouble: CalendarFormError | undefined,
  ): Promise<CalendarPage['content']> => {
    const call = listingCall(request.id);
    try {
      const calendars = await readAccountCalendars(dependencies, connection, call);
      return { kind: 'calendars', calendars, trouble };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === 'unknown_connection') return { kind: 'not_readable' };
      if (error.code !== 'scope_missing') throw error;
      const listed = await dependencies.listCalendars(connection, call);
      return { kind: 'scope_missing', scope: (listed.kind === 'scope_missing' && listed.scopes[0]) || '' };
    }
  };

  const sendCalendars = async (
    shown: OpenedCalendars,
    trouble?: CalendarFormError,
  ): Promise<FastifyReply> => {
    const { request, reply, opened, connection } = shown;
    const html = calendarPage(
      {
        at: connectionPageUrl(publicUrl, opened.token),
        form: browsers.formToken(browsers.ensureSecret(request, reply), opened.token),
        organization: opened.organization,
        connection,
        content: await readContent(shown, trouble),
      },
      request.headers['accept-language'],
    );
    return sendPage(reply, trouble ? 422 : 200, html);
  };

  api.get(
    '/connections/:token/calendars/:connection',
    {
      schema: { hide: true, params: calendarParams, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const opened = await openPage(dependencies, request.params.token);
      const connection = requireChoosableConnection(opened, request.params.connection);
      return sendCalendars({ request, reply, opened, connection });
    },
  );

  api.post(
    '/connections/:token/calendars',
    {
      schema: { hide: true, params, body: calendarForm, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { form, connection: id, written, busy } = request.body;
      const opened = await openPage(dependencies, token);
      browsers.verifyForm(request, token, form);
      const connection = requireChoosableConnection(opened, id);
      const shown = { request, reply, opened, connection };
      if (busy.length > mostBusyCalendars) return sendCalendars(shown, 'tooMany');
      try {
        await chooseAccountCalendars(
          dependencies,
          connection,
          { written, busy: [...new Set(busy)] },
          { actor: linkHolderOf(opened.link, request.id), call: listingCall(request.id) },
        );
      } catch (error) {
        if (!(error instanceof Refusal) || !hasChanged.has(error.code)) throw error;
        return sendCalendars(shown, 'changed');
      }
      const done = `done=calendarsChosen&provider=${connection.provider}`;
      return reply.redirect(`${connectionPageUrl(publicUrl, token)}?${done}`, 303);
    },
  );
};

/** What a form is refused for when the calendars are others than those that it has listed. */
const hasChanged: ReadonlySet<Refusal['code']> = new Set([
  'unknown_calendar',
  'calendar_not_writable',
  'scope_missing',
  'unknown_connection',
]);
