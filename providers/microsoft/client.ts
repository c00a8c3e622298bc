/**
 * Makes token requests through Microsoft's library `@azure/msal-node`. Its endpoints are configurable, it does not retry,
 * and its cache lives for one exchange. Errors are read from the recorded HTTP answers: the library replaces them by its
 * own errors, and accepts a gateway's empty answer.
 */
import { ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node';
import { ProviderError } from '../../domain/errors.ts';
import type { ErrorRow, ProviderOperation } from '../errors/error-table.ts';
import { transportError, withDeadline } from '../errors/transport-errors.ts';
import { parseJsonOrUndefined } from '../http/json.ts';
import type { CallContext } from '../ports.ts';
import { createAuthorityMetadata, libraryAuthority } from './authority.ts';
import { type MicrosoftAnswer, microsoftError } from './errors.ts';
import { type MicrosoftSettings, microsoftDeadlineMs } from './settings.ts';

export interface MicrosoftClient {
  /** Returns an application for tasks without an exchange, such as the consent URL. */
  application(): Promise<ConfidentialClientApplication>;
  /**
   * Makes one exchange with an application of its own.
   *
   * @throws {ProviderError}
   */
  exchange<Answer>(
    operation: ProviderOperation,
    call: CallContext,
    perform: (application: ConfidentialClientApplication) => Promise<Answer>,
    table?: readonly ErrorRow[],
  ): Promise<Answer>;
}

type Outcome =
  | { readonly kind: 'answered'; readonly answer: MicrosoftAnswer }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Creates the client; it keeps no tokens between exchanges. */
export const createMicrosoftClient = (settings: MicrosoftSettings): MicrosoftClient => {
  const metadataFor = createAuthorityMetadata(settings);
  const application = async (signal: AbortSignal, networkClient?: INetworkModule) =>
    new ConfidentialClientApplication({
      auth: {
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        authority: `${libraryAuthority}/${settings.tenantId}`,
        authorityMetadata: await metadataFor({ signal }),
      },
      ...(networkClient && { system: { networkClient } }),
    });

  return {
    application: () => application(AbortSignal.timeout(microsoftDeadlineMs)),
    exchange: async (operation, call, perform, table) => {
      const outcomes: Outcome[] = [];
      try {
        const signal = withDeadline(call, microsoftDeadlineMs);
        return await perform(await application(signal, networkFor(call, signal, outcomes)));
      } catch (error) {
        if (error instanceof ProviderError) throw error;
        const last = outcomes.at(-1);
        if (last?.kind === 'answered' && last.answer.status >= 400) {
          throw microsoftError(operation, last.answer, table);
        }
        throw transportError(operation, last?.kind === 'failed' ? last.error : error, call);
      }
    },
  };
};

interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string> | undefined;
  readonly body?: string | undefined;
}

const networkFor = (call: CallContext, signal: AbortSignal, outcomes: Outcome[]): INetworkModule => {
  const send = async (url: string, { method, headers, body }: HttpRequest) => {
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, 'x-correlation-id': call.correlationId },
        ...(body !== undefined && { body }),
        redirect: 'error',
        signal,
      });
      const text = await response.text();
      const retryAfter = response.headers.get('retry-after') ?? undefined;
      outcomes.push({
        kind: 'answered',
        answer: { status: response.status, retryAfter, body: parseJsonOrUndefined(text) },
      });
      const responseHeaders = Object.fromEntries(response.headers);
      return { status: response.status, headers: responseHeaders, body: JSON.parse(text) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) outcomes.push({ kind: 'failed', error });
      throw error;
    }
  };
  return {
    sendGetRequestAsync: (url, options) => send(url, { method: 'GET', headers: options?.headers }),
    sendPostRequestAsync: (url, options) =>
      send(url, { method: 'POST', headers: options?.headers, body: options?.body }),
  };
};
