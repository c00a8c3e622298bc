/** /v1/recording-policy: what the organization wants to happen to its recordings. */
import { recordingPolicySchema } from '../../../../domain/recordings/recording-policy.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const policySchema = recordingPolicySchema.meta({
  id: 'RecordingPolicy',
  description: 'How long recordings are kept, here and at the provider',
});

const refusals = ['unauthenticated', 'forbidden'] as const;

/** Registers the routes. */
export const recordingPolicyRoutes = (
  api: Api,
  { repositories: { recordingPolicies } }: ApiDependencies,
): void => {
  api.get(
    '/v1/recording-policy',
    {
      schema: {
        operationId: 'getRecordingPolicy',
        tags: ['Recordings'],
        summary: 'Return the policy about recordings',
        response: {
          200: jsonResponse('The policy of the organization, or the default', policySchema),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request) => recordingPolicies.get(callerOf(request).organization),
  );

  api.put(
    '/v1/recording-policy',
    {
      schema: {
        operationId: 'putRecordingPolicy',
        tags: ['Recordings'],
        summary: 'Replace the policy about recordings',
        description: 'Concerns recordings that are stored later. Idempotent.',
        body: policySchema,
        response: {
          200: jsonResponse('The policy', policySchema),
          ...problemResponses(...refusals, 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request) => {
      await recordingPolicies.put(callerOf(request).organization, request.body, actorOf(request));
      return request.body;
    },
  );
};
