/** Calls the HTTP API in end-to-end tests, as the platform does. */
import { setTimeout as pause } from 'node:timers/promises';
import { auditionPageSchema, auditionSchema } from '../../api/schemas/audition.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { eventually } from './eventually.ts';
import { keys, type ServiceUnderTest } from './service.ts';

interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface ApiClient {
  get(path: string, key?: string): Promise<ApiResponse>;
  post(path: string, body: object, options?: { key?: string; idempotencyKey?: string }): Promise<ApiResponse>;
  put(path: string, body: object): Promise<ApiResponse>;
  /** Requests an audition under a fresh idempotency key; fails unless it was scheduled or held. */
  request(body: object): Promise<AuditionView>;
  command(id: string, command: string, body: object): Promise<AuditionView>;
  resolve(id: string, body: object): Promise<AuditionView>;
  view(id: string): Promise<AuditionView>;
  listAuditions(): Promise<readonly AuditionView[]>;
  /** Polls until the audition is scheduled and all its participants have the invitation, or a notice of the move. */
  untilNotified(id: string): Promise<AuditionView>;
  /** Polls until the audition satisfies `wanted`, and returns it. */
  until(id: string, wanted: (view: AuditionView) => boolean, withinMs?: number): Promise<AuditionView>;
}

/** Creates a client that calls the API of the service with the backend key, unless another key is passed. */
export const createApiClient = ({ url }: ServiceUnderTest): ApiClient => {
  const call = async (
    path: string,
    key: string,
    init: Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> },
  ): Promise<ApiResponse> => {
    const answer = await fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
      signal: AbortSignal.timeout(60_000),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  const platform: ApiClient = {
    get: (path, key = keys.backend) => call(path, key, {}),
    post: (path, body, { key = keys.backend, idempotencyKey } = {}) =>
      call(path, key, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: idempotencyKey ? { 'idempotency-key': idempotencyKey } : {},
      }),
    put: (path, body) => call(path, keys.backend, { method: 'PUT', body: JSON.stringify(body) }),
    request: async (body) =>
      viewIn(await platform.post('/v1/auditions', body, { idempotencyKey: crypto.randomUUID() })),
    command: async (id, command, body) => viewIn(await platform.post(`/v1/auditions/${id}/${command}`, body)),
    resolve: async (id, body) =>
      viewIn(await platform.post(`/v1/attention/${id}/resolve`, body, { key: keys.operator })),
    async view(id) {
      for (;;) {
        const answer = await platform.get(`/v1/auditions/${id}`);
        if (answer.status !== 429) return viewIn(answer);
        // Tests that read hundreds of auditions exceed the rate limit of one caller.
        await pause(Number(answer.headers.get('retry-after')) * 1_000);
      }
    },
    async listAuditions() {
      const found: AuditionView[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const { body } = await platform.get(`/v1/auditions?limit=100${cursor && `&cursor=${cursor}`}`);
        const page = auditionPageSchema.parse(body);
        found.push(...page.items);
        cursor = page.nextCursor;
      }
      return found;
    },
    untilNotified: (id) =>
      platform.until(
        id,
        ({ state, revision, notices }) =>
          state === 'scheduled' &&
          notices.filter((notice) => notice.revision === revision).length === noticesEachTime,
      ),
    async until(id, wanted, withinMs = 60_000) {
      let last = await platform.view(id);
      const matches = async () => {
        last = await platform.view(id);
        return wanted(last);
      };
      await eventually(matches, withinMs, () => `The last view was: ${JSON.stringify(last, null, 2)}`);
      return last;
    },
  };
  return platform;
};

const viewIn = ({ status, body }: ApiResponse): AuditionView => {
  if (status >= 300) throw new Error(`the API answered ${status}: ${JSON.stringify(body)}`);
  return auditionSchema.parse(body);
};

/** The performer of `requestBody` gets an email and a text message; the casting director and the reader get an email. */
export const noticesEachTime = 4;

const zone = 'Europe/Paris';

/** Returns a valid audition request. `startsIn` is in milliseconds; each `n` has its own participants. */
export const requestBody = (n: number, startsIn: number, changes: object = {}) => {
  const start = fullMinute(Date.now() + startsIn);
  return {
    project: { id: 'night-ferry', title: 'Night Ferry' },
    role: { id: 'captain', name: 'The Captain' },
    slot: { start: new Date(start).toISOString(), end: new Date(start + 1_800_000).toISOString(), zone },
    participants: [
      {
        id: `performer-${n}`,
        kind: 'performer',
        name: `Ada Lovelace-${n}`,
        email: `ada.${n}@performers.example`,
        phone: `+3361234${String(n).padStart(4, '0')}`,
        zone,
        channels: ['email', 'sms'],
        calendar: { provider: 'google', connection: 'conn_performer', calendarId: 'primary' },
      },
      {
        id: `director-${n}`,
        kind: 'casting_director',
        name: `Carl Director-${n}`,
        email: `carl.${n}@directors.example`,
        zone,
        channels: ['email'],
        calendar: { provider: 'google', connection: 'conn_director', calendarId: 'primary' },
      },
      {
        id: `reader-${n}`,
        kind: 'reader',
        name: `Rita Reader-${n}`,
        email: `rita.${n}@readers.example`,
        zone: 'America/New_York',
        channels: ['email'],
        required: false,
      },
    ],
    meeting: { providers: ['zoom', 'google_meet'] },
    ...changes,
  };
};

export const day = 86_400_000;

/** Rounds up to a full minute, because providers do not store milliseconds. */
export const fullMinute = (epochMs: number): number => Math.ceil(epochMs / 60_000) * 60_000;
