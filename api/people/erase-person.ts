/**
 * Erases a person: a participant id of the platform within an organization. The data keys of the auditions and connections
 * of the person are erased, so that histories of Temporal, texts of the trail, stored responses and credentials are
 * unreadable, in backups too. The facts of the trail stay. Can be stopped anywhere and requested again.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Connection } from '../../db/connections/repository.ts';
import type { Person } from '../../db/people/people.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, ConnectionId, RecordingId } from '../../domain/ids.ts';
import { recordedMeetings } from '../../domain/providers/vendors.ts';
import {
  auditionWorkflowId,
  calendarSyncWorkflowId,
  recordingWorkflowId,
} from '../../domain/workflow-ids.ts';
import { eventDeliveryWorkflowId } from '../../workflows/event-delivery/messages.ts';
import { disconnect } from '../connections/disconnect.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { concernsPerson } from './parked-webhooks.ts';

/** Why something of the person cannot be erased yet. */
export const obstacles = [
  'audition_open',
  'workflow_running',
  'recording_in_progress',
  'legal_hold',
] as const;

export interface PersonData {
  readonly auditions: readonly AuditionId[];
  readonly connections: readonly ConnectionId[];
  /** Recordings that are stored. They are deleted. */
  readonly recordings: readonly RecordingId[];
  /** What must happen before the person can be erased. */
  readonly obstacles: readonly { readonly id: string; readonly obstacle: (typeof obstacles)[number] }[];
}

type Dependencies = ApiDependencies;

/** Returns what there is of the person. Changes nothing. */
export const findPersonData = async (
  { repositories, personWorkflows }: Dependencies,
  person: Person,
): Promise<PersonData> => {
  const auditions = await repositories.people.listAuditions(person);
  const found: PersonData['obstacles'][number][] = [];
  const stored: RecordingId[] = [];
  for (const { id, state } of auditions) {
    if (state !== 'closed') found.push({ id, obstacle: 'audition_open' });
    else if (await personWorkflows.isRunning(auditionWorkflowId(id))) {
      found.push({ id, obstacle: 'workflow_running' });
    }
    for (const recording of await repositories.recordings.ofAudition(person.organization, id)) {
      if (recording.state === 'processing')
        found.push({ id: recording.id, obstacle: 'recording_in_progress' });
      else if (recording.state === 'stored' && recording.holds.length > 0) {
        found.push({ id: recording.id, obstacle: 'legal_hold' });
      } else if (recording.state === 'stored') stored.push(recording.id);
    }
  }
  const connections = await connectionsOf(repositories, person);
  return {
    auditions: auditions.map(({ id }) => id),
    connections: connections.map(({ id }) => id),
    recordings: stored,
    obstacles: found,
  };
};

const connectionsOf = (
  { connections }: Dependencies['repositories'],
  { organization, participant }: Person,
): Promise<readonly Connection[]> => connections.list(organization, { owner: participant });

const mostNamed = 10;

const notErasable = ({ participant }: Person, found: PersonData['obstacles']): Refusal =>
  new Refusal(
    'participant_not_erasable',
    `${participant} cannot be erased yet: ${found
      .slice(0, mostNamed)
      .map(({ id, obstacle }) => `${id} (${obstacle})`)
      .join(', ')}${found.length > mostNamed ? `, and ${found.length - mostNamed} more` : ''}.`,
    'Cancel or decide the open auditions, wait until running workflows have ended, and lift legal holds. Then request the erasure again.',
  );

/**
 * Ends the search for recordings of a meeting: it can go on for days, finds nothing that may be stored, and its payloads are
 * unreadable without their key.
 */
const terminateRecording = async (
  personWorkflows: Dependencies['personWorkflows'],
  audition: AuditionId,
  { provider, id }: { readonly provider: string; readonly id: string },
): Promise<void> => {
  const recorded = recordedMeetings.find((name) => name === provider);
  if (recorded) await personWorkflows.terminate(recordingWorkflowId(audition, recorded, id));
};

/**
 * Erases the person, and records the act. Idempotent.
 * @returns what was erased
 * @throws {Refusal} `participant_not_erasable`, before anything was changed
 */
export const erasePerson = async (
  dependencies: Dependencies,
  person: Person,
  actor: Actor,
  log: FastifyBaseLogger,
): Promise<PersonData> => {
  const { repositories, personWorkflows } = dependencies;
  const { people, participantFeeds, recordingDeletions, administrativeActs, endpoints } = repositories;
  const { parkedContents, inboxRouting } = repositories;
  const { organization, participant } = person;
  const data = await findPersonData(dependencies, person);
  if (data.obstacles.length > 0) throw notErasable(person, data.obstacles);

  await people.beginErasure(person);
  for (const connection of await connectionsOf(repositories, person)) {
    await disconnect(dependencies, connection, actor, log);
    // It would end by itself, and its payloads are unreadable without their key.
    await personWorkflows.terminate(calendarSyncWorkflowId(connection.id));
    await people.eraseConnection(connection.id);
  }
  await participantFeeds.revoke(person, actor);
  for (const id of data.recordings) await recordingDeletions.request(organization, id, actor);
  const receivers = await endpoints.list(organization);
  const meetings = new Set<string>();
  for (const id of data.auditions) {
    for (const endpoint of receivers)
      await personWorkflows.terminate(eventDeliveryWorkflowId(endpoint.id, id));
    for (const meeting of await people.listMeetings(id)) {
      meetings.add(meeting.id);
      await terminateRecording(personWorkflows, id, meeting);
    }
    await people.eraseAudition(id);
  }
  await parkedContents.erase(
    concernsPerson(inboxRouting, {
      auditions: new Set(data.auditions),
      connections: new Set(data.connections),
      meetings,
    }),
  );
  await people.finishErasure(person);
  await administrativeActs.record({
    organization,
    ...actor,
    act: 'participant.erased',
    target: participant,
    detail: {
      auditions: data.auditions.length,
      connections: data.connections.length,
      recordings: data.recordings.length,
    },
  });
  return data;
};
