/**
 * A CalDAV server with the limits that real test servers lack: it cuts off its answers (RFC 6578, section 3.6; RFC 4791,
 * section 7.8), and stores texts that are damaged or large.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

export interface ScriptedCaldav {
  readonly url: string;
  readonly calendarId: string;
  /** Stores a resource; undefined deletes it. */
  store(name: string, text: string | undefined): void;
  /** Returns the text of a resource. */
  text(name: string): string | undefined;
  /** Returns the texts of all resources. */
  texts(): readonly string[];
  /** Names of resources whose contents are refused, each with its status, such as `403 Forbidden`. */
  readonly refused: Map<string, string>;
  /** Names of resources that no query by time finds, because the server cannot tell when they are. */
  readonly unplaced: Set<string>;
  /** UIDs that exist in another calendar of the account, which holds each UID once. */
  readonly uidsElsewhere: Set<string>;
  /** Names of resources whose contents are not sent, although they exist. */
  readonly withoutText: Set<string>;
  /** Names of resources that a request for several resources is not answered for, although they exist. */
  readonly omitted: Set<string>;
  /** Whether the calendar was deleted, or may not be read any more. */
  access: 'read' | 'gone' | 'busy_times_only';
  /** How the server differs from others. */
  readonly ways: {
    /** Hrefs are URLs, and escape more than they must. */
    hrefs: 'plain' | 'escaped';
    /** Hrefs begin with it: the address of the server behind its proxy. */
    origin: string;
    /** How it says that a resource does not exist: by the status of the resource, or by that of its properties. */
    missing: 'status' | 'properties';
    /** Finds a resource only by an href that is escaped as its own. */
    knowsOwnHrefsOnly: boolean;
    etags: 'strong' | 'weak';
    /** A query with more results than the limit is refused as a whole. */
    refusesLongQueries: boolean;
    /** Whether it lists changes. */
    hasTokens: boolean;
    /** Whether it names a CTag. */
    hasCtag: boolean;
    /** Whether each list of changes ends with another token, also when nothing has changed. */
    renewsTokens: boolean;
    /** Its list of changes ends with the token that RFC 6578 demands, with an empty one, or with none. */
    nextTokens: 'sent' | 'empty' | 'missing';
    /** A list of changes that it cuts off ends with the token that it was asked with. */
    keepsToken: boolean;
    /** The status of a query by time; `answered` when the server can find events by time. */
    timeQueries: 'answered' | number;
    /** The status of a query by UID. `empty`: it is answered, and finds nothing. */
    uidQueries: 'answered' | 'empty' | number;
    /** How it refuses a UID that exists already: the status and the precondition. */
    uidConflict: readonly [status: 403 | 409, condition: string];
    /** The status of a write to the calendar when it was deleted. */
    writeToGone: number;
    /** Stores new resources under a name of its own. */
    renames: boolean;
    /** Whether the request may pass. Otherwise, it has answered the request. */
    admits: (request: IncomingMessage, response: ServerResponse) => boolean;
    /** Answers each request at the calendar's address with a redirect to another one. */
    redirects: boolean;
  };
  /** The most resources of one answer that lists them. */
  limit: number;
  /**
   * The oldest token that the server knows, and the status with which it refuses others. `all`: it lists all resources.
   * `nothing`: it lists none. Changes up to `pruned` are forgotten: each list omits them.
   */
  readonly tokens: { oldest: number; refusal: number | 'all' | 'nothing'; pruned: number };
  /** The kinds of requests so far. */
  readonly requests: string[];
  /** The names of the resources whose contents were sent so far. */
  readonly sent: string[];
  close(): Promise<void>;
}

interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

