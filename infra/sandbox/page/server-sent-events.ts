/** Notifies open pages of changes with server-sent events, at a limited rate. */
import type { ServerResponse } from 'node:http';
import type { ChangeNotifier } from '../change-notifier.ts';

export interface ServerSentEvents {
  /** Sends the event stream on this response until the browser disconnects. */
  add(response: ServerResponse): void;
  close(): void;
}

/** Short enough for a live page, long enough not to disturb a load test on the same machine. */
const minimumIntervalMs = 500;

/** Creates an event stream without pages. */
export const createServerSentEvents = (changeNotifier: ChangeNotifier): ServerSentEvents => {
  const watching = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  const sendEvent = () => {
    timer = undefined;
    for (const response of watching) response.write('data: changed\n\n');
  };
  const unsubscribe = changeNotifier.subscribe(() => {
    if (watching.size > 0) timer ??= setTimeout(sendEvent, minimumIntervalMs).unref();
  });
  return {
    add(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 1000\n\n');
      watching.add(response);
      response.on('close', () => watching.delete(response));
    },
    close() {
      unsubscribe();
      clearTimeout(timer);
      for (const response of watching) response.end();
    },
  };
};
