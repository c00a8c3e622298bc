/** /v1/session-blocks/{id}/sessions: lists the sessions of a block, and changes one of them. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import { clockTimeSchema, sessionChangeSchema } from '../../../../domain/session-blocks/session-block.ts';
import { toEpochMs } from '../../../../domain/time/epoch.ts';
import { day } from '../../../../domain/time/units.ts';
import { sessionsIn } from '../../../../providers/icalendar/session-occurrences.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import {
  blockParams,
  changedBlockSchema,
  sessionSchema,
  toBlockResponse,
} from '../../../schemas/session-block.ts';
import { timeQuery } from '../../../schemas/time.ts';
import { changeSession, requireBlock } from '../../../session-blocks/block-changes.ts';
import { etagOf } from '../../../session-blocks/versions.ts';
import { changeHeaders, runChange } from './change-route.ts';
import { blockRefusals, changeRefusals, definitionRefusals } from './refusals.ts';

/** A listing is at most this long. A block has at most one session a day, and those that were added. */
const longestListing = 366 * day;
const defaultListing = 31 * day;

const listQuery = z
  .strictObject({
    from: timeQuery.optional().describe('By default now'),
    until: timeQuery.optional().describe('At most 366 days after `from`. By default 31 days after it'),
  })
  .strict();

const sessionParams = blockParams.extend({
  at: clockTimeSchema.describe('The start of the session in the series, on the clock of the zone'),
});

const sessionChangeBody = sessionChangeSchema.meta({
  id: 'SessionChange',
  description: 'What is different about one session',
});

const sessionsSchema = z
  .object({ items: z.array(sessionSchema).describe('The sessions, the first one first') })
  .meta({ id: 'Sessions', description: 'The sessions of a block' });

const list = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/session-blocks/:id/sessions',
    {
      schema: {
        operationId: 'listSessions',
        tags: ['Session blocks'],
        summary: 'List the sessions of a block',
        description: 'Those that overlap the time, the earliest first. Cancelled sessions are left out.',
        params: blockParams,
        querystring: listQuery,
        response: {
          200: jsonResponse('The sessions', sessionsSchema),
          ...problemResponses(...blockRefusals, 'slot_ends_before_start', 'slot_too_long'),
        },
      },
    },
    async (request, reply) => {
      const block = await requireBlock(dependencies, callerOf(request).organization, request.params.id);
      const start = toEpochMs(request.query.from ?? dependencies.now());
      const end = request.query.until === undefined ? start + defaultListing : toEpochMs(request.query.until);
      if (end <= start) {
        throw new Refusal('slot_ends_before_start', '`until` is not after `from`.', 'Check both times.', [
          '/until',
        ]);
      }
      if (end - start > longestListing) {
        throw new Refusal(
          'slot_too_long',
          'The listing is longer than 366 days.',
          'Ask for a shorter time.',
          ['/until'],
        );
      }
      reply.header('etag', etagOf(block));
      return { items: [...sessionsIn(block, { start, end })] };
    },
  );
};

const change = (api: Api, dependencies: ApiDependencies): void => {
  api.put(
    '/v1/session-blocks/:id/sessions/:at',
    {
      schema: {
        operationId: 'changeSession',
        tags: ['Session blocks'],
        summary: 'Move or cancel one session, or change its room',
        description:
          'The other sessions stay as they are. Auditions are not moved: those outside are listed, and each asks the casting office.',
        params: sessionParams,
        headers: changeHeaders,
        body: sessionChangeBody,
        response: {
          200: jsonResponse('The changed block', changedBlockSchema),
          ...problemResponses(
            'session_not_found',
            'session_limit_reached',
            ...changeRefusals,
            ...definitionRefusals,
          ),
        },
      },
    },
    (request, reply) =>
      runChange(dependencies, request, reply, {
        route: `PUT /v1/session-blocks/${request.params.id}/sessions/${request.params.at}`,
        schema: changedBlockSchema,
        run: async (target) => {
          const { block, outside } = await changeSession(
            dependencies,
            target,
            request.params.at,
            request.body,
          );
          return { block: toBlockResponse(block), outside };
        },
      }),
  );
};

const restore = (api: Api, dependencies: ApiDependencies): void => {
  api.delete(
    '/v1/session-blocks/:id/sessions/:at',
    {
      schema: {
        operationId: 'restoreSession',
        tags: ['Session blocks'],
        summary: 'Undo the change of one session',
        description: 'The session is as in the series again. Idempotent.',
        params: sessionParams,
        headers: changeHeaders,
        response: {
          200: jsonResponse('The changed block', changedBlockSchema),
          ...problemResponses('session_not_found', ...changeRefusals),
        },
      },
    },
    (request, reply) =>
      runChange(dependencies, request, reply, {
        route: `DELETE /v1/session-blocks/${request.params.id}/sessions/${request.params.at}`,
        schema: changedBlockSchema,
        run: async (target) => {
          const { block, outside } = await changeSession(dependencies, target, request.params.at, undefined);
          return { block: toBlockResponse(block), outside };
        },
      }),
  );
};

/** Registers the routes. */
export const blockSessions = (api: Api, dependencies: ApiDependencies): void => {
  list(api, dependencies);
  change(api, dependencies);
  restore(api, dependencies);
};
