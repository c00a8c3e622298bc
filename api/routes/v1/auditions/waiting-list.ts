/**
 * The waiting lists of casting sessions, on which performers who are admitted in turn wait. Nothing here needs Temporal: a
 * casting day goes on while it is down.
 */
import { z } from 'zod';
import type { WaitingEntry } from '../../../../db/auditions/waiting-entries.ts';
import type { AuditionView } from '../../../../domain/audition/view.ts';
import {
  isAdmittedInTurn,
  waitingListOf,
  waitingListOfDay,
} from '../../../../domain/audition/waiting-list.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionIdSchema, type ParticipantId, participantIdSchema } from '../../../../domain/ids.ts';
import { instantSchema } from '../../../../domain/time/instant.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionParams } from '../../../schemas/audition.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import { blockParams } from '../../../schemas/session-block.ts';
import { requireBlock } from '../../../session-blocks/block-changes.ts';

const entrySchema = z
  .object({
    audition: auditionIdSchema,
    participant: participantIdSchema,
    place: z.int().optional().describe('1 is next. Absent for a performer who was admitted'),
    checkedInAt: instantSchema
      .optional()
      .describe('When the performer checked in. Absent for one who was admitted before'),
    admittedAt: instantSchema.optional().describe('Absent while the performer waits'),
  })
  .meta({ id: 'WaitingEntry', description: 'A performer on the waiting list' });

const listSchema = z
  .object({
    items: z
      .array(entrySchema)
      .describe(
        'Those who wait, in the order of their check-in, then those who were admitted, the last one first',
      ),
  })
  .meta({ id: 'WaitingList', description: 'The performers who wait, and those who were admitted' });

const admissionSchema = z
  .object({
    participant: participantIdSchema
      .optional()
      .describe(
        'The performer. Required when the audition has several, so that a repeated request admits no second one',
      ),
  })
  .strict()
  .meta({ id: 'Admission', description: 'Who is admitted' });

const blockListQuery = z
  .strictObject({
    date: z.iso.date().describe('The day of the session in the zone of the block, such as 2026-12-03'),
  })
  .strict();

const refusals = problemResponses(
  'unauthenticated',
  'forbidden',
  'audition_not_found',
  'not_admitted_in_turn',
);

const toResponse = (entries: readonly WaitingEntry[]) => ({
  items: entries.map(({ auditionId, ...entry }) => ({ audition: auditionId, ...entry })),
});

/** @throws {Refusal} `not_admitted_in_turn` */
const requireList = (view: AuditionView): string => {
  const list = waitingListOf(view);
  if (list !== undefined) return list;
  throw new Refusal(
    'not_admitted_in_turn',
    'The performers of this audition join without being admitted, or it has no slot.',
    'Request auditions with the meeting setting admission: in_turn.',
  );
};

/**
 * Returns the performer whom the request names; without a name, the only one of the audition. With several, a repeated request
 * would admit the next one.
 * @throws {Refusal} `unknown_participant` for a person who is not admitted in turn, and for none of several
 */
const performerOf = (view: AuditionView, named: ParticipantId | undefined): ParticipantId => {
  const performers = view.participants.filter(({ kind }) => kind === 'performer');
  if (named === undefined && performers.length > 1) {
    throw new Refusal(
      'unknown_participant',
      'The audition has several performers.',
      'Name the one to admit in participant.',
      ['/participant'],
    );
  }
  const chosen = named ?? performers[0]?.id;
  if (chosen !== undefined && isAdmittedInTurn(view, chosen)) return chosen;
  throw new Refusal(
    'unknown_participant',
    'The audition has no such performer.',
    'Name a participant of the kind performer. The others join without being admitted.',
    ['/participant'],
  );
};

/** Registers the routes. */
export const waitingListRoutes = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, auditionWorkflows, now } = dependencies;
  const { waitingEntries, inbox } = repositories;
  const reading = { auditions: repositories.auditions, auditionWorkflows };

  api.get(
    '/v1/auditions/:id/waiting-list',
    {
      schema: {
        operationId: 'getWaitingList',
        tags: ['Auditions'],
        summary: 'Read the waiting list of the session of an audition',
        description:
          'All auditions of a session block on one day have one list. An audition without a block has its own.',
        params: auditionParams,
        response: { 200: jsonResponse('The list', listSchema), ...refusals },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const view = await requireAudition(reading, organization, request.params.id);
      return toResponse(await waitingEntries.list(organization, requireList(view)));
    },
  );

  api.post(
    '/v1/auditions/:id/admissions',
    {
      schema: {
        operationId: 'admitPerformer',
        tags: ['Auditions'],
        summary: 'Admit a performer who waits',
        description:
          'The page of the join link then leads to the meeting. A performer who has not checked in yet can be admitted too. Starts the session of the audition. Idempotent.',
        params: auditionParams,
        body: admissionSchema,
        response: {
          200: jsonResponse('The list after the admission', listSchema),
          ...refusals,
          ...problemResponses('unknown_participant', 'audition_closed'),
        },
      },
    },
    async (request) => {
      const { organization, id: principal } = callerOf(request);
      const view = await requireAudition(reading, organization, request.params.id);
      const { id: auditionId, revision, state } = view;
      if (state === 'closed') {
        throw new Refusal('audition_closed', 'The audition is closed.', 'Reopen it, or request a new one.');
      }
      const list = requireList(view);
      const participant = performerOf(view, request.body.participant);
      const entry = { organization, auditionId, participant, revision, list };
      const { admittedAt } = await waitingEntries.admit(entry, now(), actorOf(request));
      // Also for a performer who was admitted before: the earlier request may have failed here.
      await inbox.receive({
        kind: 'performer.admitted',
        event: { audition: auditionId, participant, at: admittedAt, principal },
        provider: 'castmatch',
        dedupeKey: `admitted:${auditionId}:${participant}:r${revision}`,
        correlationId: request.id,
      });
      return toResponse(await waitingEntries.list(organization, list));
    },
  );

  api.get(
    '/v1/session-blocks/:id/waiting-list',
    {
      schema: {
        operationId: 'getWaitingListOfSession',
        tags: ['Session blocks'],
        summary: 'Read the waiting list of a session',
        params: blockParams,
        querystring: blockListQuery,
        response: {
          200: jsonResponse('The list', listSchema),
          ...problemResponses('unauthenticated', 'forbidden', 'session_block_not_found'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = await requireBlock(dependencies, organization, request.params.id);
      return toResponse(await waitingEntries.list(organization, waitingListOfDay(id, request.query.date)));
    },
  );
};
