/**
 * /connections/{token}: the page on which a person connects accounts, sees their scopes, and disconnects them. GET
 * changes nothing. The page's forms are accepted only from the browser in which it was opened.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Connection } from '../../../../db/connections/repository.ts';
import type { Grant } from '../../../../domain/connections/grant.ts';
import { isTransient, ProviderError, type RefusalCode } from '../../../../domain/errors.ts';
import { connectionIdSchema } from '../../../../domain/ids.ts';
import {
  type ConnectionProvider,
  connectionProviders,
  oauthProviders,
} from '../../../../domain/providers/vendors.ts';
import type { Api } from '../../../api.ts';
import { beginAuthorization } from '../../../connections/begin-authorization.ts';
import { createBrowserSessions } from '../../../connections/browser-session.ts';
import { linkHolderOf } from '../../../connections/complete-authorization.ts';
import { disconnect, type RevocationResult } from '../../../connections/disconnect.ts';
import { withConnectionStatus } from '../../../connections/page-link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { retryAfterSeconds } from '../../../problems/outages.ts';
import type { FeedFormError } from './feed-translations.ts';
import { connectionToReconnect, type OpenedPage, openPage, requireShownConnection } from './open-page.ts';
import { type AccountsPage, accountsPage, connectionErrorPage, redirectPage } from './page.ts';
import { type AppleFormError, type ConnectionPageError, notices, type PageNotice } from './translations.ts';

const params = z.object({ token: z.string() });
const query = z.object({
  done: z.enum(notices).optional(),
  provider: z.enum(connectionProviders).optional(),
});
const form = z.string().max(500);
const connectForm = z.object({
  form,
  provider: z.enum(oauthProviders),
  connection: connectionIdSchema.optional(),
  scope: z
    .string()
    .max(200)
    .optional()
    .describe('An optional scope to consent to. One that is not offered is ignored'),
});
const appleForm = z.object({
  form,
  connection: connectionIdSchema.optional(),
  username: z.string().trim().min(1).max(320),
  password: z.string().trim().min(1).max(200),
  server: z.string().trim().max(500).default(''),
});
const feedForm = z.object({
  form,
  connection: connectionIdSchema.optional(),
  address: z.string().trim().min(1).max(2_000),
});
const disconnectForm = z.object({ form, connection: connectionIdSchema });
const page = pageResponse();

const errorPages: Partial<Readonly<Record<RefusalCode, ConnectionPageError>>> = {
  link_invalid: 'invalid',
  not_found: 'invalid',
  link_expired: 'linkExpired',
  foreign_form: 'foreignForm',
  provider_not_offered: 'notOffered',
  temporarily_unavailable: 'later',
};

/** Responds to errors with a page, because a person reads them. */
export const handleConnectionPageError = createPageErrorHandler(errorPages, connectionErrorPage);

const pagePath = (token: string): string => `/connections/${token}`;

/** What a form asks for is verified immediately, so that the form can show an error. */
const verificationDeadlineMs = 20_000;

const appleFormErrors: Partial<
  Readonly<
    Record<ProviderError['fault']['kind'], { readonly trouble: AppleFormError; readonly status: number }>
  >
> = {
  reconnect: { trouble: 'wrongPassword', status: 422 },
  not_permitted: { trouble: 'wrongPassword', status: 422 },
  rejected_input: { trouble: 'badServer', status: 422 },
  not_found: { trouble: 'badServer', status: 422 },
};
const appleUnavailable = { trouble: 'appleAway', status: 503 } as const;

/** Returns the error to show for an account that was not connected. */
const appleFormError = ({ fault, vendor }: ProviderError): { trouble: AppleFormError; status: number } =>
  vendor.code === 'name_unknown'
    ? { trouble: 'unknownName', status: 422 }
    : (appleFormErrors[fault.kind] ?? appleUnavailable);

/** The errors of the form for an address, by the code of `providers/ics/`. */
const feedFormErrors: Readonly<Record<string, FeedFormError>> = {
  address_not_allowed: 'badAddress',
  // No server has this name.
  ENOTFOUND: 'unknownName',
  web_page: 'webPage',
  not_a_calendar: 'notCalendar',
  incomplete_calendar: 'notCalendar',
  answer_too_large: 'tooLarge',
};

