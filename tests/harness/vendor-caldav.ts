/**
 * A CalDAV server of one account, which writes its answers as other vendors do: namespaces, hrefs, properties, texts and etags in
 * each form that RFC 4918 permits, and in some that it does not. It refuses requests that a strict server refuses.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { caldavUser } from './caldav-user.ts';

/** How the server writes what it answers. */
export interface VendorWays {
  /** The prefix of the namespace `DAV:`. Empty: it is the default namespace. */
  readonly prefix: string;
  /** What precedes the path of an href. `port` is the server's own. */
  readonly originOf: (port: number) => string;
  /** Writes the last segment of a path. */
  readonly segment: (text: string) => string;
  readonly hrefs: 'plain' | 'cdata' | 'indented' | 'relative';
  /** Whether collections are named with a slash at the end. */
  readonly slashes: boolean;
  readonly texts: 'escaped' | 'cdata' | 'split_cdata' | 'attributes';
  /** Line ends of calendars. */
  readonly lineEnd: string;
  /** `split`: each property has a propstat of its own. `missing_too`: one more says which properties do not exist. */
  readonly propstats: 'one' | 'split' | 'missing_too';
  readonly etagOf: (version: number) => string;
  readonly tokenOf: (version: number) => string;
  /** How several resources without a text are answered: each on its own, or together in one response. */
  readonly missing: 'each' | 'together';
  readonly contentType: string;
  /** What precedes the XML. */
  readonly preamble: string;
  readonly encoding: BufferEncoding;
  readonly isCompressed: boolean;
  /** Whether a list of changes contains the calendar itself. */
  readonly listsItself: boolean;
  /** The status of a deleted resource in a list of changes. */
  readonly deleted: 404 | 410;
  /** The answer to a UID that the calendar has under another name, or that another calendar of the account has. */
  readonly uidConflict: { readonly status: number; readonly body: string };
  /** Where a UID may exist once. */
  readonly uidScope: 'calendar' | 'account';
  /** The answer to a new event with a UID that is in the trash. Undefined: the trash is of no account to it. */
  readonly trashConflict: { readonly status: number; readonly body: string } | undefined;
  /** Answers a request otherwise. Returns whether it has. */
  readonly intercept: (request: IncomingMessage, response: ServerResponse, path: string) => boolean;
}

const commonWays: VendorWays = {
  prefix: 'd',
  originOf: () => '',
  segment: encodeURIComponent,
  hrefs: 'plain',
  slashes: true,
  texts: 'escaped',
  lineEnd: '\r\n',
  propstats: 'one',
  etagOf: (version) => `"${version}-a"`,
  tokenOf: (version) => `http://sabre.io/ns/sync/${version}`,
  missing: 'each',
  contentType: 'application/xml; charset=utf-8',
  preamble: '<?xml version="1.0" encoding="utf-8"?>\n',
  encoding: 'utf8',
  isCompressed: false,
  listsItself: false,
  deleted: 404,
  uidConflict: {
    status: 409,
    body: '<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><c:no-uid-conflict/></d:error>',
  },
  uidScope: 'calendar',
  trashConflict: undefined,
  intercept: () => false,
};

interface Resource {
  readonly text: string | undefined;
  readonly version: number;
}

/** A collection of events. */
interface Place {
  readonly path: string;
  readonly resources: Map<string, Resource>;
}

