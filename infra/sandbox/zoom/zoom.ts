/** Simulates Zoom: OAuth for the account and for its users, and the meetings of API v2. */
import type { FastifyInstance } from 'fastify';
import { injectFaults, isOAuthOperation, type VendorFaultResponses } from '../faults/injection.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { SnapshotPart } from '../store/snapshot.ts';
import { type Clock, wholeSeconds } from '../time.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { createAccountTokens } from './account-tokens.ts';
import { createCallerOf } from './caller.ts';
import { invalidToken, perSecondLimit, ZoomError, ZoomOAuthError, zoomErrorBody } from './errors.ts';
import { createZoomEvents, type ZoomEvent } from './events.ts';
import { renderMeeting } from './meeting.ts';
import { createMeetings } from './meetings.ts';
import { recordingRoutes } from './recording-routes.ts';
import {
  createRecordings,
  type RecordingFileSpec,
  type RecordingReplacement,
  type RecordingSpec,
} from './recordings.ts';
import { registrantRoutes } from './registrant-routes.ts';
import { createRegistrants } from './registrants.ts';
import { limitRequestRate } from './request-rate.ts';
import { zoomRoutes } from './routes.ts';
import { createUserGrants, userAppScopes, userOAuthRoutes } from './user-oauth.ts';
import { createZoomUsers } from './users.ts';

const createFaultResponses = (settings: ZoomSandboxSettings, clock: Clock): VendorFaultResponses => ({
  outage: (status, operation) => ({
    status,
    body: isOAuthOperation(operation)
      ? { reason: 'Service Unavailable', error: 'server_error' }
      : { code: status, message: 'Service Unavailable' },
  }),
  rateLimit: (retryAfterSeconds, _fault, operation) => ({
    status: 429,
    headers: {
      'x-ratelimit-category': 'Medium',
      'x-ratelimit-type': 'QPS',
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '0',
      'retry-after':
        settings.retryAfter === 'timestamp'
          ? wholeSeconds(clock() + retryAfterSeconds * 1000)
          : String(retryAfterSeconds),
    },
    body: isOAuthOperation(operation)
      ? { reason: 'Too many requests.', error: 'temporarily_unavailable' }
      : { code: 429, message: perSecondLimit },
  }),
  unauthorized: (operation) =>
    operation === 'token'
      ? { status: 400, body: { reason: 'Invalid client_id or client_secret', error: 'invalid_client' } }
      : { status: 401, body: zoomErrorBody(invalidToken) },
});

const answerErrors = (app: FastifyInstance) => {
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof ZoomOAuthError) {
      return reply.code(400).send({ reason: error.message, error: error.error });
    }
    if (error instanceof ZoomError) {
      const { status, headers } = error.details;
      return reply
        .code(status)
        .headers(headers ?? {})
        .send(zoomErrorBody(error.details));
    }
    const refused = error instanceof Error && 'statusCode' in error && error.statusCode === 400;
    if (refused && isOAuthOperation(request.routeOptions.config.operation)) {
      return reply.code(400).send({ reason: 'Bad Request', error: 'invalid_request' });
    }
    return refused
      ? reply.code(400).send({ code: 300, message: 'Request Body should be a valid JSON object.' })
      : reply.code(500).send({ code: 500, message: String(error) });
  });
};

