/** Resolves one attention item: that of an audition by a command, that of a recording by a signal to its workflow. */
import type { AttentionAction } from '../../domain/audition/attention.ts';
import type { ResolveAttentionBody } from '../../domain/audition/commands.ts';
import { Refusal } from '../../domain/errors.ts';
import {
  type AttentionId,
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
} from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type ApiResponse, runOnce } from '../idempotency/run-once.ts';
import { sendAuditionCommand } from './command.ts';
import { updateIdOf } from './derived-ids.ts';

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

export interface AttentionResolution {
  readonly organization: OrganizationId;
  readonly id: AttentionId;
  readonly body: ResolveAttentionBody;
  /** The Idempotency-Key, if the caller sent one. */
  readonly key: string | undefined;
  /** Who resolves it: the label of the caller's key. */
  readonly by: string;
  /** The same person or program: see `domain/audition/principal.ts`. */
  readonly principal: string;
  readonly correlationId: string;
}

/**
 * Resolves an item, and returns the response of the API. Idempotent: a resolution that is repeated gets the audition.
 * @throws {Refusal} `attention_not_found`, `action_not_offered`, `audition_closed` or `audition_stopped`
 */
export const resolveAttention = (
  dependencies: ApiDependencies,
  { organization, id, body, key, by, principal, correlationId }: AttentionResolution,
): Promise<ApiResponse & { readonly replayed: boolean }> => {
  const { auditions, idempotentRequests } = dependencies.repositories;
  const { action, note } = body;
  const keyed = { organization, route: `POST /v1/attention/${id}/resolve`, key, body };
  return runOnce(idempotentRequests, keyed, async (attempt) => {
    const ofRecording = await resolveOfRecording(dependencies, {
      organization,
      resolution: { id, action, by },
    });
    if (ofRecording) return ofRecording;
    const auditionId = await auditionIdOfAttention(auditions, organization, id);
    if (!auditionId) throw attentionNotFound(id);
    return sendAuditionCommand(
      dependencies,
      {
        organization,
        id: auditionId,
        updateId: updateIdOf(auditionId, `resolve ${id}`, { key, body }),
        correlationId,
      },
      'resolve',
      () => ({
        name: 'resolve',
        command: {
          origin: 'operator',
          correlationId,
          principal,
          id,
          action,
          joinUrl: action === 'override' ? body.value.joinUrl : undefined,
          ...(note !== undefined && { note }),
          by,
        },
      }),
      attempt,
    );
  });
};
