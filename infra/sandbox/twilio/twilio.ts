/** Simulates Twilio: messages with signed status callbacks, and texts from phones. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { injectFaults, type VendorFaultResponses } from '../faults/injection.ts';
import type { TwilioSandboxSettings } from '../settings.ts';
import type { SnapshotPart } from '../store/snapshot.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { TwilioError, tooMany, twilioErrorBody, unauthenticated } from './errors.ts';
import { renderMessage } from './message.ts';
import { createMessages } from './messages.ts';
import { isPhoneNumber } from './numbers.ts';
import { twilioRoutes } from './routes.ts';

const faultResponses: VendorFaultResponses = {
  outage: (status) => ({
    status,
    body: twilioErrorBody({ status, code: 20_503, message: 'Service is temporarily unavailable' }),
  }),
  rateLimit: (retryAfterSeconds) => ({
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: twilioErrorBody(tooMany),
  }),
  unauthorized: () => ({ status: 401, body: twilioErrorBody(unauthenticated) }),
};

const answerErrors = (app: FastifyInstance) => {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof TwilioError) return reply.code(error.status).send(twilioErrorBody(error));
    const refused = error instanceof Error && 'statusCode' in error && error.statusCode === 400;
    const status = refused ? 400 : 500;
    return reply
      .code(status)
      .send(twilioErrorBody({ status, code: refused ? 20_001 : 20_500, message: String(error) }));
  });
};

export const inboundSchema = z.strictObject({
  from: z.string().refine(isPhoneNumber, 'write a phone number as E.164: +33612345678'),
  to: z.string().optional(),
  body: z.string().min(1).max(1600),
  url: z.url().optional(),
});
export type InboundText = z.input<typeof inboundSchema>;

/** Creates the simulated Twilio: its routes, its state and its controls. */
export const createTwilio = (parts: VendorDependencies<TwilioSandboxSettings>) => {
  const { settings, calls, faultRegistry } = parts;
  const messages = createMessages(parts);
  const snapshotParts: readonly SnapshotPart[] = [
    { name: 'twilio.messages', save: messages.save, load: messages.load },
  ];
  return {
    kept: snapshotParts,
    register(app: FastifyInstance) {
      answerErrors(app);
      injectFaults(app, { vendor: 'twilio', faultRegistry, calls, faultResponses });
      twilioRoutes(app, settings, messages);
    },
    state: () => ({
      messages: messages.all().map((message) => ({
        ...renderMessage(message, {
          accountSid: settings.accountSid,
          redactsBodies: false,
          redactsNumbers: false,
        }),
        status_callback: message.statusCallback,
        callbacks: message.callbacks,
      })),
      optedOut: messages.optedOut(),
    }),
    /**
     * Receives a text from a phone and sends it to the inbound webhook. Resolves with the webhook's status.
     */
    receive(inbound: InboundText) {
      const { from, to, body, url } = inboundSchema.parse(inbound);
      return messages.receive({
        from,
        to: to ?? settings.phoneNumber,
        body,
        url: url ?? settings.inboundUrl,
      });
    },
    reset: () => messages.reset(),
    close: () => messages.close(),
  };
};
export type Twilio = ReturnType<typeof createTwilio>;
