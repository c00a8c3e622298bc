/** POST /v1/participants/{participant}/erase: erases a person. */
import { z } from 'zod';
import {
  auditionIdSchema,
  connectionIdSchema,
  participantIdSchema,
  recordingIdSchema,
} from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { erasePerson, findPersonData, obstacles } from '../../../people/erase-person.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const erasureSchema = z
  .object({
    participant: participantIdSchema,
    isErased: z.boolean().describe('False for a dry run'),
    auditions: z
      .array(auditionIdSchema)
      .describe(
        'The auditions that the person has taken part in. Their facts stay; their histories, rooms, reasons and links are erased, those of the other participants included',
      ),
    connections: z.array(connectionIdSchema).describe('The accounts of the person, which are disconnected'),
    recordings: z
      .array(recordingIdSchema)
      .describe('The stored recordings of the auditions, which are deleted'),
    obstacles: z
      .array(
        z.object({
          id: z.string().describe('The id of the audition, the recording or the workflow'),
          obstacle: z.enum(obstacles).describe('What must end first'),
        }),
      )
      .describe('What must happen before the person can be erased'),
  })
  .meta({ id: 'Erasure', description: 'What was erased, or would be' });

/** An unknown field is refused: with a misspelled `dryRun`, the person would be erased. */
const erasureBody = z
  .strictObject({
    dryRun: z
      .boolean()
      .default(false)
      .describe('Lists what would be erased, and changes nothing. Default: false'),
  })
  .meta({
    id: 'ErasureRequest',
    description: 'Whether the person is erased, or only what would be is listed',
  });

/** Registers the route. */
export const participantErasure = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/participants/:participant/erase',
    {
      schema: {
        operationId: 'eraseParticipant',
        tags: ['Participants'],
        summary: 'Erase a person',
        description:
          'Makes what is stored of the person unreadable, in backups of the database and of Temporal too. Cannot be undone. A dry run lists what would be erased and what stands in the way. Idempotent: an erasure that was interrupted is completed by the next request.',
        params: z.object({ participant: participantIdSchema.describe('Your id of the person') }),
        body: erasureBody,
        response: {
          200: jsonResponse('What was erased, or would be', erasureSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'participant_not_erasable',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request) => {
      const { participant } = request.params;
      const { dryRun } = request.body;
      const person = { organization: callerOf(request).organization, participant };
      const data = dryRun
        ? await findPersonData(dependencies, person)
        : await erasePerson(dependencies, person, actorOf(request), request.log);
      return {
        participant,
        isErased: !dryRun,
        auditions: [...data.auditions],
        connections: [...data.connections],
        recordings: [...data.recordings],
        obstacles: [...data.obstacles],
      };
    },
  );
};