const path = '/calendar/';
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const props = (content: string): string =>
  `<d:propstat><d:prop>${content}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
const status = (text: string): string => `<d:status>HTTP/1.1 ${text}</d:status>`;
const movedPath = '/moved/calendar/';
const tokenOf = (changed: number, renewal = 0) => `urn:state:${changed}${renewal === 0 ? '' : `:${renewal}`}`;

/** Starts a server with one empty calendar. */
export const startScriptedCaldav = async (): Promise<ScriptedCaldav> => {
  const resources = new Map<string, { readonly text: string | undefined; readonly changed: number }>();
  let state = 0;
  let renewals = 0;

  const base = () => (scripted.ways.redirects ? movedPath : path);
  const gone = (name: string): string =>
    response(
      name,
      scripted.ways.missing === 'status'
        ? status('404 Not Found')
        : `<d:propstat><d:prop><d:getetag/></d:prop>${status('404 Not Found')}</d:propstat>`,
    );
  const fileNameOf = (name: string): string =>
    scripted.ways.hrefs === 'escaped'
      ? name.replaceAll(/[@-]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
      : name;
  const response = (name: string, content: string): string => {
    const path = base() + fileNameOf(name);
    const { hrefs, origin } = scripted.ways;
    const href = hrefs === 'escaped' ? `${url}${path}` : `${origin}${path}`;
    return `<d:response><d:href>${href}</d:href>${content}</d:response>`;
  };
  const truncated = () => response('', status('507 Insufficient Storage'));
  const etagOf = (changed: number) => `${scripted.ways.etags === 'weak' ? 'W/' : ''}"${changed}"`;
  const etag = (changed: number) => props(`<d:getetag>${etagOf(changed)}</d:getetag>`);

  /** What a server tells of the resources of a calendar that may not be read any more. */
  const lost = (resource: { readonly changed: number }) => ({
    text: undefined,
    changed: Math.max(resource.changed, state + 1),
  });

  const withContents = (
    name: string,
    { text = '', changed }: { readonly text: string | undefined; readonly changed: number },
  ) => {
    scripted.sent.push(name);
    return response(
      name,
      props(`<d:getetag>${etagOf(changed)}</d:getetag><c:calendar-data>${escaped(text)}</c:calendar-data>`),
    );
  };

  const queryByUid = (uid: string): string | number => {
    const { uidQueries } = scripted.ways;
    if (typeof uidQueries === 'number') return uidQueries;
    const found = [...resources].filter(([, { text }]) => text?.includes(`UID:${uid}\r\n`));
    return uidQueries === 'empty'
      ? ''
      : found.map(([name, resource]) => withContents(name, resource)).join('');
  };

  const query = (): string => {
    const present = [...resources].filter(
      ([name, { text }]) => text !== undefined && !scripted.unplaced.has(name),
    );
    const listed = present
      .slice(0, scripted.limit)
      .map(([name, { changed }]) => response(name, etag(changed)));
    return listed.join('') + (present.length > scripted.limit ? truncated() : '');
  };

  const nextToken = (changed: number): string => {
    const { nextTokens } = scripted.ways;
    if (nextTokens === 'missing') return '';
    if (scripted.ways.renewsTokens) renewals += 1;
    return `<d:sync-token>${nextTokens === 'sent' ? tokenOf(changed, renewals) : ''}</d:sync-token>`;
  };

  const changes = (since: number): string => {
    const all = [...resources]
      .map(([name, resource]) => [name, scripted.access === 'read' ? resource : lost(resource)] as const)
      .filter(([, { text, changed }]) => changed > since && (since > 0 || text !== undefined))
      .sort(([, one], [, other]) => one.changed - other.changed);
    const listed = all.slice(0, scripted.limit);
    const isTruncated = listed.length < all.length;
    const last = scripted.ways.keepsToken ? since : (listed.at(-1)?.[1].changed ?? state);
    return [
      ...listed.map(([name, { text, changed }]) =>
        text === undefined ? gone(name) : response(name, etag(changed)),
      ),
      ...(isTruncated ? [truncated()] : []),
      nextToken(isTruncated ? last : state),
    ].join('');
  };

  const contents = (body: string): string =>
    [...body.matchAll(/<d:href>([^<]+)</g)]
      .map(([, href = '']) => {
        const written = href.slice(href.lastIndexOf('/') + 1);
        const name = decodeURIComponent(written);
        if (scripted.ways.knowsOwnHrefsOnly && written !== fileNameOf(name)) {
          return gone(name);
        }
        const refusal = scripted.refused.get(name);
        if (refusal !== undefined) return response(name, status(refusal));
        const found = scripted.access === 'gone' ? undefined : resources.get(name);
        if (scripted.omitted.has(name)) return '';
        if (found?.text === undefined) return gone(name);
        const isSent = body.includes('calendar-data') && !scripted.withoutText.has(name);
        return isSent ? withContents(name, found) : response(name, etag(found.changed));
      })
      .join('');

  const hasMany = () => [...resources.values()].filter(({ text }) => text !== undefined).length;

  const names = (): string =>
    [...resources]
      .filter(([, { text }]) => text !== undefined)
      .map(([name, { changed }]) => response(name, etag(changed)))
      .join('') + response('', props(''));

  /** Compares strongly (RFC 9110, section 8.8.3.2). */
  const put = (name: string, text: string, { ifMatch, ifNoneMatch }: Conditions): number => {
    if (scripted.access === 'gone') return scripted.ways.writeToGone;
    const found = resources.get(name);
    const exists = found?.text !== undefined;
    const isMatch = exists && scripted.ways.etags === 'strong' && ifMatch === etagOf(found.changed);
    if ((ifNoneMatch === '*' && exists) || (ifMatch !== undefined && !isMatch)) return 412;
    if (!exists && (isElsewhere(text) || (scripted.ways.renames && hasUidOf(text)))) {
      return scripted.ways.uidConflict[0];
    }
    scripted.store(!exists && scripted.ways.renames ? `own-${state}` : name.replace(/\.ics$/, ''), text);
    return 204;
  };

  /** Whether the calendar has an event with the UID of this text (RFC 4791, section 5.3.2.1). */
  const hasUidOf = (text: string): boolean => {
    const [uid = ''] = /^UID:.*$/m.exec(text) ?? [];
    return [...resources.values()].some((resource) => resource.text?.includes(uid));
  };

  const isElsewhere = (text: string): boolean =>
    [...scripted.uidsElsewhere].some((uid) => text.includes(`UID:${uid}\r\n`));

  const remove = (name: string, { ifMatch }: Conditions): number => {
    const found = resources.get(name);
    if (found?.text === undefined) return 404;
    if (ifMatch !== undefined && ifMatch !== etagOf(found.changed)) return 412;
    scripted.store(name.replace(/\.ics$/, ''), undefined);
    return 204;
  };

  const answerTo = (method: string, body: string, depth: string): string | number => {
    if (method === 'PROPFIND' && depth === '1') return scripted.access === 'gone' ? 404 : names();
    if (method === 'PROPFIND') {
      if (scripted.access === 'gone') return 404;
      const privilege = scripted.access === 'read' ? '<d:read/>' : '<c:read-free-busy/>';
      const token = scripted.ways.hasTokens ? `<d:sync-token>${tokenOf(state)}</d:sync-token>` : '';
      const ctag = scripted.ways.hasCtag
        ? `<cs:getctag xmlns:cs="http://calendarserver.org/ns/">"${state}"</cs:getctag>`
        : '';
      return response(
        '',
        props(
          `${token}${ctag}<d:current-user-privilege-set><d:privilege>${privilege}</d:privilege></d:current-user-privilege-set>`,
        ),
      );
    }
    if (body.includes('calendar-multiget')) return contents(body);
    const [, uid] = /text-match[^>]*>([^<]*)</.exec(body) ?? [];
    if (uid !== undefined) return queryByUid(uid);
    if (body.includes('calendar-query')) {
      if (scripted.ways.timeQueries !== 'answered') return scripted.ways.timeQueries;
      if (scripted.access === 'gone') return '';
      return scripted.ways.refusesLongQueries && hasMany() > scripted.limit ? 507 : query();
    }
    const [, token = ''] = /<d:sync-token>([^<]*)</.exec(body) ?? [];
    const since = Number(/^urn:state:(\d+)/.exec(token)?.[1] ?? 0);
    const { oldest, refusal, pruned } = scripted.tokens;
    if (token === '') return changes(0);
    if (since >= oldest) return changes(Math.max(since, pruned));
    if (refusal === 'nothing') return nextToken(state);
    return refusal === 'all' ? changes(0) : refusal;
  };

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await readText(incoming);
      if (!scripted.ways.admits(incoming, outgoing)) return;
      const method = incoming.method ?? '';
      const [kind = method] = /calendar-multiget|calendar-query|sync-collection/.exec(body) ?? [];
      scripted.requests.push(kind);
      const target = incoming.url ?? '';
      if (scripted.ways.redirects && target.startsWith(path)) {
        outgoing.writeHead(301, { location: target.replace(path, movedPath) }).end();
        return;
      }
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, depth } = incoming.headers;
      const name = decodeURIComponent(target.slice(target.lastIndexOf('/') + 1));
      const answer =
        method === 'PUT'
          ? put(name, body, { ifMatch, ifNoneMatch })
          : method === 'DELETE'
            ? remove(name, { ifMatch, ifNoneMatch })
            : answerTo(method, body, typeof depth === 'string' ? depth : '0');
      const condition =
        answer === 507
          ? '<d:number-of-matches-within-limits/>'
          : method === 'PUT' && answer === scripted.ways.uidConflict[0] && scripted.access !== 'gone'
            ? `<c:${scripted.ways.uidConflict[1]} xmlns:c="urn:ietf:params:xml:ns:caldav"/>`
            : '';
      const content = typeof answer === 'number' ? `<d:error xmlns:d="DAV:">${condition}</d:error>` : answer;
      outgoing.writeHead(typeof answer === 'number' ? answer : 207, { 'content-type': 'application/xml' });
      outgoing.end(
        typeof answer === 'number'
          ? answer === 204
            ? undefined
            : content
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
    text: (name) => resources.get(`${name}.ics`)?.text,
    texts: () => [...resources.values()].flatMap(({ text }) => text ?? []),
    refused: new Map(),
    unplaced: new Set(),
    uidsElsewhere: new Set(),
    withoutText: new Set(),
    omitted: new Set(),
    access: 'read',
    ways: {
      hrefs: 'plain',
      origin: '',
      missing: 'status',
      knowsOwnHrefsOnly: false,
      etags: 'strong',
      refusesLongQueries: false,
      hasTokens: true,
      hasCtag: false,
      renewsTokens: false,
      nextTokens: 'sent',
      keepsToken: false,
      timeQueries: 'answered',
      uidQueries: 'answered',
      uidConflict: [409, 'no-uid-conflict'],
      writeToGone: 409,
      renames: false,
      admits: () => true,
      redirects: false,
    },
    limit: Number.POSITIVE_INFINITY,
    tokens: { oldest: 0, refusal: 403, pruned: 0 },
    requests: [],
    sent: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return scripted;
};