export interface VendorCaldav {
  readonly url: string;
  /** Where the account's calendar is. */
  readonly calendarId: string;
  /** Another calendar of the account. */
  readonly sharedCalendarId: string;
  /** Stores a resource as a person does; undefined deletes it. */
  store(name: string, text: string | undefined): void;
  texts(): readonly string[];
  /** Stores a resource in another calendar of the account, or in its trash, as Nextcloud has one; undefined deletes it. */
  storeElsewhere(place: 'shared' | 'trash', name: string, text: string | undefined): void;
  textsElsewhere(place: 'shared' | 'trash'): readonly string[];
  readonly requests: string[];
  /** What was wrong with the requests. */
  readonly complaints: string[];
  close(): Promise<void>;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const nameOf = (path: string): string => decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
const uidOf = (text: string): string => /^UID:(.*)$/m.exec(text)?.[1]?.trim() ?? '';

const user = encodeURIComponent('ann@example.com');
const homePath = `/calendars/${user}/`;
const calendarPath = `${homePath}work/`;
const otherPaths = { shared: `${homePath}shared/`, trash: `${homePath}trashbin/objects/` } as const;
const principalPath = `/principals/users/${user}/`;

/** Starts the server. */
export const startVendorCaldav = async (changed: Partial<VendorWays> = {}): Promise<VendorCaldav> => {
  const ways: VendorWays = { ...commonWays, ...changed };
  const resources = new Map<string, Resource>();
  const others = { shared: new Map<string, Resource>(), trash: new Map<string, Resource>() } as const;
  let version = 0;
  let port = 0;
  const requests: string[] = [];
  const complaints: string[] = [];
  const basic = `Basic ${Buffer.from(`${caldavUser.username}:${caldavUser.password}`).toString('base64')}`;

  const main: Place = { path: calendarPath, resources };
  const shared: Place = { path: otherPaths.shared, resources: others.shared };
  const trash: Place = { path: otherPaths.trash, resources: others.trash };
  const placeAt = (path: string): Place =>
    [shared, trash].find((place) => decodeURIComponent(path).startsWith(decodeURIComponent(place.path))) ??
    main;

  const tag = (name: string, content: string, attributes = ''): string => {
    const full = ways.prefix === '' ? name : `${ways.prefix}:${name}`;
    return content === '' ? `<${full}${attributes}/>` : `<${full}${attributes}>${content}</${full}>`;
  };
  const status = (code: number): string =>
    tag('status', `HTTP/1.1 ${code} ${code === 200 ? 'OK' : 'Status'}`);
  const hrefOf = (path: string): string => {
    const written = `${ways.originOf(port)}${ways.slashes ? path : path.replace(/\/$/, '')}`;
    if (ways.hrefs === 'relative' && /[^/]$/.test(path))
      return tag('href', path.slice(path.lastIndexOf('/') + 1));
    if (ways.hrefs === 'cdata') return tag('href', `<![CDATA[${written}]]>`);
    return tag('href', ways.hrefs === 'indented' ? `\n    ${written}\n  ` : written);
  };
  const resourcePath = (name: string, { path }: Place = main): string => path + ways.segment(name);
  const propstats = (found: readonly string[], missing: readonly string[] = []): string => {
    const groups = ways.propstats === 'split' ? found : [found.join('')];
    const present = groups.map((content) => tag('propstat', tag('prop', content) + status(200)));
    const absent =
      ways.propstats === 'missing_too'
        ? [tag('propstat', tag('prop', [...missing, tag('owner', '')].join('')) + status(404))]
        : [];
    return [...absent, ...present].join('');
  };
  const response = (path: string, content: string): string => tag('response', hrefOf(path) + content);
  const etag = ({ version: at }: Resource): string =>
    tag('getetag', escaped(ways.etagOf(at)).replaceAll('"', '&quot;'));
  const calendarData = (text: string): string => {
    const lines = text.replaceAll(/\r?\n/g, ways.lineEnd);
    switch (ways.texts) {
      case 'escaped':
        return `<cal:calendar-data>${escaped(lines)}</cal:calendar-data>`;
      case 'attributes':
        return `<cal:calendar-data content-type="text/calendar" version="2.0">${escaped(lines)}</cal:calendar-data>`;
      case 'cdata':
        return `<cal:calendar-data>\n<![CDATA[${lines}]]>\n</cal:calendar-data>`;
      case 'split_cdata': {
        const half = Math.floor(lines.length / 2);
        return `<cal:calendar-data><![CDATA[${lines.slice(0, half)}]]><![CDATA[${lines.slice(half)}]]></cal:calendar-data>`;
      }
    }
  };

  const collection = (path: string, types: string, name: string, more: readonly string[] = []): string =>
    response(
      path,
      propstats([
        tag('resourcetype', tag('collection', '') + types),
        ...(name === '' ? [] : [tag('displayname', name)]),
        ...more,
      ]),
    );
  const privileges = (...names: readonly string[]): string =>
    tag('current-user-privilege-set', names.map((name) => tag('privilege', tag(name, ''))).join(''));
  const home = (): string =>
    [
      collection(homePath, '', ''),
      collection(calendarPath, '<cal:calendar/>', 'Work', [
        '<cal:supported-calendar-component-set><cal:comp name="VEVENT"/></cal:supported-calendar-component-set>',
        privileges('read', 'write', 'write-content', 'bind', 'unbind'),
      ]),
      collection(`${homePath}shared/`, '<cal:calendar/>', 'Shared', [privileges('read')]),
      collection(`${homePath}tasks/`, '<cal:calendar/>', 'Tasks', [
        '<cal:supported-calendar-component-set><cal:comp name="VTODO"/></cal:supported-calendar-component-set>',
      ]),
      collection(`${homePath}inbox/`, '<cal:schedule-inbox/>', ''),
      collection(`${homePath}outbox/`, '<cal:schedule-outbox/>', ''),
      collection(`${homePath}notification/`, '<cs:notification/>', ''),
      collection(`${homePath}holidays/`, '<cs:subscribed/>', 'Holidays'),
    ].join('');

  const present = (place: Place = main): [string, Resource][] =>
    [...place.resources].filter(([, { text }]) => text !== undefined);
  /** Says that these resources do not exist. */
  const without = (names: readonly string[], code: number, place: Place = main): string => {
    if (names.length === 0) return '';
    const paths = names.map((name) => resourcePath(name, place));
    return ways.missing === 'together'
      ? tag('response', paths.map(hrefOf).join('') + status(code))
      : paths.map((path) => response(path, status(code))).join('');
  };
  const changes = (since: number, place: Place): string =>
    [
      ...(ways.listsItself ? [response(place.path, propstats([], [tag('getetag', '')]))] : []),
      ...present(place)
        .filter(([, resource]) => resource.version > since)
        .map(([name, resource]) => response(resourcePath(name, place), propstats([etag(resource)]))),
      without(
        [...place.resources].flatMap(([name, { version: at, text }]) =>
          since > 0 && at > since && text === undefined ? [name] : [],
        ),
        ways.deleted,
        place,
      ),
      tag('sync-token', escaped(ways.tokenOf(version))),
    ].join('');

  const multiget = (body: string, place: Place): string => {
    const names = [...body.matchAll(/<(?:\w+:)?href>([^<]+)</g)].map(([, href = '']) => {
      if (!href.startsWith(place.path)) complaints.push(`multiget of ${href}`);
      return nameOf(href);
    });
    const withText = body.includes('calendar-data');
    const absent = names.filter((name) => place.resources.get(name)?.text === undefined);
    const found = names.flatMap((name) => {
      const resource = place.resources.get(name);
      if (resource?.text === undefined) return [];
      const texts = withText ? [calendarData(resource.text)] : [];
      return [response(resourcePath(name, place), propstats([etag(resource), ...texts]))];
    });
    return [...found, without(absent, 404, place)].join('');
  };

  const query = (body: string, place: Place): string => {
    // Nextcloud ignores the filter of a query in its trash.
    const [, uid] = place === trash ? [] : (/text-match[^>]*>([^<]*)</.exec(body) ?? []);
    return present(place)
      .filter(
        ([, { text = '' }]) =>
          text.includes('BEGIN:VEVENT') && (uid === undefined || text.includes(`UID:${uid}`)),
      )
      .map(([name, resource]) =>
        response(
          resourcePath(name, place),
          propstats([
            etag(resource),
            ...(body.includes('calendar-uri') && place === trash
              ? ['<nc:calendar-uri xmlns:nc="http://nextcloud.com/ns">work</nc:calendar-uri>']
              : []),
            ...(body.includes('calendar-data') ? [calendarData(resource.text ?? '')] : []),
          ]),
        ),
      )
      .join('');
  };

  const propfind = (asked: string, depth: string | undefined): string | number => {
    const path = asked.replace(/\?.*$/, '');
    if (path === '/' || path === '/dav/') {
      return response(
        path,
        propstats([tag('current-user-principal', hrefOf(principalPath))], [tag('resourcetype', '')]),
      );
    }
    const is = (own: string) =>
      decodeURIComponent(path).replace(/\/$/, '') === decodeURIComponent(own).replace(/\/$/, '');
    if (is(principalPath)) {
      return response(
        principalPath,
        propstats([
          tag('current-user-principal', hrefOf(principalPath)),
          `<cal:calendar-home-set>${hrefOf(homePath)}</cal:calendar-home-set>`,
        ]),
      );
    }
    if (is(homePath)) return depth === '1' ? home() : collection(homePath, '', '');
    const place = [main, shared].find((one) => is(one.path));
    if (!place) return 404;
    const itself = response(
      place.path,
      propstats([
        tag('resourcetype', `${tag('collection', '')}<cal:calendar/>`),
        tag('sync-token', escaped(ways.tokenOf(version))),
        `<cs:getctag>${escaped(ways.tokenOf(version))}</cs:getctag>`,
        privileges('read', 'write'),
      ]),
    );
    return depth === '1'
      ? itself +
          present(place)
            .map(([name, resource]) => response(resourcePath(name, place), propstats([etag(resource)])))
            .join('')
      : itself;
  };

  const put = (
    path: string,
    body: string,
    headers: IncomingMessage['headers'],
  ): number | { status: number; body: string } => {
    const name = nameOf(path);
    const place = placeAt(path);
    const found = place.resources.get(name);
    const exists = found?.text !== undefined;
    if (headers['if-none-match'] === '*' && exists) return 412;
    if (headers['if-match'] !== undefined && (!exists || headers['if-match'] !== ways.etagOf(found.version)))
      return 412;
    if (!(headers['content-type'] ?? '').startsWith('text/calendar')) return 415;
    const sameUid = present(place).some(
      ([other, { text = '' }]) => other !== name && uidOf(text) === uidOf(body),
    );
    const hasUid = (other: Place) => present(other).some(([, { text = '' }]) => uidOf(text) === uidOf(body));
    const isElsewhere = hasUid(place === shared ? main : shared);
    if (sameUid || (!exists && ways.uidScope === 'account' && isElsewhere)) return ways.uidConflict;
    if (!exists && ways.trashConflict && hasUid(trash)) return ways.trashConflict;
    storeIn(place, name, body);
    return exists ? 204 : 201;
  };

  const remove = (path: string, headers: IncomingMessage['headers']): number => {
    const name = nameOf(path);
    const place = placeAt(path);
    const found = place.resources.get(name);
    if (found?.text === undefined) return 404;
    if (headers['if-match'] !== undefined && headers['if-match'] !== ways.etagOf(found.version)) return 412;
    storeIn(place, name, undefined);
    return 204;
  };

  const report = (path: string, body: string, depth: string | undefined): string | number => {
    if (body.includes('sync-collection')) {
      if (depth !== '0') complaints.push('sync-collection with a depth other than 0');
      const [, token = ''] = /sync-token>([^<]*)</.exec(body) ?? [];
      const since = [...Array(version + 1).keys()].find(
        (at) => ways.tokenOf(at) === token.replaceAll('&amp;', '&'),
      );
      if (token !== '' && since === undefined) return 403;
      return changes(since ?? 0, placeAt(path));
    }
    if (depth !== '1') complaints.push('a query with a depth other than 1');
    return body.includes('calendar-multiget') ? multiget(body, placeAt(path)) : query(body, placeAt(path));
  };

  const storeIn = ({ resources: stored }: Place, name: string, text: string | undefined): void => {
    version += 1;
    stored.set(name, { text, version });
  };

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await readText(incoming);
      const path = incoming.url ?? '/';
      const method = incoming.method ?? '';
      const [kind = method] = /calendar-multiget|calendar-query|sync-collection/.exec(body) ?? [];
      requests.push(kind);
      if (ways.intercept(incoming, outgoing, path)) return;
      if (incoming.headers.authorization !== basic) {
        outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="vendor"' }).end();
        return;
      }
      if (path === '/.well-known/caldav') {
        outgoing.writeHead(301, { location: '/dav/' }).end();
        return;
      }
      const depth = typeof incoming.headers.depth === 'string' ? incoming.headers.depth : undefined;
      const answer =
        method === 'PUT'
          ? put(path, body, incoming.headers)
          : method === 'DELETE'
            ? remove(path, incoming.headers)
            : method === 'REPORT'
              ? report(path, body, depth)
              : method === 'PROPFIND'
                ? propfind(path, depth)
                : 405;
      if (typeof answer === 'number') {
        outgoing.writeHead(answer).end();
        return;
      }
      if (typeof answer === 'object') {
        outgoing.writeHead(answer.status, { 'content-type': ways.contentType }).end(answer.body);
        return;
      }
      const own = ways.prefix === '' ? 'xmlns' : `xmlns:${ways.prefix}`;
      const spaces = ` ${own}="DAV:" xmlns:cal="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"`;
      const xml = Buffer.from(ways.preamble + tag('multistatus', answer || ' ', spaces), ways.encoding);
      outgoing.writeHead(207, {
        'content-type': ways.contentType,
        ...(ways.isCompressed ? { 'content-encoding': 'gzip' } : {}),
      });
      outgoing.end(ways.isCompressed ? gzipSync(xml) : xml);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const url = `http://127.0.0.1:${port}`;
  const vendor: VendorCaldav = {
    url,
    calendarId: `${url}${calendarPath}`,
    sharedCalendarId: `${url}${otherPaths.shared}`,
    store: (name, text) => storeIn(main, name, text),
    storeElsewhere: (place, name, text) => storeIn(place === 'shared' ? shared : trash, name, text),
    textsElsewhere: (place) => present(place === 'shared' ? shared : trash).map(([, { text = '' }]) => text),
    texts: () => present().map(([, { text = '' }]) => text),
    requests,
    complaints,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return vendor;
};
