/** The providers, with each call timed and its outcome counted. */
import { ProviderError, type ProviderName } from '../../domain/errors.ts';
import type { ServiceMetrics } from '../../infra/observability/metrics.ts';
import type { Providers } from '../../providers/ports.ts';

type Metrics = Pick<ServiceMetrics, 'providerCalled'>;

/** Behaves as `providers` does, and tells `metrics` of every call. */
export const observeProviders = (providers: Providers, metrics: Metrics): Providers => {
  const { calendars, meetings, textMessages, email } = providers;
  const { google } = calendars;
  const { zoom } = meetings;
  const timed = timedBy(metrics);
  return {
    calendars: {
      google: {
        name: google.name,
        freeBusy: timed('google', 'calendar.freeBusy', (...call) => google.freeBusy(...call)),
        putEvent: timed('google', 'calendar.putEvent', (...call) => google.putEvent(...call)),
        putConference: timed('google', 'calendar.putConference', (...call) => google.putConference(...call)),
        deleteEvent: timed('google', 'calendar.deleteEvent', (...call) => google.deleteEvent(...call)),
      },
    },
    meetings: {
      zoom: {
        name: zoom.name,
        find: timed('zoom', 'meetings.find', (...call) => zoom.find(...call)),
        create: timed('zoom', 'meetings.create', (...call) => zoom.create(...call)),
        move: timed('zoom', 'meetings.move', (...call) => zoom.move(...call)),
        remove: timed('zoom', 'meetings.remove', (...call) => zoom.remove(...call)),
      },
    },
    textMessages: {
      name: textMessages.name,
      find: timed('twilio', 'messages.find', (...call) => textMessages.find(...call)),
      send: timed('twilio', 'messages.send', (...call) => textMessages.send(...call)),
    },
    email: {
      name: email.name,
      find: timed('smtp', 'email.find', (...call) => email.find(...call)),
      send: timed('smtp', 'email.send', (...call) => email.send(...call)),
    },
  };
};

const timedBy =
  (metrics: Metrics) =>
  <Call extends readonly unknown[], Result>(
    provider: ProviderName,
    operation: string,
    call: (...args: Call) => Promise<Result>,
  ) =>
  async (...args: Call): Promise<Result> => {
    const started = performance.now();
    const ended = (outcome: string) =>
      metrics.providerCalled({ provider, operation, outcome, seconds: (performance.now() - started) / 1000 });
    try {
      const result = await call(...args);
      ended('ok');
      return result;
    } catch (error) {
      ended(error instanceof ProviderError ? error.fault.kind : 'unexpected');
      throw error;
    }
  };
