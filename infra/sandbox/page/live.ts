/** Server-sent events: tells the open pages that something changed, at most so often. */
import type { ServerResponse } from 'node:http';
import type { Pulse } from '../pulse.ts';

export interface Live {
  /** Takes over the response and keeps it open until the browser leaves. */
  add(response: ServerResponse): void;
  close(): void;
}

/** Often enough to watch, seldom enough not to disturb a measurement beside it. */
const leastPauseMs = 500;

export const createLive = (pulse: Pulse): Live => {
  const watching = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    timer = undefined;
    for (const response of watching) response.write('data: changed\n\n');
  };
  const stopListening = pulse.listen(() => {
    if (watching.size > 0) timer ??= setTimeout(tell, leastPauseMs).unref();
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
