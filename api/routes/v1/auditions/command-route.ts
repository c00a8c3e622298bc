/** What the routes of all commands to an audition share: schema, idempotency and response. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AuditionView } from '../../../../domain/audition/view.ts';
import type { RefusalCode } from '../../../../domain/errors.ts';
import type { AuditionId } from '../../../../domain/ids.ts';
import type { CommandContext } from '../../../../workflows/audition/messages.ts';
import { callerOf } from '../../../access/caller.ts';
import type { AuditionUpdateMessage } from '../../../auditions/audition-workflows.ts';
import { type CommandTarget, type MessageOf, sendAuditionCommand } from '../../../auditions/command.ts';
import { updateIdOf } from '../../../auditions/derived-ids.ts';
import { sendAuditionResponse } from '../../../auditions/send-response.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import {
  type ApiResponse,
  type Attempt,
  idempotencyHeaders,
  runOnce,
} from '../../../idempotency/run-once.ts';
import { auditionParams, auditionSchema } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

export const slotRefusals = [
  'slot_in_the_past',
  'unknown_zone',
  'local_time_in_gap',
  'local_time_ambiguous',
  'slot_ends_before_start',
  'slot_too_long',
  'slot_too_far_ahead',
] as const satisfies readonly RefusalCode[];

/** The refusals of a slot that names a session block. */
export const blockRefusals = [
  'unknown_session_block',
  'session_block_mismatch',
  'outside_session_block',
] as const satisfies readonly RefusalCode[];

const commandRefusals = [
  'unauthenticated',
  'forbidden',
  'audition_not_found',
  'wrong_state',
  'idempotency_key_reused',
  'body_too_large',
  'unsupported_media_type',
] as const satisfies readonly RefusalCode[];

/** The refusals of a command to a workflow that runs. */
export const runningRefusals = [
  'audition_closed',
  'audition_stopped',
] as const satisfies readonly RefusalCode[];

/** Returns the parts of a command's route schema that all commands have. */
export const commandSchema = (operationId: string, summary: string, refusals: readonly RefusalCode[]) => ({
  operationId,
  tags: ['Auditions'],
  summary,
  params: auditionParams,
  headers: idempotencyHeaders,
  response: {
    200: jsonResponse('Done', auditionSchema),
    202: jsonResponse(
      'Accepted: it takes longer, or a step waits for an operator; read the audition later',
      auditionSchema,
    ),
    ...problemResponses(...commandRefusals, ...refusals),
  },
});

export type CommandRequest = FastifyRequest & {
  readonly params: { readonly id: AuditionId };
  readonly headers: z.output<typeof idempotencyHeaders>;
  readonly body: unknown;
};

/**
 * Runs a command once for each Idempotency-Key and sends its response.
 * @param route the method and path; a key is scoped to it
 */
export const runCommand = async (
  dependencies: Pick<ApiDependencies, 'repositories' | 'joinAddresses'>,
  { request, reply, route }: { request: CommandRequest; reply: FastifyReply; route: string },
  run: (target: CommandTarget, context: CommandContext, attempt: Attempt) => Promise<ApiResponse>,
): Promise<FastifyReply> => {
  const { idempotentRequests } = dependencies.repositories;
  const { organization, id: principal } = callerOf(request);
  const { id } = request.params;
  const { body } = request;
  const key = request.headers['idempotency-key'];
  const target: CommandTarget = {
    organization,
    id,
    updateId: updateIdOf(id, route, { key, body }),
    correlationId: request.id,
  };
  const context: CommandContext = { origin: 'api', correlationId: request.id, principal };
  const response = await runOnce(idempotentRequests, { organization, route, key, body }, (attempt) =>
    run(target, context, attempt),
  );
  return sendAuditionResponse(dependencies, reply, response);
};

/**
 * Sends a command to the running workflow and sends the response. `message` throws `Refusal` for invalid times.
 * @param check throws `Refusal` before anything is sent. A request that was accepted before is not checked again
 */
export const sendCommand = <Name extends AuditionUpdateMessage['name']>(
  dependencies: Pick<ApiDependencies, 'repositories' | 'auditionWorkflows' | 'joinAddresses'>,
  { request, reply, route }: { request: CommandRequest; reply: FastifyReply; route: string },
  name: Name,
  message: (context: CommandContext, view: AuditionView) => MessageOf<Name> | Promise<MessageOf<Name>>,
  check: (target: CommandTarget) => Promise<void> = async () => undefined,
): Promise<FastifyReply> =>
  runCommand(dependencies, { request, reply, route }, async (target, context, attempt) => {
    if (!attempt.accepted) await check(target);
    return sendAuditionCommand(dependencies, target, name, (view) => message(context, view), attempt);
  });
