/** Registers the webhook receivers in a scope that keeps request bodies as raw bytes. */
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { rateLimits } from '../../../access/rate-limits.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { googleWebhook } from './google.ts';
import { inboundMailWebhook } from './inbound-mail.ts';
import { mailWebhook } from './mail.ts';
import { microsoftWebhook } from './microsoft.ts';
import { createWebhookRefusals } from './refusals.ts';
import { twilioWebhook } from './twilio.ts';
import { zoomWebhook } from './zoom.ts';

const mediaTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'message/rfc822',
  'multipart/form-data',
];

/**
 * Registers the receivers. Signatures cover the raw bytes, so bodies are neither parsed nor re-serialized before their
 * signature is verified. Each route declares the media types that it accepts.
 */
export const webhookRoutes = async (api: Api, dependencies: ApiDependencies): Promise<void> => {
  await api.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(mediaTypes, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const routes = scope.withTypeProvider<ZodTypeProvider>();
    const refuse = createWebhookRefusals(routes, dependencies.limits ?? rateLimits);
    googleWebhook(routes, dependencies, refuse);
    microsoftWebhook(routes, dependencies, refuse);
    zoomWebhook(routes, dependencies, refuse);
    twilioWebhook(routes, dependencies, refuse);
    mailWebhook(routes, dependencies, refuse);
    inboundMailWebhook(routes, dependencies, refuse);
  });
};
