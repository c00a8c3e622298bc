/** GET /v1/connections, and the routes that create links to the page on which people connect accounts. */
import { z } from 'zod';
import { connectionStatuses } from '../../../../domain/connections/connection.ts';
import { connectionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import { connectionProviders, isOAuthProvider } from '../../../../domain/providers/vendors.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { authorizerOf, checkOptionalScopes } from '../../../connections/begin-authorization.ts';
import { checkReturnUrl, createPageLink } from '../../../connections/page-link.ts';
import { connectionNotFound } from '../../../connections/require-connection.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { connectionSchema, pageLinkSchema, toConnectionResponse } from '../../../schemas/connection.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const maxListed = 500;

const owner = participantIdSchema.describe('The platform’s ID of the person who owns the account');
const returnTo = z
  .string()
  .max(2_000)
  // In the reference only: `checkReturnUrl` says which origins are allowed.
  .meta({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$' })
  .describe('Address to which the person returns afterwards, with `connection` and `status` added');

const scope = z
  .string()
  .regex(/^[\x21-\x7e ]{1,1000}$/)
  .describe('Scopes that a feature needs in addition to the required ones, separated by spaces (RFC 6749)');

const list = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/connections',
    {
      schema: {
        operationId: 'listConnections',
        tags: ['Connections'],
        summary: 'List connected accounts',
        querystring: z.strictObject({
          owner: owner.optional(),
          provider: z.enum(connectionProviders).optional().describe('Connections at this provider'),
          status: z.enum(connectionStatuses).optional().describe('Connections with this status'),
        }),
        response: {
          200: jsonResponse(`Up to ${maxListed} connections, the oldest first`, connectionsSchema),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const { status, ...which } = request.query;
      const listed = await repositories.connections.list(callerOf(request).organization, {
        ...which,
        statuses: status && [status],
        limit: maxListed,
      });
      const ids = listed.map(({ id }) => id);
      const [calendars, problems] = await Promise.all([
        repositories.syncedCalendars.listStates(ids),
        repositories.connectionProblems.list(ids),
      ]);
      return {
        items: listed.map((connection) =>
          toConnectionResponse(
            connection,
            calendars.get(connection.id) ?? [],
            problems.get(connection.id) ?? [],
          ),
        ),
      };
    },
  );
};

const page = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/connections/page',
    {
      schema: {
        operationId: 'linkToConnections',
        tags: ['Connections'],
        summary: 'Create a link to the page on which a person manages their accounts',
        querystring: z.strictObject({ owner: owner.optional() }),
        response: {
          200: jsonResponse('The link, valid for an hour', pageLinkSchema),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      return createPageLink(dependencies, callerOf(request), { owner: request.query.owner });
    },
  );
};

const authorize = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/connections/:provider/authorize',
    {
      schema: {
        operationId: 'authorizeConnection',
        tags: ['Connections'],
        summary: 'Create a link to the page on which a person connects one account',
        params: z.object({ provider: z.enum(connectionProviders).describe('The provider of the account') }),
        querystring: z.strictObject({
          owner: owner.optional(),
          connection: connectionIdSchema.optional().describe('The connection to reconnect'),
          scope: scope.optional(),
          returnTo: returnTo.optional(),
        }),
        response: {
          200: jsonResponse('The link, valid for an hour', pageLinkSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'connection_not_found',
            'provider_not_offered',
            'scope_not_offered',
            'return_address_not_allowed',
          ),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { organization } = caller;
      const { provider } = request.params;
      const { connection: id } = request.query;
      const scopes = request.query.scope?.split(' ').filter(Boolean) ?? [];
      if (isOAuthProvider(provider)) checkOptionalScopes(authorizerOf(dependencies, provider), scopes);
      const allowed = checkReturnUrl(dependencies.configuration, request.query.returnTo);
      const link = { owner: request.query.owner, provider, scopes, returnTo: allowed };
      if (id === undefined) return createPageLink(dependencies, caller, link);
      const existing = await dependencies.repositories.connections.get(organization, id);
      const isMatch =
        existing?.provider === provider && (link.owner === undefined || link.owner === existing.owner);
      if (!existing || !isMatch) throw connectionNotFound(id);
      const existingOwner =
        existing.owner === undefined ? undefined : participantIdSchema.parse(existing.owner);
      return createPageLink(dependencies, caller, { ...link, owner: existingOwner, connection: id });
    },
  );
};

const connectionsSchema = z
  .object({ items: z.array(connectionSchema).describe('The connections') })
  .meta({ id: 'Connections', description: 'Connected accounts' });

/** Registers the routes. */
export const connectionCollection = (api: Api, dependencies: ApiDependencies): void => {
  list(api, dependencies);
  page(api, dependencies);
  authorize(api, dependencies);
};
