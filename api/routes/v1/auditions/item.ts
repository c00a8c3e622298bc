/** /v1/auditions/{id}: the current audition, and its audit trail. */
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionParams, auditionSchema, eventSchema } from '../../../schemas/audition.ts';
import { pageQuery, pageSchemaOf, wholeNumberQuery } from '../../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const notFound = problemResponses('unauthenticated', 'forbidden', 'audition_not_found');

const readAudition = (
  api: Api,
  { repositories: { auditions }, auditionWorkflows, joinAddresses }: ApiDependencies,
): void => {
  api.get(
    '/v1/auditions/:id',
    {
      schema: {
        operationId: 'readAudition',
        tags: ['Auditions'],
        summary: 'Read an audition',
        params: auditionParams,
        response: { 200: jsonResponse('The audition', auditionSchema), ...notFound },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const view = await requireAudition({ auditions, auditionWorkflows }, organization, request.params.id);
      const [answer = view] = await joinAddresses.forAnswer([view]);
      return answer;
    },
  );
};

/** The maximum of a PostgreSQL integer. */
const maxSequence = 2_147_483_647;

/** The cursor of the trail is the sequence number of an event. */
const trailQuery = pageQuery.extend({
  cursor: wholeNumberQuery(0, maxSequence, 0).describe('nextCursor of the previous page'),
});

const eventPage = pageSchemaOf('AuditionEventPage', eventSchema);

const readTrail = (
  api: Api,
  { repositories: { auditions, events }, auditionWorkflows }: ApiDependencies,
): void => {
  api.get(
    '/v1/auditions/:id/events',
    {
      schema: {
        operationId: 'readTrail',
        tags: ['Auditions'],
        summary: 'Read the audit trail',
        description: 'All events in order. Each event contains the hash of the previous event.',
        params: auditionParams,
        querystring: trailQuery,
        response: { 200: jsonResponse('A page of the trail', eventPage), ...notFound },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const { cursor, limit } = request.query;
      await requireAudition({ auditions, auditionWorkflows }, organization, id);
      const found = await events.read(organization, id, { after: cursor, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return found.length > limit && last ? { items, nextCursor: String(last.sequence) } : { items };
    },
  );
};

/** Registers the routes. */
export const auditionItem = (api: Api, dependencies: ApiDependencies): void => {
  readAudition(api, dependencies);
  readTrail(api, dependencies);
};
