/** Serves the control API: `/sandbox/…`. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultRequestSchema } from '../faults/fault.ts';
import { GoogleError } from '../google/errors.ts';
import { busyTimeSchema } from '../google/google.ts';
import { sessionRecordingSpecSchema } from '../media/session-recordings.ts';
import { attendeeSchema } from '../meeting-sessions.ts';
import { GraphError } from '../microsoft/errors.ts';
import {
  lifecycleSchema,
  outlookAnswerSchema,
  outlookCopySchema,
  outlookEventSchema,
  repetitionSchema,
} from '../microsoft/microsoft.ts';
import { roomResponseSchema, roomSchema } from '../room.ts';
import { inboundSchema } from '../twilio/twilio.ts';
import { vendors } from '../vendors.ts';
import { zoomEventSchema } from '../zoom/events.ts';
import { recordingSpecSchema } from '../zoom/recordings.ts';
import {
  ControlError,
  roomVendors,
  type SandboxControl,
  sessionVendors,
  subscriptionVendors,
} from './control.ts';

const explain = (error: z.ZodError) =>
  error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));

const redirectsSchema = z.strictObject({ addresses: z.array(z.url()) });
const accountSchema = z.strictObject({ account: z.string().min(1) });

const roomVendorPath = z.object({ vendor: z.enum(roomVendors) });
const subscriptionVendorPath = z.object({ vendor: z.enum(subscriptionVendors) });
const sessionVendorPath = z.object({ vendor: z.enum(sessionVendors) });
const meetingSchema = z.strictObject({ meeting: z.string().min(1) });
const sessionRecordingSchema = meetingSchema.extend({ recording: sessionRecordingSpecSchema.prefault({}) });
const presenceSchema = meetingSchema.extend({ attendee: attendeeSchema });
const vendorPath = z.object({ vendor: z.enum(vendors) });

/** Registers the routes of the control API. */
export const controlRoutes = (app: FastifyInstance, control: SandboxControl) => {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError) {
      return reply.code(400).send({ error: 'The request is invalid.', issues: explain(error) });
    }
    const message = error instanceof Error ? error.message : String(error);
    const refused =
      error instanceof ControlError ||
      error instanceof GoogleError ||
      error instanceof GraphError ||
      (error instanceof Error && 'statusCode' in error && error.statusCode === 400);
    return reply.code(refused ? 400 : 500).send({ error: message });
  });

  app.get('/sandbox/health', () => ({ status: 'ok' }));
  app.get('/sandbox/state', () => control.state());
  app.post('/sandbox/reset', async (_request, reply) => {
    control.reset();
    return reply.code(204).send();
  });

  app.get('/sandbox/faults', () => control.faults());
  app.put<{ Params: { vendor: string } }>('/sandbox/faults/:vendor', (request) => {
    const { vendor } = vendorPath.parse(request.params);
    control.setFault(vendor, faultRequestSchema.parse(request.body));
    return { vendor, faults: control.faults()[vendor] };
  });
  app.delete('/sandbox/faults', async (_request, reply) => {
    control.clearFaults();
    return reply.code(204).send();
  });

  app.put('/sandbox/oauth/:vendor/redirects', (request) => {
    const { addresses } = redirectsSchema.parse(request.body);
    control.registerRedirects(vendorPath.parse(request.params).vendor, addresses);
    return { addresses };
  });
  app.post('/sandbox/oauth/:vendor/expire', async (request, reply) => {
    control.expireTokens(vendorPath.parse(request.params).vendor);
    return reply.code(204).send();
  });
  app.post('/sandbox/oauth/:vendor/revoke', (request) => {
    const { account } = accountSchema.parse(request.body);
    return { revoked: control.revokeGrants(vendorPath.parse(request.params).vendor, account) };
  });

  app.post('/sandbox/google/expire-sync-tokens', async (_request, reply) => {
    control.expireSyncTokens();
    return reply.code(204).send();
  });
  app.post('/sandbox/:vendor/expire-subscriptions', async (request, reply) => {
    control.expireSubscriptions(subscriptionVendorPath.parse(request.params).vendor);
    return reply.code(204).send();
  });
  app.post('/sandbox/google/busy', async (request, reply) =>
    reply.code(201).send(control.addBusy(busyTimeSchema.parse(request.body))),
  );
  app.post('/sandbox/microsoft/busy', async (request, reply) =>
    reply.code(201).send(control.addOutlookEvent(outlookEventSchema.parse(request.body))),
  );
  app.post('/sandbox/microsoft/repeat', async (request, reply) => {
    control.repeatOutlookEvent(repetitionSchema.parse(request.body));
    return reply.code(204).send();
  });
  app.post('/sandbox/microsoft/copy', async (request, reply) =>
    reply.code(201).send(control.copyOutlookEvent(outlookCopySchema.parse(request.body))),
  );
  app.post('/sandbox/microsoft/answer', async (request, reply) => {
    control.answerOutlookEvent(outlookAnswerSchema.parse(request.body));
    return reply.code(204).send();
  });
  app.post('/sandbox/microsoft/expire-delta-links', async (_request, reply) => {
    control.expireDeltaLinks();
    return reply.code(204).send();
  });
  app.post('/sandbox/microsoft/lifecycle', async (request, reply) =>
    reply.code(201).send({ webhooks: await control.sendLifecycleEvent(lifecycleSchema.parse(request.body)) }),
  );
  app.post('/sandbox/:vendor/rooms', async (request, reply) => {
    const { vendor } = roomVendorPath.parse(request.params);
    return reply.code(201).send(control.addRoom(vendor, roomSchema.parse(request.body)));
  });
  app.post('/sandbox/:vendor/rooms/answer', async (request, reply) => {
    const { vendor } = roomVendorPath.parse(request.params);
    control.answerRoom(vendor, roomResponseSchema.parse(request.body));
    return reply.code(204).send();
  });
  app.post('/sandbox/:vendor/meetings/join', async (request, reply) => {
    const { meeting, attendee } = presenceSchema.parse(request.body);
    control.joinMeeting(sessionVendorPath.parse(request.params).vendor, meeting, attendee);
    return reply.code(204).send();
  });
  app.post('/sandbox/:vendor/meetings/leave', async (request, reply) => {
    const { meeting, attendee } = presenceSchema.parse(request.body);
    control.leaveMeeting(sessionVendorPath.parse(request.params).vendor, meeting, attendee);
    return reply.code(204).send();
  });
  app.post('/sandbox/:vendor/meetings/end', async (request, reply) => {
    const { meeting } = meetingSchema.parse(request.body);
    control.endMeeting(sessionVendorPath.parse(request.params).vendor, meeting);
    return reply.code(204).send();
  });
  app.post('/sandbox/google/meetings/expire', async (request, reply) => {
    control.expireConference(meetingSchema.parse(request.body).meeting);
    return reply.code(204).send();
  });
  app.post('/sandbox/:vendor/meetings/record', async (request, reply) => {
    const { meeting, recording } = sessionRecordingSchema.parse(request.body);
    const { vendor } = sessionVendorPath.parse(request.params);
    return reply.code(201).send(control.recordSession(vendor, meeting, recording));
  });
  app.post<{ Params: { meetingId: string } }>(
    '/sandbox/zoom/meetings/:meetingId/events',
    async (request, reply) => {
      const event = zoomEventSchema.parse(request.body);
      return reply.code(201).send(await control.sendMeetingEvent(request.params.meetingId, event));
    },
  );
  app.post<{ Params: { meetingId: string } }>(
    '/sandbox/zoom/meetings/:meetingId/recordings',
    async (request, reply) => {
      const spec = recordingSpecSchema.parse(request.body ?? {});
      return reply.code(201).send(control.recordMeeting(request.params.meetingId, spec));
    },
  );
  app.post('/sandbox/zoom/expire-downloads', async (_request, reply) => {
    control.expireDownloads();
    return reply.code(204).send();
  });
  app.post('/sandbox/twilio/inbound', async (request, reply) =>
    reply.code(201).send(await control.receiveText(inboundSchema.parse(request.body))),
  );
};
