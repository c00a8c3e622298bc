/** /v1/recordings/{id}: creates links for viewing, deletes a recording, and places legal holds. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import { recordingIdSchema } from '../../../../domain/ids.ts';
import type { StoredFile, StoredRecording } from '../../../../domain/recordings/stored-recording.ts';
import { singleLineText } from '../../../../domain/text.ts';
import { minute } from '../../../../domain/time/units.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import { linkExpiry } from '../../../access/minter-rights.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { recordingNotFound, requireRecording } from '../../../recordings/require-recording.ts';
import { recordingLinkSchema, recordingSchema, toRecordingResponse } from '../../../schemas/recording.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const params = z.object({ id: recordingIdSchema });

const linkRequest = z
  .strictObject({
    file: z
      .string()
      .max(64)
      .optional()
      .describe('The id of the file. Default: the largest video, or the largest file'),
    principal: singleLineText(200)
      .optional()
      .describe('Whom the link is for: an id of the platform. Each access is recorded under it'),
    expiresInMinutes: z
      .int()
      .min(1)
      .max(1_440)
      .default(60)
      .describe('How long the link is valid at most, in minutes. Default: 60'),
  })
  .meta({ id: 'RecordingLinkRequest', description: 'Which file, for whom, and how long' });

const notStored = (id: string): Refusal =>
  new Refusal(
    'recording_not_stored',
    `The recording ${id} has no such file that can be opened.`,
    'Read the recording: a file is stored some time after the session, and is gone after a deletion.',
  );

const onHold = (id: string): Refusal =>
  new Refusal(
    'recording_on_hold',
    `The recording ${id}, or its audition, has a legal hold.`,
    'Release the hold first, if you may.',
  );

const largest = (files: readonly StoredFile[]): StoredFile | undefined =>
  files.toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))[0];

/** @throws {Refusal} `recording_not_stored` */
const fileToView = ({ id, state, files }: StoredRecording, wanted: string | undefined): StoredFile => {
  const stored = files.filter((file) => file.state === 'stored' && file.storageKey !== undefined);
  const file =
    wanted === undefined
      ? (largest(stored.filter(({ kind }) => kind === 'video')) ?? largest(stored))
      : stored.find((candidate) => candidate.id === wanted);
  if (!file || state === 'deleting' || state === 'deleted') throw notStored(id);
  return file;
};

const createLink = (
  api: Api,
  { repositories: { recordings, administrativeActs }, recordingLinks, configuration, now }: ApiDependencies,
): void => {
  api.post(
    '/v1/recordings/:id/links',
    {
      schema: {
        operationId: 'createRecordingLink',
        tags: ['Recordings'],
        summary: 'Create a link for viewing a file of a recording',
        description:
          'The link needs no key and supports ranges, so a browser can play it. Each access is recorded with its principal, time and first byte. It opens nothing after the key that created it was revoked; one that was created with a token ends with the token, but not in its first ten minutes.',
        params,
        body: linkRequest,
        response: {
          201: jsonResponse('The link', recordingLinkSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'recording_not_found',
            'recording_not_stored',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { organization, label, id, role, expiresAt: tokenExpiry } = callerOf(request);
      const { principal = label, file: wanted, expiresInMinutes } = request.body;
      const recording = await requireRecording(recordings, organization, request.params.id);
      const { id: file } = fileToView(recording, wanted);
      const expiresAt = linkExpiry(now(), expiresInMinutes * minute, { expiresAt: tokenExpiry });
      const minter = { id, role };
      const link = { organization, recording: recording.id, file, principal, expiresAt, minter };
      await administrativeActs.record({
        organization,
        ...actorOf(request),
        act: 'recording.link_created',
        target: recording.id,
        detail: { file, expiresAt },
      });
      return reply
        .code(201)
        .send({ url: `${configuration.publicUrl}/recordings/${recordingLinks.token(link)}`, expiresAt });
    },
  );
};

const remove = (api: Api, { repositories: { recordings, recordingDeletions } }: ApiDependencies): void => {
  api.delete(
    '/v1/recordings/:id',
    {
      schema: {
        operationId: 'deleteRecording',
        tags: ['Recordings'],
        summary: 'Delete a recording',
        description:
          'Its files can no longer be opened, and are deleted from the storage within a minute. The copy at the provider is not deleted. Idempotent.',
        params,
        response: {
          202: jsonResponse('The recording is being deleted', recordingSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'recording_not_found',
            'recording_not_stored',
            'recording_on_hold',
          ),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      switch (await recordingDeletions.request(organization, id, actorOf(request))) {
        case 'not_found':
          throw recordingNotFound(id);
        case 'held':
          throw onHold(id);
        case 'not_stored':
          throw notStored(id);
        case 'requested':
          return reply
            .code(202)
            .send(toRecordingResponse(await requireRecording(recordings, organization, id)));
      }
    },
  );
};

/** Registers the routes. */
export const recordingItem = (api: Api, dependencies: ApiDependencies): void => {
  createLink(api, dependencies);
  remove(api, dependencies);
};