/** Creates the simulated Zoom: its routes, its state and its controls. */
export const createZoom = (parts: VendorDependencies<ZoomSandboxSettings>) => {
  const { settings, clock, changeNotifier, calls, faultRegistry } = parts;
  const events = createZoomEvents(parts);
  const access = createAccountTokens(settings, clock);
  const recordings = createRecordings(settings, clock, changeNotifier);
  const users = createZoomUsers(settings);
  const meetings = createMeetings(settings, clock, changeNotifier, users);
  const registrants = createRegistrants(clock, changeNotifier, users);
  const server = createAuthorizationServer(
    {
      vendor: 'zoom',
      accessTokenSeconds: settings.accessTokenSeconds,
      accessPrefix: 'sandbox-user-',
      refreshPrefix: 'sandbox-user-refresh-',
      codePrefix: 'sandbox-code-',
      rotation: 'replaces',
      preauthorizedPrefix: settings.refreshTokenPrefix,
      preauthorizedScopes: userAppScopes,
    },
    clock,
  );
  const changed = () => changeNotifier.notify();
  const snapshotParts: readonly SnapshotPart[] = [
    ...server.kept,
    { name: 'zoom.access', save: access.save, load: access.load },
    { name: 'zoom.meetings', save: meetings.save, load: meetings.load },
    { name: 'zoom.registrants', save: registrants.save, load: registrants.load },
    { name: 'zoom.recordings', save: recordings.save, load: recordings.load },
  ];
  return {
    kept: snapshotParts,
    server,
    register(app: FastifyInstance) {
      answerErrors(app);
      injectFaults(app, {
        vendor: 'zoom',
        faultRegistry,
        calls,
        faultResponses: createFaultResponses(settings, clock),
      });
      limitRequestRate(app, settings, clock);
      userOAuthRoutes(app, { settings, server, changed });
      const callerOf = createCallerOf(settings, access, server.grants);
      recordingRoutes(app, { callerOf, recordings, meetings });
      registrantRoutes(app, { callerOf, meetings, registrants });
      zoomRoutes(app, {
        settings,
        access,
        meetings,
        users,
        endMeeting: (id) => {
          meetings.setStarted(id, false);
          if (settings.webhookUrl) void events.send(meetings.get(id), { event: 'meeting.ended' });
        },
        clock,
        changed,
        userGrant: createUserGrants({ settings, server, changed }),
        callerOf,
      });
    },
    state: () => ({
      meetings: meetings.all().map(renderMeeting),
      deletedMeetings: meetings.deleted().map(renderMeeting),
      /** The meetings with a cloud recording that is running. */
      recordingNow: meetings.all().flatMap(({ id, isRecording }) => (isRecording ? [String(id)] : [])),
      // Zoom has no registrants of a deleted meeting.
      registrants: registrants
        .all()
        .filter(({ meeting }) => meetings.all().some(({ id }) => String(id) === meeting)),
      recordings: recordings.all().map(({ uuid, meeting, place, files }) => ({
        uuid,
        meetingId: String(meeting.id),
        place,
        files,
      })),
    }),
    /**
     * Sends an event of a meeting to the webhook, after deleting the meeting if the event is its deletion. Resolves
     * with the outcome of the call.
     */
    sendEvent(id: string, event: ZoomEvent) {
      const meeting = meetings.get(id);
      if (event.event === 'meeting.updated') {
        const { password = meeting.password, topic = meeting.topic } = event;
        meetings.edit(id, { password, topic });
        return events.sendUpdate(event, meetings.get(id), meeting);
      }
      if (event.event === 'recording.completed') {
        const recording = recordings.find(id);
        if (recording) {
          return events.sendRecording(event, {
            downloadToken: recordings.issueToken(recording.uuid),
            object: recordings.render(recording, 'https://zoom.us'),
          });
        }
      }
      if (event.event === 'meeting.started' || event.event === 'meeting.ended')
        meetings.setStarted(id, event.event === 'meeting.started');
      if (event.event === 'meeting.deleted') meetings.remove(id);
      return events.send(meeting, event);
    },
    /** Makes the recording of an opening of the meeting that has ended. Returns its UUID and the ids of its files. */
    recordMeeting(id: string, spec: RecordingSpec) {
      const { uuid, files } = recordings.make(meetings.get(id), spec);
      return { uuid, files };
    },
    /** Adds a file to a recording, such as a transcript that is ready later. Returns it. */
    addRecordingFile: (uuid: string, file: RecordingFileSpec) => recordings.addFile(uuid, file),
    /** Replaces the bytes of a file, as Zoom does when it processes a recording again. */
    replaceRecordingFile: (uuid: string, replacement: RecordingReplacement) =>
      recordings.replaceFile(uuid, replacement),
    /** Makes all tokens invalid that were issued for downloads. */
    expireDownloads: () => recordings.expireTokens(),
    /** Starts a recording, as the host of an open meeting does. */
    recordByHand: (id: string) => meetings.startRecording(id),
    /** Moves a recording to the trash, or deletes it, as its host does. */
    removeRecording: (uuid: string, action: 'trash' | 'delete') => recordings.remove(uuid, action),
    close: () => events.close(),
    reset() {
      access.reset();
      server.reset();
      meetings.reset();
      registrants.reset();
      recordings.reset();
    },
  };
};
export type Zoom = ReturnType<typeof createZoom>;
