/**
 * A CalDAV server with the limits that real test servers lack: it cuts off its answers (RFC 6578, section 3.6; RFC 4791,
 * section 7.8), and stores texts that are damaged or large.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

export interface ScriptedCaldav {
  readonly url: string;
  readonly calendarId: string;
  /** Stores a resource; undefined deletes it. */
  store(name: string, text: string | undefined): void;
  /** Names of resources whose contents are refused, each with its status, such as `403 Forbidden`. */
  readonly refused: Map<string, string>;
  /** Names of resources that no query by time finds, because the server cannot tell when they are. */
  readonly unplaced: Set<string>;
  /** Names of resources whose contents are not sent, although they exist. */
  readonly withoutText: Set<string>;
  /** Whether the calendar was deleted, or may not be read any more. */
  access: 'read' | 'gone' | 'busy_times_only';
  /** The most resources of one answer that lists them. */
  limit: number;
  /** The oldest token that the server knows, and the status with which it refuses others. */
  readonly tokens: { oldest: number; refusal: number };
  /** The kinds of requests so far. */
  readonly requests: string[];
  close(): Promise<void>;
}

const path = '/calendar/';
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const response = (href: string, content: string): string =>
  `<d:response><d:href>${href}</d:href>${content}</d:response>`;
const props = (content: string): string =>
  `<d:propstat><d:prop>${content}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
const status = (text: string): string => `<d:status>HTTP/1.1 ${text}</d:status>`;
const truncated = response(path, status('507 Insufficient Storage'));

const etag = (changed: number) => props(`<d:getetag>"${changed}"</d:getetag>`);
const tokenOf = (changed: number) => `urn:state:${changed}`;

/** Starts a server with one empty calendar. */
export const startScriptedCaldav = async (): Promise<ScriptedCaldav> => {
  const resources = new Map<string, { readonly text: string | undefined; readonly changed: number }>();
  let state = 0;

  /** What a server tells of the resources of a calendar that may not be read any more. */
  const lost = (resource: { readonly changed: number }) => ({
    text: undefined,
    changed: Math.max(resource.changed, state + 1),
  });

  const query = (): string => {
    const present = [...resources].filter(
      ([name, { text }]) => text !== undefined && !scripted.unplaced.has(name),
    );
    const listed = present
      .slice(0, scripted.limit)
      .map(([name, { changed }]) => response(path + name, etag(changed)));
    return listed.join('') + (present.length > scripted.limit ? truncated : '');
  };

  const changes = (since: number): string => {
    const all = [...resources]
      .map(([name, resource]) => [name, scripted.access === 'read' ? resource : lost(resource)] as const)
      .filter(([, { text, changed }]) => changed > since && (since > 0 || text !== undefined))
      .sort(([, one], [, other]) => one.changed - other.changed);
    const listed = all.slice(0, scripted.limit);
    const isTruncated = listed.length < all.length;
    const last = listed.at(-1)?.[1].changed ?? state;
    return [
      ...listed.map(([name, { text, changed }]) =>
        response(path + name, text === undefined ? status('404 Not Found') : etag(changed)),
      ),
      ...(isTruncated ? [truncated] : []),
      `<d:sync-token>${tokenOf(isTruncated ? last : state)}</d:sync-token>`,
    ].join('');
  };

  const contents = (body: string): string =>
    [...body.matchAll(/<d:href>([^<]+)</g)]
      .map(([, href = '']) => {
        const name = decodeURIComponent(href.slice(path.length));
        const refusal = scripted.refused.get(name);
        if (refusal !== undefined) return response(href, status(refusal));
        const found = scripted.access === 'gone' ? undefined : resources.get(name);
        if (found && scripted.withoutText.has(name)) return response(href, etag(found.changed));
        return found?.text === undefined
          ? response(href, status('404 Not Found'))
          : response(
              href,
              props(
                `<d:getetag>"${found.changed}"</d:getetag><c:calendar-data>${escaped(found.text)}</c:calendar-data>`,
              ),
            );
      })
      .join('');

  const answerTo = (method: string, body: string): string | number => {
    if (method === 'PROPFIND') {
      if (scripted.access === 'gone') return 404;
      const privilege = scripted.access === 'read' ? '<d:read/>' : '<c:read-free-busy/>';
      return response(
        path,
        props(
          `<d:sync-token>${tokenOf(state)}</d:sync-token><d:current-user-privilege-set><d:privilege>${privilege}</d:privilege></d:current-user-privilege-set>`,
        ),
      );
    }
    if (body.includes('calendar-multiget')) return contents(body);
    if (body.includes('calendar-query')) return query();
    const [, token = ''] = /<d:sync-token>([^<]*)</.exec(body) ?? [];
    const since = Number(token.replace('urn:state:', '') || 0);
    return token !== '' && since < scripted.tokens.oldest ? scripted.tokens.refusal : changes(since);
  };

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await readText(incoming);
      const method = incoming.method ?? '';
      const [kind = method] = /calendar-multiget|calendar-query|sync-collection/.exec(body) ?? [];
      scripted.requests.push(kind);
      const answer = answerTo(method, body);
      const content = typeof answer === 'number' ? '<d:error xmlns:d="DAV:"/>' : answer;
      outgoing.writeHead(typeof answer === 'number' ? answer : 207, { 'content-type': 'application/xml' });
      outgoing.end(
        typeof answer === 'number'
          ? content
          : `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">${content}</d:multistatus>`,
      );
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const scripted: ScriptedCaldav = {
    url,
    calendarId: `${url}${path}`,
    store: (name, text) => {
      state += 1;
      resources.set(`${name}.ics`, { text, changed: state });
    },
    refused: new Map(),
    unplaced: new Set(),
    withoutText: new Set(),
    access: 'read',
    limit: Number.POSITIVE_INFINITY,
    tokens: { oldest: 0, refusal: 403 },
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return scripted;
};
