/** Server-sent events: tells the open pages that something changed, at most so often. */
import type { ServerResponse } from 'node:http';
import type { ChangeNotifier } from '../change-notifier.ts';

export interface ServerSentEvents {
  /** Takes over the response and keeps it open until the browser leaves. */
  add(response: ServerResponse): void;
  close(): void;
}

/** Often enough to watch, seldom enough not to disturb a measurement beside it. */
const leastPauseMs = 500;

export const createServerSentEvents = (pulse: ChangeNotifier): ServerSentEvents => {
  const watching = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  const sendEvent = () => {
    timer = undefined;
    for (const response of watching) response.write('data: changed\n\n');
  };
  const stopListening = pulse.subscribe(() => {
    if (watching.size > 0) timer ??= setTimeout(sendEvent, leastPauseMs).unref();
  });
  return {
    add(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 1000\n\n');
      watching.add(response);
      response.on('close', () => watching.delete(response));
    },
    close() {
      stopListening();
      clearTimeout(timer);
      for (const response of watching) response.end();
    },
  };
};
