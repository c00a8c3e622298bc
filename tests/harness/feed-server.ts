/** Serves a calendar feed over HTTP, as a publisher of calendars does. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** Writes the answer of the feed. */
export type FeedAnswer = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

/** Returns a calendar with these lines between its beginning and its end. */
export const feedText = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');

/** Returns the lines of an event. */
export const feedEvent = (uid: string, ...lines: readonly string[]): readonly string[] => [
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20261101T000000Z',
  ...lines,
  'END:VEVENT',
];

/** Answers with a calendar, which has this ETag. */
export const calendarAnswer =
  (text: string, etag?: string): FeedAnswer =>
  (response, headers) => {
    if (etag !== undefined && headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': 'text/calendar; charset=utf-8', ...(etag !== undefined && { etag }) })
      .end(text);
  };

/**
 * Starts a server with a feed at a secret address. `answer` can be replaced; `requests` has the headers of every request.
 *
 * @param name the name of the calendar.
 */
export const startFeedServer = async (name: string) => {
  const secret = randomBytes(16).toString('hex');
  const requests: IncomingHttpHeaders[] = [];
  const feed: { answer: FeedAnswer } = { answer: calendarAnswer(feedText(`X-WR-CALNAME:${name}`)) };
  const server = createServer((request, response) => {
    if (!request.url?.includes(secret)) {
      response.writeHead(404).end();
      return;
    }
    requests.push(request.headers);
    feed.answer(response, request.headers);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    secret,
    address: `http://127.0.0.1:${port}/private-${secret}/basic.ics`,
    requests,
    serve: (answer: FeedAnswer) => {
      feed.answer = answer;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
