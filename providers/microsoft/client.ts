/**
 * Microsoft's own library for signing in, kept to our rules: its addresses can be set, it repeats nothing, and what it
 * caches lives as long as one exchange. Whoever wants to know what Microsoft answered looks at the answer: the library
 * makes an error of its own of it, and of a gateway's empty page none at all.
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
  /** For what needs no exchange. */
  application(): Promise<ConfidentialClientApplication>;
  /** One exchange with an application of its own. Throws `ProviderError`. */
  exchange<Answer>(
    operation: ProviderOperation,
    call: CallContext,
    ask: (application: ConfidentialClientApplication) => Promise<Answer>,
    table?: readonly ErrorRow[],
  ): Promise<Answer>;
}

type Outcome =
  | { readonly kind: 'answered'; readonly answer: MicrosoftAnswer }
  | { readonly kind: 'failed'; readonly error: unknown };

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
    exchange: async (operation, call, ask, table) => {
      const outcomes: Outcome[] = [];
      try {
        const signal = withDeadline(call, microsoftDeadlineMs);
        return await ask(await application(signal, networkFor(call, signal, outcomes)));
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

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string> | undefined;
  readonly body?: string | undefined;
}

const networkFor = (call: CallContext, signal: AbortSignal, outcomes: Outcome[]): INetworkModule => {
  const send = async (url: string, { method, headers, body }: Sent) => {
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
      const headersOf = Object.fromEntries(response.headers);
      return { status: response.status, headers: headersOf, body: JSON.parse(text) };
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
