/** POST /v1/auditions/{id}/consents: records that a participant agrees to be recorded, or withdraws the consent. */
import { z } from 'zod';
import { recordingConsents } from '../../../../domain/audition/events.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionSchema } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const consentRequest = z.strictObject({
  participant: participantIdSchema,
  consent: z.enum(recordingConsents),
});

/** The fact is appended by its key. This position says that any numbered facts may be in the trail. */
const anyPosition = { facts: [], number: 2 ** 31 - 1 };

/** Registers the route. */
export const recordingConsentRoutes = (
  api: Api,
  { repositories: { auditions, events }, auditionWorkflows, now }: ApiDependencies,
): void => {
  api.post(
    '/v1/auditions/:id/consents',
    {
      schema: {
        operationId: 'recordConsent',
        tags: ['Recordings'],
        summary: 'Record the consent of a participant to a recording',
        description:
          'A session is recorded automatically only when the performer and every reader have consented. A consent that is withdrawn does not delete what was recorded before. A repeated request changes nothing.',
        params: z.object({ id: auditionIdSchema }),
        body: consentRequest,
        response: {
          200: jsonResponse('The audition', auditionSchema),
          ...problemResponses(
            'invalid_body',
            'unauthenticated',
            'forbidden',
            'audition_not_found',
            'unknown_participant',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { participant: id, consent } = request.body;
      const audition = await requireAudition(
        { auditions, auditionWorkflows },
        organization,
        request.params.id,
      );
      const participant = audition.participants.find((candidate) => candidate.id === id);
      if (!participant) {
        throw new Refusal(
          'unknown_participant',
          `The audition has no participant ${id}.`,
          'Use the ID of one of its participants.',
        );
      }
      if (participant.recordingConsent === consent) return audition;
      const fact = { type: 'recording_consented', participant: id, consent, origin: 'api' } as const;
      await events.append(
        { auditionId: audition.id, run: request.id, position: anyPosition },
        { facts: [{ at: now(), correlationId: request.id, key: `consent/${id}:${request.id}`, fact }] },
      );
      return (await auditions.get(organization, audition.id)) ?? audition;
    },
  );
};
