/** /v1/attention: lists the items that wait for an operator, and resolves them. */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import { resolveAttentionSchema } from '../../../domain/audition/commands.ts';
import { Refusal } from '../../../domain/errors.ts';
import {
  type AttentionId,
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
} from '../../../domain/ids.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import { sendAuditionCommand } from '../../auditions/command.ts';
import { updateIdOf } from '../../auditions/derived-ids.ts';
import { sendAuditionResponse } from '../../auditions/send-response.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { type ApiResponse, type Attempt, idempotencyHeaders, runOnce } from '../../idempotency/run-once.ts';
import { attentionParams, attentionSchema, auditionSchema } from '../../schemas/audition.ts';
import { pageQuery, pageSchemaOf } from '../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const listAttention = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/attention',
    {
      schema: {
        operationId: 'listAttention',
        tags: ['Attention'],
        summary: 'List open attention items',
        querystring: pageQuery,
        response: {
          200: jsonResponse('A page of attention items, the oldest first', pageSchemaOf(attentionSchema)),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) =>
      repositories.auditions.listAttentionItems(callerOf(request).organization, request.query),
  );
};

/**
 * Returns the audition of an attention item. A resolved item is no longer stored, but its ID contains the ID of its
 * audition. So a resolution that is repeated because its response was lost gets the same response from the audition.
 */
const auditionIdOfAttention = async (
  auditions: ApiDependencies['repositories']['auditions'],
  organization: OrganizationId,
  id: AttentionId,
): Promise<AuditionId | undefined> => {
  const open = await auditions.findAttentionItem(organization, id);
  if (open) return open.auditionId;
  const named = auditionIdSchema.safeParse(id.slice('att_'.length, id.lastIndexOf('-'))).data;
  return named && (await auditions.get(organization, named)) ? named : undefined;
};

/**
 * Resolves an item of a recording, whose audition can be closed. Returns undefined when the item is of an audition. The item
 * disappears when the workflow of the recording continues.
 */
const resolveOfRecording = async (
  {
    repositories: { auditions },
    recordingWorkflows,
  }: Pick<ApiDependencies, 'repositories' | 'recordingWorkflows'>,
  {
    organization,
    resolution: { id, action, by },
  }: {
    readonly organization: OrganizationId;
    readonly resolution: {
      readonly id: AttentionId;
      readonly action: AttentionAction;
      readonly by: string;
    };
  },
): Promise<ApiResponse | undefined> => {
  const open = await auditions.findAttentionItem(organization, id);
  if (!open?.workflowId) return undefined;
  if (action !== 'retry' && action !== 'skip') {
    throw new Refusal(
      'action_not_offered',
      `The attention item ${id} does not offer ${action}.`,
      'Resolve it with retry or skip.',
    );
  }
  const sent = await recordingWorkflows.resolve(open.workflowId, { id, action, by });
  const view = await auditions.get(organization, open.auditionId);
  if (sent === 'not_running' || !view) throw attentionNotFound(id);
  return { status: 202, body: view, provisional: true };
};

const attentionNotFound = (id: string): Refusal =>
  new Refusal(
    'attention_not_found',
    `There is no open attention item ${id}.`,
    'It may be resolved already; GET /v1/attention lists the open items.',
  );

const resolve = (api: Api, dependencies: ApiDependencies): void => {
  const { auditions, idempotentRequests } = dependencies.repositories;
  api.post(
    '/v1/attention/:id/resolve',
    {
      schema: {
        operationId: 'resolveAttention',
        tags: ['Attention'],
        summary: 'Resolve an attention item',
        params: attentionParams,
        headers: idempotencyHeaders,
        body: resolveAttentionSchema,
        response: {
          200: jsonResponse('Resolved; the audition continues', auditionSchema),
          202: jsonResponse('Accepted and under way; read the audition later', auditionSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'attention_not_found',
            'audition_closed',
            'audition_stopped',
            'action_not_offered',
            'idempotency_key_reused',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { organization, label } = callerOf(request);
      const { id } = request.params;
      const { body } = request;
      const key = request.headers['idempotency-key'];
      const run = async (attempt: Attempt) => {
        const recordingResponse = await resolveOfRecording(dependencies, {
          organization,
          resolution: { id, action: body.action, by: label },
        });
        if (recordingResponse) return recordingResponse;
        const auditionId = await auditionIdOfAttention(auditions, organization, id);
        if (!auditionId) throw attentionNotFound(id);
        return sendAuditionCommand(
          dependencies,
          {
            organization,
            id: auditionId,
            updateId: updateIdOf(auditionId, `resolve ${id}`, { key, body }),
            correlationId: request.id,
          },
          'resolve',
          () => ({
            name: 'resolve',
            command: {
              origin: 'operator',
              correlationId: request.id,
              id,
              action: body.action,
              joinUrl: body.action === 'override' ? body.value.joinUrl : undefined,
              by: label,
            },
          }),
          attempt,
        );
      };
      const keyed = { organization, route: `POST /v1/attention/${id}/resolve`, key, body };
      return sendAuditionResponse(dependencies, reply, await runOnce(idempotentRequests, keyed, run));
    },
  );
};

/** Registers the attention routes. */
export const attentionRoutes = (api: Api, dependencies: ApiDependencies): void => {
  listAttention(api, dependencies);
  resolve(api, dependencies);
};
