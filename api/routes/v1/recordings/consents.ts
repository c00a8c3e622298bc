/** POST /v1/auditions/{id}/consents: records that a participant agrees to be recorded, or withdraws the consent. */
import { z } from 'zod';
import { recordingConsents } from '../../../../domain/audition/events.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { recordConsent } from '../../../recordings/record-consent.ts';
import { auditionSchema } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const consentRequest = z
  .strictObject({
    participant: participantIdSchema,
    consent: z
      .enum(recordingConsents)
      .describe('`withdrawn` replaces an earlier consent: what was recorded before stays'),
  })
  .meta({ id: 'RecordingConsent', description: 'Whether a participant agrees to be recorded' });

/** Registers the route. */
export const recordingConsentRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const {
    repositories: { auditions },
    auditionWorkflows,
  } = dependencies;
  api.post(
    '/v1/auditions/:id/consents',
    {
      schema: {
        operationId: 'recordConsent',
        tags: ['Recordings'],
        summary: 'Record the consent of a participant to a recording',
        description:
          'A session is recorded automatically only when the performer, every reader and every agent have consented. A consent that is withdrawn does not delete what was recorded before. A repeated request changes nothing.',
        params: z.object({ id: auditionIdSchema }),
        body: consentRequest,
        response: {
          200: jsonResponse('The audition', auditionSchema),
          ...problemResponses(
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
      const { organization, id: principal } = callerOf(request);
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
      return recordConsent(dependencies, audition, {
        participant,
        consent,
        origin: 'api',
        principal,
        correlationId: request.id,
      });
    },
  );
};
