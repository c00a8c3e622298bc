/**
 * Runs the provider sandbox: simulates Google, Microsoft, Zoom, Apple, Twilio and AWS KMS on one local port,
 * with state and with injectable faults. One port suffices because the vendors' paths do not collide. See
 * README.md.
 */
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import { createApple } from './apple/apple.ts';
import { awsKmsRoutes } from './aws-kms/aws-kms.ts';
import { createCallCounter } from './calls/counter.ts';
import { createChangeNotifier } from './change-notifier.ts';
import { createControl, type SandboxControl } from './control/control.ts';
import { controlRoutes } from './control/routes.ts';
import { createFaultRegistry } from './faults/fault-registry.ts';
import { createGoogle } from './google/google.ts';
import { createMicrosoft } from './microsoft/microsoft.ts';
import { pageRoutes } from './page/routes.ts';
import { type SandboxOptions, sandboxSettingsSchema } from './settings.ts';
import { createSnapshot } from './store/snapshot.ts';
import type { Clock } from './time.ts';
import { createTwilio } from './twilio/twilio.ts';
import { createZoom } from './zoom/zoom.ts';

export interface Sandbox {
  /** The origin, without a trailing slash. */
  readonly url: string;
  readonly control: SandboxControl;
  /** Stops listening, aborts pending webhooks and writes the data file. */
  close(): Promise<void>;
}

/** Parses JSON bodies as the vendors do: an empty body is accepted for any content type. */
const readJsonLeniently = (app: FastifyInstance) => {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    try {
      return done(null, JSON.parse(String(text)));
    } catch {
      return done(Object.assign(new Error('The body is not valid JSON.'), { statusCode: 400 }));
    }
  });
};

/**
 * Starts a sandbox. Without a port it selects a free one.
 *
 * @throws {z.ZodError} for invalid settings.
 * @throws {Error} naming the file when `dataFile` cannot be read.
 */
export const startSandbox = async (
  options: SandboxOptions = {},
  clock: Clock = Date.now,
): Promise<Sandbox> => {
  const settings = sandboxSettingsSchema.parse(options);
  const stateChanges = createChangeNotifier();
  const activity = createChangeNotifier();
  stateChanges.subscribe(() => activity.notify());
  const calls = createCallCounter(clock, activity);
  const faultRegistry = createFaultRegistry(activity);
  const shared = { clock, changeNotifier: stateChanges, calls, faultRegistry };
  const google = createGoogle({ ...shared, settings: settings.google });
  const microsoft = createMicrosoft({ ...shared, settings: settings.microsoft });
  const zoom = createZoom({ ...shared, settings: settings.zoom });
  const apple = createApple({ ...shared, settings: settings.apple });
  const twilio = createTwilio({ ...shared, settings: settings.twilio });
  const control = createControl({ google, microsoft, zoom, apple, twilio, faultRegistry, calls });

  const snapshot =
    settings.dataFile === undefined
      ? undefined
      : createSnapshot(
          settings.dataFile,
          [google, microsoft, zoom, apple, twilio].flatMap(({ kept }) => kept),
        );
  snapshot?.restore();
  if (snapshot) stateChanges.subscribe(() => snapshot.changed());

  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 1100 } });
  readJsonLeniently(app);
  await app.register(formbody);
  await app.register(async (scope) => google.register(scope));
  await app.register(async (scope) => microsoft.register(scope));
  await app.register(async (scope) => zoom.register(scope));
  await app.register(async (scope) => apple.register(scope));
  await app.register(async (scope) => twilio.register(scope));
  await app.register(async (scope) => awsKmsRoutes(scope, settings.awsKms));
  await app.register(async (scope) => controlRoutes(scope, control));
  await app.register(async (scope) => pageRoutes(scope, { control, calls, activity, clock }));

  const url = await app.listen({ host: settings.host, port: settings.port });
  return {
    url,
    control,
    async close() {
      google.close();
      microsoft.close();
      zoom.close();
      twilio.close();
      await app.close();
      await snapshot?.close();
    },
  };
};
