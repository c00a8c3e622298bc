/** /v1/auditions/{id}/{respond|reschedule|cancel|decide|check-in|reopen}: the commands to an audition. */
import type { FastifyReply } from 'fastify';
import {
  cancelSchema,
  changeMeetingSchema,
  checkInSchema,
  type DecideBody,
  decideSchema,
  reopenSchema,
  rescheduleSchema,
  respondSchema,
} from '../../../../domain/audition/commands.ts';
import { validateSlot } from '../../../../domain/audition/request-validation.ts';
import type { RoomCalendar } from '../../../../domain/audition/slot.ts';
import type { AuditionView } from '../../../../domain/audition/view.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import type { CommandContext, DecideCommand } from '../../../../workflows/audition/messages.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { checkRoom, requestedRoom } from '../../../auditions/check-room.ts';
import type { CommandTarget } from '../../../auditions/command.ts';
import { conflictHandlingOf } from '../../../auditions/conflict-override.ts';
import { nextAuditionId } from '../../../auditions/derived-ids.ts';
import { enterWaitingList } from '../../../auditions/enter-waiting-list.ts';
import { reopenAudition } from '../../../auditions/reopen.ts';
import { requireAudition } from '../../../auditions/require-audition.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionOf, readSlotWish } from '../../../session-blocks/slot-wish.ts';
import {
  blockRefusals,
  type CommandRequest,
  commandSchema,
  runCommand,
  runningRefusals,
  sendCommand,
  slotRefusals,
} from './command-route.ts';

/** The bodies, with their names in the OpenAPI document. */
const responseBody = respondSchema.meta({ id: 'Response', description: 'The answer of a participant' });
const checkInBody = checkInSchema.meta({ id: 'CheckIn', description: 'Who is there' });
const moveBody = rescheduleSchema.meta({ id: 'Move', description: 'Where the audition moves to' });
const cancellationBody = cancelSchema.meta({
  id: 'Cancellation',
  description: 'Why the audition is cancelled',
});
const meetingChangeBody = changeMeetingSchema.meta({
  id: 'MeetingChange',
  description: 'Which meeting replaces the present one',
});
const decisionBody = decideSchema.meta({ id: 'Decision', description: 'The decision after the audition' });
const reopeningBody = reopenSchema.meta({ id: 'Reopening', description: 'What is reopened' });

/** Returns the request with the route that scopes its Idempotency-Key. */
const exchange = (request: CommandRequest, reply: FastifyReply, name: string) => ({
  request,
  reply,
  route: `POST /v1/auditions/${request.params.id}/${name}`,
});

const answerRoutes = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/auditions/:id/respond',
    {
      schema: {
        ...commandSchema('respond', "Record a participant's answer", [
          ...runningRefusals,
          'answer_superseded',
          'unknown_participant',
          'slot_taken',
          'move_in_progress',
          'move_aborted',
        ]),
        body: responseBody,
      },
    },
    async (request, reply) =>
      sendCommand(dependencies, exchange(request, reply, 'respond'), 'respond', (context) => ({
        name: 'respond',
        command: { ...context, ...request.body },
      })),
  );
  api.post(
    '/v1/auditions/:id/check-in',
    {
      schema: {
        ...commandSchema('checkIn', 'Check a participant in', [
          ...runningRefusals,
          'unknown_participant',
          'check_in_not_open',
        ]),
        body: checkInBody,
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      return sendCommand(dependencies, exchange(request, reply, 'check-in'), 'check-in', async (context) => {
        await enterWaitingList(dependencies, organization, request.params.id, request.body.participant);
        return { name: 'check-in', command: { ...context, ...request.body } };
      });
    },
  );
};

const slotRoutes = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/auditions/:id/reschedule',
    {
      schema: {
        ...commandSchema('reschedule', 'Move the audition to another slot', [
          ...runningRefusals,
          'slot_taken',
          'nothing_free',
          'duration_too_short',
          'unknown_connection',
          'move_in_progress',
          'move_aborted',
          ...slotRefusals,
          ...blockRefusals,
        ]),
        body: moveBody,
      },
    },
    async (request, reply) => {
      const { slot, reason, conflicts } = request.body;
      const handling = await conflictHandlingOf(dependencies, callerOf(request), conflicts);
      return sendCommand(
        dependencies,
        exchange(request, reply, 'reschedule'),
        'reschedule',
        async (context, view) => ({
          name: 'reschedule',
          command: {
            ...context,
            wish: await readSlotWish(slot, {
              sessionBlocks: dependencies.repositories.sessionBlocks,
              organization: view.organization,
              now: dependencies.now(),
              audition: auditionOf(view),
            }),
            reason,
            conflicts: handling,
          },
        }),
        (target) => checkRoomOf(dependencies, target, requestedRoom(slot)),
      );
    },
  );
  api.post(
    '/v1/auditions/:id/cancel',
    {
      schema: {
        ...commandSchema('cancel', 'Cancel the audition and undo its bookings', runningRefusals),
        body: cancellationBody,
      },
    },
    async (request, reply) =>
      sendCommand(dependencies, exchange(request, reply, 'cancel'), 'cancel', (context) => ({
        name: 'cancel',
        command: { ...context, ...request.body },
      })),
  );
};

