/** The receivers of webhooks, on bodies that are kept as they arrived. */
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { withRawBodies } from '../../../plugins/raw-body.ts';
import { googleWebhook } from './google.ts';
import { mailWebhook } from './mail.ts';
import { microsoftWebhook } from './microsoft.ts';
import { twilioWebhook } from './twilio.ts';
import { zoomWebhook } from './zoom.ts';

export const webhookRoutes = (api: Api, dependencies: ApiDependencies): Promise<void> =>
  withRawBodies(api, (scope) => {
    googleWebhook(scope, dependencies);
    microsoftWebhook(scope, dependencies);
    zoomWebhook(scope, dependencies);
    twilioWebhook(scope, dependencies);
    mailWebhook(scope, dependencies);
  });
