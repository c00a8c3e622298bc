/** GET /v1/auditions/{id}/recordings: lists the recordings of an audition. */
import { z } from 'zod';
import { auditionIdSchema } from '../../../../domain/ids.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { recordingSchema, toRecordingResponse } from '../../../schemas/recording.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const responseSchema = z
  .object({ items: z.array(recordingSchema).describe('The recordings of the audition') })
  .meta({ id: 'Recordings', description: 'The recordings of an audition' });

/** Registers the route. */
export const recordingCollection = (
  api: Api,
  { repositories: { auditions, recordings }, auditionWorkflows }: ApiDependencies,
): void => {
  api.get(
    '/v1/auditions/:id/recordings',
    {
      schema: {
        operationId: 'listRecordings',
        tags: ['Recordings'],
        summary: 'List the recordings of an audition',
        description:
          'A session that was interrupted has several. Deleted recordings stay in the list, without their files.',
        params: z.object({ id: auditionIdSchema }),
        response: {
          200: jsonResponse('The recordings, the oldest first', responseSchema),
          ...problemResponses('unauthenticated', 'forbidden', 'audition_not_found'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = await requireAudition({ auditions, auditionWorkflows }, organization, request.params.id);
      const found = await recordings.ofAudition(organization, id);
      return { items: found.map(toRecordingResponse) };
    },
  );
};