const meetingRoute = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/auditions/:id/meeting',
    {
      schema: {
        ...commandSchema('meeting', 'Move the audition to another video meeting', [
          ...runningRefusals,
          'move_in_progress',
          'move_aborted',
        ]),
        description:
          'For a meeting that does not work, before or during the session. Creates one on the next provider, or on the named one. Join links lead to it immediately, so that participants only open their link again.',
        body: meetingChangeBody,
      },
    },
    async (request, reply) =>
      sendCommand(dependencies, exchange(request, reply, 'meeting'), 'meeting', (context) => ({
        name: 'meeting',
        command: { ...context, ...request.body },
      })),
  );
};

const outcomeRoutes = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/auditions/:id/decide',
    {
      schema: {
        ...commandSchema('decide', 'Record the decision; a callback starts the next round', [
          ...runningRefusals,
          'move_in_progress',
          'unknown_connection',
          ...slotRefusals,
        ]),
        body: decisionBody,
      },
    },
    async (request, reply) =>
      sendCommand(
        dependencies,
        exchange(request, reply, 'decide'),
        'decide',
        (context, view) => ({
          name: 'decide',
          command: decision(request.body, context, view, dependencies.now()),
        }),
        (target) => checkNextRoom(dependencies, target, request.body),
      ),
  );
  api.post(
    '/v1/auditions/:id/reopen',
    {
      schema: {
        ...commandSchema('reopen', 'Reopen a closed audition', [
          'outcome_not_reopenable',
          'reopen_expired',
          'slot_taken',
          'nothing_free',
          'move_aborted',
          'unknown_connection',
          ...slotRefusals,
          ...blockRefusals,
        ]),
        description:
          'For the decision, when the session took place; or for a session: the audition is scheduled again. Allowed for the period `reopenWithin` of its policy.',
        body: reopeningBody,
      },
    },
    async (request, reply) =>
      runCommand(dependencies, exchange(request, reply, 'reopen'), async (target, context, attempt) => {
        const { body } = request;
        const room = body.to === 'session' && body.slot ? requestedRoom(body.slot) : undefined;
        if (!attempt.accepted) await checkRoomOf(dependencies, target, room);
        return reopenAudition(dependencies, target, body, context, attempt);
      }),
  );
};

/** The participants are those of the audition now. Those of a callback are the same. */
const checkRoomOf = (
  { repositories: { auditions, connections }, auditionWorkflows }: ApiDependencies,
  { organization, id }: CommandTarget,
  room: RoomCalendar | undefined,
  pointer = '/slot',
): Promise<void> =>
  checkRoom(connections, organization, {
    room,
    cast: async () =>
      (await requireAudition({ auditions, auditionWorkflows }, organization, id)).participants,
    pointer,
  });

const checkNextRoom = async (
  dependencies: ApiDependencies,
  target: CommandTarget,
  body: DecideBody,
): Promise<void> => {
  if (body.decision !== 'callback') return;
  await checkRoomOf(dependencies, target, body.next.slot.roomCalendar, '/next/slot');
};

const decision = (
  body: DecideBody,
  context: CommandContext,
  { id, next: earlier }: AuditionView,
  now: Instant,
): DecideCommand => {
  if (body.decision !== 'callback') return { ...context, decision: body.decision };
  const { slot, round } = body.next;
  return {
    ...context,
    decision: body.decision,
    next: { id: nextAuditionId(id, earlier), slot: validateSlot(slot, now, '/next/slot'), round },
  };
};

/** Registers the command routes. */
export const auditionCommandRoutes = (api: Api, dependencies: ApiDependencies): void => {
  answerRoutes(api, dependencies);
  slotRoutes(api, dependencies);
  outcomeRoutes(api, dependencies);
  meetingRoute(api, dependencies);
};
