/** Calls the HTTP API as the platform does, with the keys of the local organization. */
import { z } from 'zod';
import { type AuditionEvent, auditionEventSchema } from '../../../domain/audition/events.ts';
import type { AuditionRequest } from '../../../domain/audition/request.ts';
import { type AttentionId, type AuditionId, auditionIdSchema } from '../../../domain/ids.ts';
import { localApiKeys } from '../local-organization.ts';

const createdSchema = z.object({ id: auditionIdSchema });
const trailSchema = z.object({ items: z.array(auditionEventSchema) });

interface CallInit {
  readonly method?: 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DemoApiClient {
  requestAudition(request: AuditionRequest, idempotencyKey: string): Promise<AuditionId>;
  eventsAfter(id: AuditionId, sequence: number): Promise<readonly AuditionEvent[]>;
  command(id: AuditionId, command: 'check-in' | 'respond' | 'decide', body: object): Promise<void>;
  resolve(id: AttentionId, action: 'retry' | 'skip'): Promise<void>;
}

/**
 * Creates the client. Every method throws an error with the problem document when the API refuses the call.
 */
export const createDemoApiClient = (apiUrl: string): DemoApiClient => {
  const call = async (path: string, key: string, init: CallInit = {}): Promise<unknown> => {
    const answer = await fetch(`${apiUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
      signal: AbortSignal.timeout(60_000),
    });
    const body: unknown = await answer.json();
    if (!answer.ok)
      throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${JSON.stringify(body)}`);
    return body;
  };
  const post = (path: string, key: string, body: object, headers: Record<string, string> = {}) =>
    call(path, key, { method: 'POST', body: JSON.stringify(body), headers });

  return {
    async requestAudition(request, idempotencyKey) {
      const headers = { 'idempotency-key': idempotencyKey };
      return createdSchema.parse(await post('/v1/auditions', localApiKeys.backend, request, headers)).id;
    },
    async eventsAfter(id, sequence) {
      const path = `/v1/auditions/${id}/events?cursor=${sequence}&limit=100`;
      return trailSchema.parse(await call(path, localApiKeys.backend)).items;
    },
    async command(id, command, body) {
      await post(`/v1/auditions/${id}/${command}`, localApiKeys.backend, body);
    },
    async resolve(id, action) {
      await post(`/v1/attention/${id}/resolve`, localApiKeys.operator, { action });
    },
  };
};
