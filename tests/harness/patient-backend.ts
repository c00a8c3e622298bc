/** Calls the API as a real backend does during an outage: it repeats each request under its Idempotency-Key. */
import { setTimeout as pause } from 'node:timers/promises';
import { noteProgress } from './progress.ts';
import { keys } from './service.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface PatientBackend {
  /** Repeats the request until its answer is final, or until `giveUp`. Status 0: the backend has given up. */
  post(path: string, body: object, key?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** Answers that no outage explains. */
  readonly surprises: readonly string[];
  surprise(what: string): void;
  giveUp(): void;
}

/** The answers after which a request is repeated. */
const temporary: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const callTimeoutMs = 35_000;
/** A command that waits for an operator answers 202 each time. */
const acceptedAttempts = 3;

/** Creates the backend. */
export const createPatientBackend = (url: string): PatientBackend => {
  const surprises: string[] = [];
  const givenUp = new AbortController();

  const callOnce = async (path: string, init: RequestInit): Promise<Answer & { readonly waitMs: number }> => {
    try {
      const answer = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(callTimeoutMs) });
      const waitMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
      return { status: answer.status, body: await answer.json(), waitMs };
    } catch {
      // The connection was refused, cut, or silent.
      return { status: 503, body: undefined, waitMs: 0 };
    }
  };

  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    let accepted = 0;
    while (!givenUp.signal.aborted) {
      const { status, body, waitMs } = await callOnce(path, init);
      if (status === 500) surprises.push(`${init.method ?? 'GET'} ${path}: 500 ${JSON.stringify(body)}`);
      if (status === 202) accepted += 1;
      const isFinal =
        status === 202 ? accepted >= acceptedAttempts : status !== 500 && !temporary.has(status);
      if (isFinal) return { status, body };
      noteProgress(`${init.method ?? 'GET'} ${path} answered ${status}; repeated`);
      await pause(Math.max(300, Math.min(waitMs, 2_000)));
    }
    return { status: 0, body: undefined };
  };

  const headers = { authorization: `Bearer ${keys.backend}` };
  return {
    post: (path, body, key = crypto.randomUUID()) =>
      call(path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      }),
    get: (path) => call(path, { headers }),
    delete: (path) =>
      call(path, { method: 'DELETE', headers: { ...headers, 'idempotency-key': crypto.randomUUID() } }),
    surprises,
    surprise: (what) => surprises.push(what),
    giveUp: () => givenUp.abort(),
  };
};
