/** Legal holds on a recording, on all recordings of an audition, and on all recordings of the organization. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  type RecordingId,
  recordingIdSchema,
} from '../../../../domain/ids.ts';
import { singleLineText } from '../../../../domain/text.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { requireRecording } from '../../../recordings/require-recording.ts';
import { problemResponses } from '../../../schemas/responses.ts';

const holdRequest = z
  .strictObject({
    reason: singleLineText(500).describe('Why the recordings must be kept. No personal data'),
  })
  .meta({ id: 'LegalHold', description: 'A hold: what it covers is not deleted' });

const refusals = ['unauthenticated', 'forbidden'] as const;
const bodyRefusals = ['body_too_large', 'unsupported_media_type'] as const;

const deleted = (subject: string): Refusal =>
  new Refusal(
    'recording_not_stored',
    `The recording ${subject} is deleted, or being deleted.`,
    'A hold cannot bring it back. Hold its audition: that keeps a copy that the provider may still have, and later recordings.',
  );

interface Kind {
  readonly path: '/v1/recordings/:id/legal-hold' | '/v1/auditions/:id/legal-hold';
  readonly name: 'Recording' | 'Audition';
  readonly about: string;
  readonly notFound: 'recording_not_found' | 'audition_not_found';
  /** What else a hold is refused with. */
  readonly tooLate: readonly 'recording_not_stored'[];
}

const holdRoutes = <Id extends RecordingId | AuditionId>(
  api: Api,
  { repositories: { recordingHolds } }: ApiDependencies,
  { path, name, about, notFound, tooLate }: Kind,
  id: z.ZodType<Id>,
  requireSubject: (organization: OrganizationId, id: Id) => Promise<unknown>,
): void => {
  const params = z.object({ id });
  const subjectOf = async (request: FastifyRequest, subject: Id) => {
    const { organization } = callerOf(request);
    await requireSubject(organization, subject);
    return { organization, subject };
  };

  api.put(
    path,
    {
      schema: {
        operationId: `hold${name}`,
        tags: ['Recordings'],
        summary: `Place a legal hold on ${about}`,
        description:
          'Prevents the deletion after the retention, by the API, and at the provider. Replaces the reason of an earlier hold. Idempotent.',
        params,
        body: holdRequest,
        response: {
          204: z.null().describe('Placed'),
          ...problemResponses(...refusals, ...bodyRefusals, notFound, ...tooLate),
        },
      },
    },
    async (request, reply) => {
      const subject = await subjectOf(request, request.params.id);
      const placed = await recordingHolds.place(subject, request.body.reason, actorOf(request));
      if (placed === 'too_late') throw deleted(subject.subject);
      return reply.code(204).send(null);
    },
  );

  api.delete(
    path,
    {
      schema: {
        operationId: `release${name}`,
        tags: ['Recordings'],
        summary: `Release the legal hold on ${about}`,
        description:
          'A retention that has ended meanwhile deletes the recordings within a minute. Idempotent.',
        params,
        response: {
          204: z.null().describe('There is no hold, now or already before'),
          ...problemResponses(...refusals, notFound),
        },
      },
    },
    async (request, reply) => {
      await recordingHolds.release(await subjectOf(request, request.params.id), actorOf(request));
      return reply.code(204).send(null);
    },
  );
};

const organizationOf = (request: FastifyRequest) => {
  const { organization } = callerOf(request);
  return { organization, subject: organization };
};

const organizationHoldPath = '/v1/recording-policy/legal-hold';

/** The hold on all recordings of the organization, beside its policy about them. */
const organizationHoldRoutes = (
  api: Api,
  { repositories: { recordingHolds } }: Pick<ApiDependencies, 'repositories'>,
): void => {
  api.put(
    organizationHoldPath,
    {
      schema: {
        operationId: 'holdOrganization',
        tags: ['Recordings'],
        summary: 'Place a legal hold on all recordings of the organization, later ones included',
        description:
          'Prevents every deletion of its recordings: after the retention, by the API, and at the provider. Replaces the reason of an earlier hold. Idempotent.',
        body: holdRequest,
        response: {
          204: z.null().describe('Placed'),
          ...problemResponses(...refusals, ...bodyRefusals),
        },
      },
    },
    async (request, reply) => {
      await recordingHolds.place(organizationOf(request), request.body.reason, actorOf(request));
      return reply.code(204).send(null);
    },
  );

  api.delete(
    organizationHoldPath,
    {
      schema: {
        operationId: 'releaseOrganization',
        tags: ['Recordings'],
        summary: 'Release the legal hold on all recordings of the organization',
        description:
          'Holds on single recordings and auditions stay. What was due meanwhile is deleted within minutes. Idempotent.',
        response: {
          204: z.null().describe('There is no hold, now or already before'),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request, reply) => {
      await recordingHolds.release(organizationOf(request), actorOf(request));
      return reply.code(204).send(null);
    },
  );
};

/** Registers the routes. */
export const recordingLegalHolds = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories } = dependencies;
  organizationHoldRoutes(api, dependencies);
  holdRoutes(
    api,
    dependencies,
    {
      path: '/v1/recordings/:id/legal-hold',
      name: 'Recording',
      about: 'a recording',
      notFound: 'recording_not_found',
      tooLate: ['recording_not_stored'],
    },
    recordingIdSchema,
    (organization, id) => requireRecording(repositories.recordings, organization, id),
  );
  holdRoutes(
    api,
    dependencies,
    {
      path: '/v1/auditions/:id/legal-hold',
      name: 'Audition',
      about: 'all recordings of an audition, later ones included',
      notFound: 'audition_not_found',
      tooLate: [],
    },
    auditionIdSchema,
    (organization, id) =>
      requireAudition(
        { auditions: repositories.auditions, auditionWorkflows: dependencies.auditionWorkflows },
        organization,
        id,
      ),
  );
};
