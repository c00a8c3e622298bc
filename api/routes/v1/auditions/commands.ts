/** /v1/auditions/{id}/{respond|reschedule|cancel|decide|check-in}: the commands to a running audition. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  type AuditionCommandName,
  cancelSchema,
  checkInSchema,
  type DecideBody,
  decideSchema,
  rescheduleSchema,
  respondSchema,
} from '../../../../domain/audition/commands.ts';
import { validateSlot } from '../../../../domain/audition/request-validation.ts';
import type { RefusalCode } from '../../../../domain/errors.ts';
import type { AuditionId } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import type { CommandContext, DecideCommand } from '../../../../workflows/audition/messages.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { AuditionUpdateMessage } from '../../../auditions/audition-workflows.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import { nextAuditionId, updateIdOf } from '../../../auditions/derived-ids.ts';
import { sendAuditionResponse } from '../../../auditions/send-response.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { idempotencyHeaders, runOnce } from '../../../idempotency/run-once.ts';
import { auditionParams, auditionSchema } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const slotRefusals = [
  'slot_in_the_past',
  'unknown_zone',
  'local_time_in_gap',
  'local_time_ambiguous',
  'slot_ends_before_start',
  'slot_too_long',
  'slot_too_far_ahead',
] as const satisfies readonly RefusalCode[];

const commandSchema = <Body extends z.ZodType>(
  operationId: string,
  summary: string,
  body: Body,
  refusals: readonly RefusalCode[],
) => ({
  operationId,
  tags: ['Auditions'],
  summary,
  params: auditionParams,
  headers: idempotencyHeaders,
  body,
  response: {
    200: jsonResponse('Done', auditionSchema),
    202: jsonResponse('Accepted and under way; read the audition later', auditionSchema),
    ...problemResponses(
      'invalid_body',
      'unauthenticated',
      'forbidden',
      'audition_not_found',
      'audition_closed',
      'audition_stopped',
      'wrong_state',
      'idempotency_key_reused',
      'body_too_large',
      'unsupported_media_type',
      ...refusals,
    ),
  },
});

interface CommandRequest {
  readonly id: AuditionId;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** Registers the command routes. */
export const auditionCommandRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, now } = dependencies;

  /** `message` throws `Refusal` for times that do not exist or are in the past. */
  const runCommand = async (
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    name: AuditionCommandName,
    { id, key, body }: CommandRequest,
    message: (context: CommandContext) => AuditionUpdateMessage,
  ): Promise<FastifyReply> => {
    const { organization } = callerOf(request);
    const run = () =>
      sendAuditionCommand(
        dependencies,
        { organization, id, updateId: updateIdOf(id, name, { key, body }) },
        () => message({ origin: 'api', correlationId: request.id }),
      );
    const keyed = { organization, route: `POST /v1/auditions/${id}/${name}`, key, body };
    return sendAuditionResponse(reply, await runOnce(repositories.idempotentRequests, keyed, run));
  };

  api.post(
    '/v1/auditions/:id/respond',
    {
      schema: commandSchema('respond', "Record a participant's answer", respondSchema, [
        'unknown_participant',
      ]),
    },
    async (request, reply) =>
      runCommand({ request, reply }, 'respond', commandOf(request), (context) => ({
        name: 'respond',
        command: { ...context, ...request.body },
      })),
  );
  api.post(
    '/v1/auditions/:id/reschedule',
    {
      schema: commandSchema('reschedule', 'Move the audition to another slot', rescheduleSchema, [
        'slot_taken',
        ...slotRefusals,
      ]),
    },
    async (request, reply) =>
      runCommand({ request, reply }, 'reschedule', commandOf(request), (context) => ({
        name: 'reschedule',
        command: {
          ...context,
          slot: validateSlot(request.body.slot, now()),
          reason: request.body.reason,
        },
      })),
  );
  api.post(
    '/v1/auditions/:id/cancel',
    { schema: commandSchema('cancel', 'Cancel the audition and undo its bookings', cancelSchema, []) },
    async (request, reply) =>
      runCommand({ request, reply }, 'cancel', commandOf(request), (context) => ({
        name: 'cancel',
        command: { ...context, ...request.body },
      })),
  );
  api.post(
    '/v1/auditions/:id/check-in',
    {
      schema: commandSchema('checkIn', 'Check a participant in', checkInSchema, [
        'unknown_participant',
        'check_in_not_open',
      ]),
    },
    async (request, reply) =>
      runCommand({ request, reply }, 'check-in', commandOf(request), (context) => ({
        name: 'check-in',
        command: { ...context, ...request.body },
      })),
  );
  api.post(
    '/v1/auditions/:id/decide',
    {
      schema: commandSchema(
        'decide',
        'Record the decision; a callback starts the next round',
        decideSchema,
        slotRefusals,
      ),
    },
    async (request, reply) =>
      runCommand({ request, reply }, 'decide', commandOf(request), (context) => ({
        name: 'decide',
        command: decision(request.body, context, request.params.id, now()),
      })),
  );
};

const commandOf = (request: {
  readonly params: { readonly id: AuditionId };
  readonly headers: z.output<typeof idempotencyHeaders>;
  readonly body: unknown;
}): CommandRequest => ({
  id: request.params.id,
  key: request.headers['idempotency-key'],
  body: request.body,
});

const decision = (body: DecideBody, context: CommandContext, id: AuditionId, now: Instant): DecideCommand => {
  if (body.decision !== 'callback') return { ...context, decision: body.decision };
  const { slot, round } = body.next;
  return {
    ...context,
    decision: body.decision,
    next: { id: nextAuditionId(id), slot: validateSlot(slot, now, '/next/slot'), round },
  };
};
