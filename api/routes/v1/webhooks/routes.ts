/** The receivers of webhooks, on bodies that are kept as they arrived. */
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { googleWebhook } from './google.ts';
import { mailWebhook } from './mail.ts';
import { microsoftWebhook } from './microsoft.ts';
import { twilioWebhook } from './twilio.ts';
import { zoomWebhook } from './zoom.ts';

const taken = ['application/json', 'application/x-www-form-urlencoded', 'text/plain'];

/**
 * Bodies as they arrived, byte for byte, only where they are signed: what was parsed and written anew is another text,
 * and what is not verified yet is not to be parsed. Each route says which media types it takes.
 */
export const webhookRoutes = async (api: Api, dependencies: ApiDependencies): Promise<void> => {
  await api.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(taken, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const routes = scope.withTypeProvider<ZodTypeProvider>();
    googleWebhook(routes, dependencies);
    microsoftWebhook(routes, dependencies);
    zoomWebhook(routes, dependencies);
    twilioWebhook(routes, dependencies);
    mailWebhook(routes, dependencies);
  });
};