/** Returns the error to show for an address at which no calendar was read. */
const feedFormError = ({
  fault,
  vendor: { code = '' },
}: ProviderError): { trouble: FeedFormError; status: 422 | 503 } => {
  const trouble = Object.hasOwn(feedFormErrors, code) ? feedFormErrors[code] : undefined;
  if (trouble) return { trouble, status: 422 };
  return isTransient(fault) ? { trouble: 'feedAway', status: 503 } : { trouble: 'denied', status: 422 };
};

const revocationNotices: Readonly<Record<RevocationResult, PageNotice>> = {
  revoked: 'disconnected',
  nothing: 'disconnected',
  pending: 'revokedLater',
  failed: 'disconnectedHere',
  unsupported: 'disconnectedHere',
};

/** Returns the notice from the query. Omits `connected` when no account is connected any more: URLs can be reopened. */
const noticeFor = (
  { connections }: OpenedPage,
  { done, provider }: z.infer<typeof query>,
): AccountsPage['notice'] => {
  if (done === undefined || provider === undefined) return undefined;
  const isConnected = connections.some(
    (connection) => connection.provider === provider && connection.status === 'connected',
  );
  return done === 'connected' && !isConnected ? undefined : { kind: done, provider };
};

/** Registers the page and its forms. */
export const connectionPages = (api: Api, dependencies: ApiDependencies): void => {
  const browsers = createBrowserSessions(dependencies);
  const { publicUrl } = dependencies.configuration;

  const sendAccountsPage = (
    { request, reply, opened }: { request: FastifyRequest; reply: FastifyReply; opened: OpenedPage },
    status: number,
    more: Pick<AccountsPage, 'notice' | 'apple' | 'feed'> = {},
  ): FastifyReply => {
    const { token, link, existingConnection } = opened;
    const html = accountsPage(
      {
        ...opened,
        ...more,
        at: `${publicUrl}${pagePath(token)}`,
        form: browsers.formToken(browsers.ensureSecret(request, reply), token),
        focus: link.provider && { provider: link.provider, isAgain: existingConnection !== undefined },
        leave: link.returnTo && withConnectionStatus(link.returnTo, { status: 'denied' }),
      },
      request.headers['accept-language'],
    );
    return sendPage(reply, status, html);
  };

  /** Redirects to the platform's return address, or back to the page. */
  const sendConnected = (
    { request, reply, opened }: { request: FastifyRequest; reply: FastifyReply; opened: OpenedPage },
    done: { readonly provider: ConnectionProvider; readonly connection: string },
  ): FastifyReply => {
    const { link, token } = opened;
    if (link.returnTo === undefined) {
      return reply.redirect(`${publicUrl}${pagePath(token)}?done=connected&provider=${done.provider}`, 303);
    }
    const url = withConnectionStatus(link.returnTo, { status: 'connected', connection: done.connection });
    return sendPage(reply, 200, redirectPage({ kind: 'back', url }, request.headers['accept-language']));
  };

  /** Stores a verified grant, and responds with the connected account or with the obstacle. */
  const storeGrant = async (
    { request, reply, opened }: { request: FastifyRequest; reply: FastifyReply; opened: OpenedPage },
    provider: ConnectionProvider,
    again: Connection | undefined,
    grant: Grant,
  ): Promise<FastifyReply> => {
    const { organization, owner } = opened.link;
    const stored = await dependencies.repositories.accounts.connect(
      { organization, owner, provider, again: again?.id, grant },
      linkHolderOf(opened.link, request.id),
    );
    if (stored.kind === 'connected') {
      return sendConnected({ request, reply, opened }, { provider, connection: stored.id });
    }
    const actions = [{ href: `${publicUrl}${pagePath(opened.token)}`, label: 'back' }] as const;
    const html = connectionErrorPage('otherAccount', request.headers['accept-language'], { actions });
    return sendPage(reply, 409, html);
  };

  api.get(
    '/connections/:token',
    {
      schema: { hide: true, params, querystring: query, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const opened = await openPage(dependencies, request.params.token);
      return sendAccountsPage({ request, reply, opened }, 200, { notice: noticeFor(opened, request.query) });
    },
  );

  api.post(
    '/connections/:token/connect',
    {
      schema: { hide: true, params, body: connectForm, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { provider, connection: id, scope } = request.body;
      const opened = await openPage(dependencies, token);
      const browser = browsers.verifyForm(request, token, request.body.form);
      const existingConnection = connectionToReconnect(opened, provider, id);
      const { organization, owner, returnTo, scopes = [], minter } = opened.link;
      const optionalScopes = scope === undefined ? scopes : [...scopes, scope];
      const url = await beginAuthorization(dependencies, {
        organization,
        owner,
        provider,
        existingConnection,
        optionalScopes,
        returnTo,
        browser,
        correlationId: request.id,
        minter,
      });
      browsers.setReturnPage(reply, token);
      return sendPage(
        reply,
        200,
        redirectPage({ kind: 'provider', provider, url }, request.headers['accept-language']),
      );
    },
  );

  api.post(
    '/connections/:token/apple',
    {
      schema: { hide: true, params, body: appleForm, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { username, password, server, connection: id } = request.body;
      const opened = await openPage(dependencies, token);
      browsers.verifyForm(request, token, request.body.form);
      const again = connectionToReconnect(opened, 'apple', id);
      const refuse = ({ trouble, status }: { trouble: AppleFormError; status: number }) => {
        if (status === 503) reply.header('Retry-After', retryAfterSeconds);
        const apple = { trouble, username, server, connection: id };
        return sendAccountsPage({ request, reply, opened }, status, { apple });
      };
      const serverUrl = server === '' ? undefined : server;
      const attempt = await dependencies.repositories.signInAttempts.begin({
        organization: opened.link.organization,
        link: token,
        username,
        serverOwner: dependencies.authorizers.apple.serverOwner(serverUrl),
      });
      if (attempt.kind === 'refused') {
        reply.header('Retry-After', attempt.retryAfterSeconds);
        return refuse({ trouble: 'tooManyAttempts', status: 429 });
      }
      // A failed write only keeps the attempt counted until the next hour.
      const giveBack = () =>
        attempt.giveBack().catch((err: unknown) => {
          request.log.warn({ err }, 'sign-in attempt not given back');
        });
      let grant: Grant;
      try {
        grant = await dependencies.authorizers.apple.connect(
          { username, password, serverUrl },
          { correlationId: request.id, signal: AbortSignal.timeout(verificationDeadlineMs) },
        );
      } catch (err) {
        const error = err instanceof ProviderError ? appleFormError(err) : undefined;
        if (error?.trouble !== 'wrongPassword') await giveBack();
        if (!error) throw err;
        request.log.warn({ err }, 'account connection failed');
        return refuse(error);
      }
      await giveBack();
      return storeGrant({ request, reply, opened }, 'apple', again, grant);
    },
  );

  api.post(
    '/connections/:token/feed',
    {
      schema: { hide: true, params, body: feedForm, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const { address, connection: id } = request.body;
      const opened = await openPage(dependencies, token);
      browsers.verifyForm(request, token, request.body.form);
      const again = connectionToReconnect(opened, 'ics', id);
      try {
        const call = { correlationId: request.id, signal: AbortSignal.timeout(verificationDeadlineMs) };
        const grant = await dependencies.authorizers.ics.connect(address, call);
        return await storeGrant({ request, reply, opened }, 'ics', again, grant);
      } catch (err) {
        if (!(err instanceof ProviderError)) throw err;
        request.log.warn({ err }, 'account connection failed');
        const { trouble, status } = feedFormError(err);
        if (status === 503) reply.header('Retry-After', retryAfterSeconds);
        return sendAccountsPage({ request, reply, opened }, status, { feed: { trouble, connection: id } });
      }
    },
  );

  api.post(
    '/connections/:token/disconnect',
    {
      schema: { hide: true, params, body: disconnectForm, response: { 200: page } },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { token } = request.params;
      const opened = await openPage(dependencies, token);
      browsers.verifyForm(request, token, request.body.form);
      const back = `${publicUrl}${pagePath(token)}`;
      const connection = opened.mayDisconnect
        ? requireShownConnection(opened, request.body.connection)
        : undefined;
      if (!connection) return reply.redirect(back, 303);
      const { provider } = connection;
      const actor = linkHolderOf(opened.link, request.id);
      const revocation = await disconnect(dependencies, connection, actor, request.log);
      const done = revocationNotices[revocation];
      return reply.redirect(`${back}?done=${done}&provider=${provider}`, 303);
    },
  );
};
