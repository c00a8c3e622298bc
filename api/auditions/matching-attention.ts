/** Resolves the attention items that match a query: after an outage, hundreds of items have one cause and one answer. */
import { z } from 'zod';
import { type AttentionItem, attentionActions, attentionSteps } from '../../domain/audition/attention.ts';
import { attentionNote } from '../../domain/audition/commands.ts';
import { Refusal, refusalCodes } from '../../domain/errors.ts';
import { attentionIdSchema, type OrganizationId } from '../../domain/ids.ts';
import { vendorNames } from '../../domain/providers/vendors.ts';
import { forEachConcurrently } from '../../foundation/concurrency.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { resolveAttention } from './resolve-attention.ts';

/** `override` needs a link for each item. */
const commonActions = attentionActions.filter((action) => action !== 'override');

export const attentionQuerySchema = z
  .strictObject({
    step: z.enum(attentionSteps).optional().describe('The step that failed, such as meeting'),
    provider: z.enum(vendorNames).optional().describe('The provider whose call failed'),
    code: z.string().min(1).max(100).optional().describe('The error code of the item'),
    action: z
      .enum(commonActions)
      .describe(
        'The decision for each item. Items that do not offer it are left open and listed in `refused`',
      ),
    note: attentionNote.optional(),
    limit: z.int().min(1).max(100).default(100).describe('How many items are resolved at most. Default: 100'),
  })
  .refine(
    ({ step, provider, code }) => [step, provider, code].some((part) => part !== undefined),
    'name at least one of step, provider and code',
  )
  .meta({ id: 'AttentionQuery', description: 'Which items are resolved, and how' });
type AttentionQuery = z.infer<typeof attentionQuerySchema>;

export const matchingResultSchema = z
  .object({
    resolved: z.array(attentionIdSchema).describe('Items whose step continues'),
    refused: z
      .array(
        z.object({
          id: attentionIdSchema,
          code: z.enum(refusalCodes).describe('Why, as in a problem document'),
          detail: z.string().describe('The reason in words'),
        }),
      )
      .describe('Items that are still open, or were resolved by someone else meanwhile'),
    hasMore: z.boolean().describe('Whether more items match. Send the request again'),
  })
  .meta({ id: 'AttentionQueryResult', description: 'What became of the items that match' });
type MatchingResult = z.infer<typeof matchingResultSchema>;

interface MatchingRequest {
  readonly organization: OrganizationId;
  readonly query: AttentionQuery;
  readonly by: string;
  readonly principal: string;
  readonly correlationId: string;
}

/** Each resolution is an update of another workflow. More of them at the same time would delay the commands of other callers. */
const atOnce = 5;

const matches = ({ step, provider, code }: AttentionQuery, item: AttentionItem): boolean =>
  (step === undefined || item.step === step) &&
  (provider === undefined || item.provider === provider) &&
  (code === undefined || item.code === code);

/**
 * Resolves the oldest items that match. Idempotent: an item is resolved once, and a repeated request continues with those
 * that are still open.
 */
export const resolveMatchingAttention = async (
  dependencies: ApiDependencies,
  { organization, query, by, principal, correlationId }: MatchingRequest,
): Promise<MatchingResult> => {
  const { items, hasMore } = await matching(dependencies, organization, query);
  const { action, note } = query;
  const resolved: MatchingResult['resolved'] = [];
  const refused: MatchingResult['refused'] = [];
  const resolveOne = async ({ id, actions }: AttentionItem): Promise<void> => {
    try {
      if (!actions.includes(action)) {
        throw new Refusal(
          'action_not_offered',
          `The item offers ${actions.join(', ')}.`,
          'Resolve it with one of these.',
        );
      }
      const body = { action, note };
      const key = undefined;
      await resolveAttention(dependencies, { organization, id, body, key, by, principal, correlationId });
      resolved.push(id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push({ id, code: error.code, detail: error.message });
    }
  };
  await forEachConcurrently(items, atOnce, resolveOne);
  return { resolved, refused, hasMore };
};

const matching = async (
  { repositories: { auditions } }: ApiDependencies,
  organization: OrganizationId,
  query: AttentionQuery,
): Promise<{ readonly items: readonly AttentionItem[]; readonly hasMore: boolean }> => {
  const items: AttentionItem[] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const page = await auditions.listAttentionItems(organization, { limit: 100, cursor });
    for (const item of page.items) {
      if (!matches(query, item)) continue;
      if (items.length === query.limit) return { items, hasMore: true };
      items.push(item);
    }
    cursor = page.nextCursor;
  }
  return { items, hasMore: false };
};
