/** GET /v1/connections, and the links to the page on which people connect accounts. */
import { z } from 'zod';
import { connectionStatuses } from '../../../../domain/connections/connection.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { connectionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import { connectionProviders } from '../../../../domain/providers/vendors.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { authorizerOf, checkOptionalScopes } from '../../../connections/begin-authorization.ts';
import { checkReturnUrl, createPageLink } from '../../../connections/page-link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { connectionSchema, pageLinkSchema, toConnectionResponse } from '../../../schemas/connection.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const listedAtMost = 500;

const owner = participantIdSchema.describe('The platform’s id of the person whose accounts they are');
const returnTo = z
  .string()
  .max(2_000)
  .describe('Where the person goes on afterwards, with `connection` and `status` added');

const scope = z
  .string()
  .regex(/^[\x21-\x7e ]{1,1000}$/)
  .describe('What a feature wants beside what is needed, separated by spaces (RFC 6749)');

export const connectionNotFound = (id: string): Refusal =>
  new Refusal(
    'connection_not_found',
    `Your organization has no connection ${id}.`,
    'GET /v1/connections lists those that there are.',
  );

const list = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/connections',
    {
      schema: {
        operationId: 'listConnections',
        tags: ['Connections'],
        summary: 'List the accounts that are connected',
        querystring: z.object({
          owner: owner.optional(),
          provider: z.enum(connectionProviders).optional(),
          status: z.enum(connectionStatuses).optional(),
        }),
        response: {
          200: jsonResponse(
            `Up to ${listedAtMost}, the longest connected first`,
            z.object({ items: z.array(connectionSchema) }),
          ),
          ...problemResponses('invalid_body', 'unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const { status, ...which } = request.query;
      const listed = await repositories.connections.list(callerOf(request).organization, {
        ...which,
        statuses: status && [status],
        limit: listedAtMost,
      });
      return { items: listed.map(toConnectionResponse) };
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
        summary: 'A link to the page on which a person sees and changes their accounts',
        querystring: z.object({ owner: owner.optional() }),
        response: {
          200: jsonResponse('Good for an hour', pageLinkSchema),
          ...problemResponses('invalid_body', 'unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      return createPageLink(dependencies, { organization, owner: request.query.owner });
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
        summary: 'A link to the page on which a person connects one account',
        params: z.object({ provider: z.enum(connectionProviders) }),
        querystring: z.object({
          owner: owner.optional(),
          connection: connectionIdSchema.optional().describe('The connection that is to be connected again'),
          scope: scope.optional(),
          returnTo: returnTo.optional(),
        }),
        response: {
          200: jsonResponse('Good for an hour', pageLinkSchema),
          ...problemResponses(
            'invalid_body',
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
      const { organization } = callerOf(request);
      const { provider } = request.params;
      const { connection: id } = request.query;
      const scopes = request.query.scope?.split(' ').filter(Boolean) ?? [];
      if (provider !== 'apple') checkOptionalScopes(authorizerOf(dependencies, provider), scopes);
      const allowed = checkReturnUrl(dependencies.configuration, request.query.returnTo);
      const asked = { organization, owner: request.query.owner, provider, scopes, returnTo: allowed };
      if (id === undefined) return createPageLink(dependencies, asked);
      const again = await dependencies.repositories.connections.get(organization, id);
      const isMeant =
        again?.provider === provider && (asked.owner === undefined || asked.owner === again.owner);
      if (!again || !isMeant) throw connectionNotFound(id);
      const whose = again.owner === undefined ? undefined : participantIdSchema.parse(again.owner);
      return createPageLink(dependencies, { ...asked, owner: whose, connection: id });
    },
  );
};

export const connectionCollection = (api: Api, dependencies: ApiDependencies): void => {
  list(api, dependencies);
  page(api, dependencies);
  authorize(api, dependencies);
};
