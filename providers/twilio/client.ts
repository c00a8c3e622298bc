/** Makes calls through Twilio's client library, with a configurable address, a deadline and cancellation. */
import { AsyncLocalStorage } from 'node:async_hooks';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { fromTwilio } from './errors.ts';
import { type TwilioSettings, twilioDeadlineMs } from './settings.ts';

type Library = ReturnType<typeof twilio>;

export interface TwilioClient {
  /**
   * Makes one call of the library with the call's signal and a deadline.
   *
   * @throws {ProviderError}
   */
  exchange<Answer>(
    operation: ProviderOperation,
    call: CallContext,
    exchange: (library: Library) => Promise<Answer>,
  ): Promise<Answer>;
}

/** Data passed between an exchange and the library's HTTP client. */
interface Exchange {
  readonly signal: AbortSignal;
  readonly correlationId: string;
  retryAfter?: string;
}

/** Creates the client; the library's own retries are off. */
export const createTwilioClient = (settings: TwilioSettings): TwilioClient => {
  const exchanges = new AsyncLocalStorage<Exchange>();
  const library = twilio(settings.accountSid, settings.authToken, {
    httpClient: new ConfiguredOriginClient(settings.apiUrl, exchanges),
    autoRetry: false,
  });
  return {
    exchange: async (operation, call, exchange) => {
      const signal = withDeadline(call, twilioDeadlineMs);
      const current: Exchange = { signal, correlationId: call.correlationId };
      // An aborted call is not sent.
      if (signal.aborted) throw fromTwilio(withoutEffect(operation), signal.reason, call);
      try {
        return await exchanges.run(current, () => exchange(library));
      } catch (error) {
        throw fromTwilio(operation, error, call, current.retryAfter);
      }
    },
  };
};

/**
 * Replaces the origin of each request and adds the signal of its exchange. The library has no options for either.
 */
class ConfiguredOriginClient extends twilio.RequestClient {
  readonly #origin: string;
  readonly #exchanges: AsyncLocalStorage<Exchange>;

  constructor(origin: string, exchanges: AsyncLocalStorage<Exchange>) {
    super({ timeout: twilioDeadlineMs });
    this.#origin = origin;
    this.#exchanges = exchanges;
    this.axios.interceptors.request.use((config) => {
      const signal = exchanges.getStore()?.signal;
      return signal ? Object.assign(config, { signal }) : config;
    });
  }

  override async request<Body>(options: RequestClient.RequestOptions<Body>) {
    const { pathname, search } = new URL(options.uri);
    const exchange = this.#exchanges.getStore();
    const answer = await super.request<Body>({
      ...options,
      uri: `${this.#origin}${pathname}${search}`,
      headers: { ...options.headers, 'x-correlation-id': exchange?.correlationId ?? '' },
    });
    const retryAfter: unknown = answer.headers?.['retry-after'];
    if (exchange && typeof retryAfter === 'string') exchange.retryAfter = retryAfter;
    return answer;
  }
}
