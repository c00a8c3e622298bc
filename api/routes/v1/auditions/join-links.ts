/** /v1/auditions/{id}/join-links: the join links of an audition and who has used them; revokes a link. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { instantSchema } from '../../../../domain/time/instant.ts';
import { shortIdPattern } from '../../../../foundation/links/short-id.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionParams } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const joinLinkSchema = z
  .object({
    id: z.string().describe('The id of the link'),
    url: z.url().describe('The address that the participant opens'),
    participant: participantIdSchema
      .optional()
      .describe('Absent for the link of the audition, which calendar events contain. It records no check-in'),
    createdAt: instantSchema.describe('When it was issued, in UTC'),
    revokedAt: instantSchema.optional().describe('When it was revoked. Absent while it works'),
    uses: z
      .array(
        z.object({
          at: instantSchema.describe('When, in UTC'),
          revision: z.int().describe('The revision of the slot'),
          device: z.string().describe('phone, computer or other'),
          network: z
            .string()
            .describe(
              'Distinguishes networks within this audition. A link that is used in several networks may have been passed on',
            ),
        }),
      )
      .describe('The last 50 times that a person went to the meeting with the link, the latest first'),
  })
  .meta({ id: 'JoinLink', description: 'A join link, and its uses' });

const refusals = ['unauthenticated', 'forbidden', 'audition_not_found'] as const;

const linkParams = auditionParams.extend({
  link: z
    .string()
    .regex(shortIdPattern, 'write the id of a link as the list of the links states it')
    .describe('The id of the link'),
});

const joinLinksSchema = z
  .object({ items: z.array(joinLinkSchema).describe('The links') })
  .meta({ id: 'JoinLinks', description: 'The join links of an audition' });

/** Registers the routes. */
export const auditionJoinLinks = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, joinAddresses, auditionWorkflows } = dependencies;
  const reading = { auditions: repositories.auditions, auditionWorkflows };

  api.get(
    '/v1/auditions/:id/join-links',
    {
      schema: {
        operationId: 'listJoinLinks',
        tags: ['Auditions'],
        summary: 'List the join links of an audition and their uses',
        description:
          'A participant can pass a link on; the uses make it visible. Links that were revoked are listed too.',
        params: auditionParams,
        response: {
          200: jsonResponse('The links', joinLinksSchema),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      await joinAddresses.forAnswer([await requireAudition(reading, organization, id)]);
      const links = await repositories.joinLinks.list(organization, id);
      return {
        items: links.map(({ uses, ...link }) => ({
          ...link,
          url: joinAddresses.urlOf(link.id),
          uses: [...uses],
        })),
      };
    },
  );

  api.delete(
    '/v1/auditions/:id/join-links/:link',
    {
      schema: {
        operationId: 'revokeJoinLink',
        tags: ['Auditions'],
        summary: 'Revoke a join link',
        description:
          'The link is dead immediately, and the registration behind it at the provider of the meeting is cancelled. The participant gets another one with the next answer of the API and the next notice. Idempotent.',
        params: linkParams,
        response: {
          204: z.null().describe('The link does not work, now or already before'),
          ...problemResponses(...refusals, 'join_link_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id: auditionId, link: id } = request.params;
      await requireAudition(reading, organization, auditionId);
      const isKnown = await repositories.joinLinks.revoke({ id, organization, auditionId }, actorOf(request));
      if (!isKnown) {
        throw new Refusal(
          'join_link_not_found',
          `The audition ${auditionId} has no join link with this id.`,
          'Check the id; GET /v1/auditions/{id}/join-links lists the links of the audition.',
        );
      }
      // Also for a link that was revoked before: the earlier request may have failed here.
      if (await repositories.registrants.hasLink(id)) {
        await repositories.inbox.receive({
          kind: 'link.revoked',
          event: { audition: auditionId },
          provider: 'castmatch',
          dedupeKey: `revoked:${id}`,
          correlationId: request.id,
        });
      }
      return reply.code(204).send(null);
    },
  );
};
