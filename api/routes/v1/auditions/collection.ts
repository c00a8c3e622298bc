/** /v1/auditions: requests an audition, lists auditions. */
import { z } from 'zod';
import { auditionOrders } from '../../../../db/auditions/audition-list.ts';
import { auditionRequestSchema } from '../../../../domain/audition/request.ts';
import { auditionStates } from '../../../../domain/audition/states.ts';
import { participantIdSchema, projectIdSchema, roleIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requestedAuditionId } from '../../../auditions/derived-ids.ts';
import { sendAuditionResponse } from '../../../auditions/send-response.ts';
import { startAudition } from '../../../auditions/start.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { idempotencyHeaders, keyMissing, runOnce } from '../../../idempotency/run-once.ts';
import { auditionPageSchema, auditionSchema } from '../../../schemas/audition.ts';
import { pageQuery } from '../../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import { timeQuery } from '../../../schemas/time.ts';

/** `state=a&state=b`, or a single one. */
const statesQuery = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z.array(z.enum(auditionStates)).min(1).max(auditionStates.length),
);

const listQuery = pageQuery.extend({
  state: statesQuery
    .optional()
    .describe(
      'Auditions in this state. Repeat it for auditions in one of several states: state=scheduled&state=confirmed',
    ),
  project: projectIdSchema.optional().describe("Auditions of this project, by the platform's id"),
  role: roleIdSchema.optional().describe("Auditions for this role, by the platform's id"),
  performer: participantIdSchema
    .optional()
    .describe(
      "Auditions of this performer: the platform's id, as in participants[].id of the request. Never a name",
    ),
  needsAttention: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('`true`: auditions with open attention items. `false`: those without. Omitted: both'),
  scheduledFrom: timeQuery.optional().describe('Auditions whose slot begins at this instant or later'),
  scheduledUntil: timeQuery.optional().describe('Auditions whose slot begins before this instant'),
  sort: z
    .enum(auditionOrders)
    .default('-requestedAt')
    .describe(
      'The order: by request, or by the beginning of the slot. A minus sign means the latest first. The orders by slot leave out auditions without a slot. A cursor is valid for the order of its page',
    ),
});

const auditionRequest = auditionRequestSchema.meta({
  id: 'AuditionRequest',
  description: 'The request for an audition',
});

const requestAudition = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/auditions',
    {
      schema: {
        operationId: 'requestAudition',
        tags: ['Auditions'],
        summary: 'Request an audition',
        description:
          'Starts the audition and responds once its slot is held. A repeated request with the same Idempotency-Key returns the same audition.',
        headers: idempotencyHeaders.required(),
        body: auditionRequest,
        response: {
          201: jsonResponse('The slot is held; the rest follows', auditionSchema),
          202: jsonResponse('It takes longer, or an operator must look at it first', auditionSchema),
          ...problemResponses(
            'idempotency_key_missing',
            'unauthenticated',
            'forbidden',
            'slot_in_the_past',
            'slot_taken',
            'nothing_free',
            'audition_stopped',
            'body_too_large',
            'unsupported_media_type',
            'unknown_zone',
            'local_time_in_gap',
            'local_time_ambiguous',
            'slot_ends_before_start',
            'slot_too_long',
            'slot_too_far_ahead',
            'duration_too_short',
            'duplicate_participant',
            'performer_missing',
            'channel_without_address',
            'country_not_allowed',
            'unknown_connection',
            'calendar_not_chosen',
            'meeting_or_room_missing',
            'unknown_session_block',
            'session_block_mismatch',
            'outside_session_block',
            'session_missing',
            'session_room_recorded',
            'idempotency_key_reused',
          ),
        },
      },
      // Checked before the schema, which would report `invalid_body` instead of this code.
      preValidation: async ({ headers }) => {
        if (headers['idempotency-key'] === undefined) throw keyMissing('Requesting an audition');
      },
    },
    async (request, reply) => {
      const { organization, role, id: principal } = callerOf(request);
      const key = request.headers['idempotency-key'];
      const id = requestedAuditionId(organization, key);
      request.auditionId = id;
      const response = await runOnce(
        dependencies.repositories.idempotentRequests,
        { organization, route: 'POST /v1/auditions', key, body: request.body },
        () =>
          startAudition(dependencies, {
            id,
            organization,
            correlationId: request.id,
            principal,
            request: request.body,
            role,
          }),
      );
      return sendAuditionResponse(dependencies, reply, response);
    },
  );
};

const listAuditions = (api: Api, { repositories, joinAddresses }: ApiDependencies): void => {
  api.get(
    '/v1/auditions',
    {
      schema: {
        operationId: 'listAuditions',
        tags: ['Auditions'],
        summary: 'List auditions',
        querystring: listQuery,
        response: {
          200: jsonResponse('A page of auditions', auditionPageSchema),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const { cursor, limit, sort: order, state: states, ...filter } = request.query;
      const page = await repositories.auditions.list(
        callerOf(request).organization,
        { ...filter, states },
        { cursor, limit, order },
      );
      return { ...page, items: [...(await joinAddresses.forAnswer(page.items))] };
    },
  );
};

/** Registers the routes. */
export const auditionCollection = (api: Api, dependencies: ApiDependencies): void => {
  requestAudition(api, dependencies);
  listAuditions(api, dependencies);
};
