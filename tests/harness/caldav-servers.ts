/**
 * Starts real CalDAV servers for tests. Tests are skipped when a server is not installed.
 *
 * - `radicale`, `xandikos`: two independent programs from PyPI. `CALDAV_PYTHON` names an interpreter that has them; the
 *   default is `python3`.
 * - `go-webdav`: a server with this Go library. `CALDAV_GO_SERVER` names it, as `go build` makes it in `tests/harness/go-caldav`.
 * - `cyrus`, `davical`: two servers from Debian (`cyrus-server.ts`, `davical-server.ts`), with automatic scheduling (RFC 6638).
 * - `CALDAV_URL`: the server at this address, whatever it is (`caldav-address.ts`).
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { request as requestWithTls } from 'node:https';
import { namedServer } from './caldav-address.ts';
import { type CaldavProgram, goWebdav, radicale, xandikos } from './caldav-programs.ts';
import { caldavUser } from './caldav-user.ts';
import { cyrus } from './cyrus-server.ts';
import { davical } from './davical-server.ts';
import { findFreePort } from './free-port.ts';

export interface CaldavServer {
  readonly name: string;
  readonly url: string;
  /** Creates an empty calendar and returns the URL of its collection. */
  createCalendar(name: string, properties?: string): Promise<string>;
  /** Sends a request as the user's own calendar program does. */
  send(method: string, url: string, body?: string, headers?: Record<string, string>): Promise<Response>;
  /** Returns the texts of the resources in a calendar. */
  resources(calendarUrl: string): Promise<readonly { readonly url: string; readonly text: string }[]>;
  close(): Promise<void>;
}

const programs = {
  radicale,
  xandikos,
  'go-webdav': goWebdav,
  cyrus,
  davical,
  CALDAV_URL: namedServer,
} as const satisfies Readonly<Record<string, CaldavProgram>>;

export type CaldavServerName = keyof typeof programs;

/** The servers that all tests of a calendar run with. */
export const caldavServerNames = [
  'radicale',
  'xandikos',
  'go-webdav',
  'cyrus',
  'davical',
  'CALDAV_URL',
] as const satisfies readonly CaldavServerName[];

/** Returns whether the server is installed. */
export const hasCaldavServer = (name: CaldavServerName): boolean => programs[name].isInstalled();

/** Starts a server with one user and no calendars. */
export const startCaldavServer = async (name: CaldavServerName): Promise<CaldavServer> => {
  const { url, home, close } = await programs[name].start();
  const created: string[] = [];
  const suffix = name === 'CALDAV_URL' ? `-${randomBytes(4).toString('hex')}` : '';
  const basic = Buffer.from(`${caldavUser.username}:${caldavUser.password}`).toString('base64');
  const send: CaldavServer['send'] = async (method, target, body, headers = {}) =>
    fetch(target, {
      method,
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/xml', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  return {
    name,
    url,
    send,
    createCalendar: async (calendar, properties = '') => {
      const target = `${url}${home}${calendar}${suffix}/`;
      const answer = await send(
        'MKCALENDAR',
        target,
        `<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>${calendar}</d:displayname>${properties}</d:prop></d:set></c:mkcalendar>`,
      );
      if (answer.status !== 201) throw new Error(`${name} did not create the calendar: ${answer.status}`);
      created.push(target);
      return target;
    },
    resources: async (calendarUrl) => {
      const listing = await send(
        'PROPFIND',
        calendarUrl,
        '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>',
        { depth: '1' },
      );
      const hrefs = [...(await listing.text()).matchAll(/<(?:\w+:)?href>([^<]+\.ics)</g)].map(
        ([, href]) => href ?? '',
      );
      return Promise.all(
        hrefs.map(async (href) => {
          const resource = new URL(href, calendarUrl).href;
          return { url: resource, text: await (await send('GET', resource)).text() };
        }),
      );
    },
    close: async () => {
      // Those of a server that goes on.
      if (name === 'CALDAV_URL') for (const target of created) await send('DELETE', target);
      await close();
    },
  };
};

type Intercept = (
  incoming: IncomingMessage,
  response: ServerResponse,
  pass: () => Promise<void>,
) => Promise<void> | void;

/** A proxy in front of a server, which a test can make fail. */
export interface FaultyProxy {
  readonly url: string;
  /** Replaces what happens to each request; undefined passes all of them on. */
  intercept: Intercept | undefined;
  readonly requests: string[];
  close(): Promise<void>;
}

/** Starts a proxy. */
export const startFaultyProxy = async (target: string): Promise<FaultyProxy> => {
  const server = createServer((incoming, response) => {
    proxy.requests.push(`${incoming.method} ${incoming.url}`);
    const pass = () =>
      new Promise<void>((resolve, reject) => {
        const send = target.startsWith('https:') ? requestWithTls : request;
        const forwarded = send(
          new URL(incoming.url ?? '/', target),
          { method: incoming.method, headers: { ...incoming.headers, host: new URL(target).host } },
          (answer) => {
            if (!response.destroyed) {
              response.writeHead(answer.statusCode ?? 502, answer.headers);
              answer.pipe(response);
            } else answer.resume();
            answer.on('end', resolve);
          },
        );
        forwarded.on('error', reject);
        incoming.pipe(forwarded);
      });
    void (async () => (proxy.intercept ? proxy.intercept(incoming, response, pass) : pass()))().catch(() =>
      response.destroy(),
    );
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${port}`,
    intercept: undefined,
    requests: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
};
