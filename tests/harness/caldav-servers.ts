/**
 * Starts real CalDAV servers for tests: Radicale and Xandikos, two independent programs from PyPI, and one with the Go library
 * go-webdav. `CALDAV_PYTHON` names an interpreter that has the first two; the default is `python3`. `CALDAV_GO_SERVER` names the
 * third, as `go build` makes it in `tests/harness/go-caldav`. Tests are skipped when a server is not installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { execa } from 'execa';
import getPort from 'get-port';
import { eventually } from './eventually.ts';

const python = env['CALDAV_PYTHON'] ?? 'python3';
const goServer = env['CALDAV_GO_SERVER'] ?? '';

export const caldavUser = { username: 'ann@example.com', password: 'sand-boxx-appl-pass' } as const;

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

interface Program {
  /** The command, and its first arguments. */
  readonly command: readonly [string, ...string[]];
  readonly isInstalled: () => boolean;
  /** Returns the other arguments. */
  readonly start: (folder: string, port: number) => Promise<readonly string[]>;
  /** The path in which calendars are created. */
  readonly home: string;
}

const ofPython = (module: string): Pick<Program, 'command' | 'isInstalled'> => ({
  command: [python, '-m', module],
  isInstalled: () => spawnSync(python, ['-c', `import ${module}`]).status === 0,
});

const programs = {
  radicale: {
    ...ofPython('radicale'),
    home: `/${caldavUser.username}/`,
    start: async (folder, port) => {
      const users = join(folder, 'users');
      await writeFile(users, `${caldavUser.username}:${caldavUser.password}\n`);
      const options = {
        'server-hosts': `127.0.0.1:${port}`,
        'auth-type': 'htpasswd',
        'auth-htpasswd-filename': users,
        'auth-htpasswd-encryption': 'plain',
        // Answers a wrong password without delay.
        'auth-delay': '0',
        'storage-filesystem-folder': join(folder, 'collections'),
      };
      return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    },
  },
  /** Has no passwords: it accepts every user. */
  xandikos: {
    ...ofPython('xandikos'),
    home: '/ann/calendars/',
    start: async (folder, port) => [
      'serve',
      '--listen-address',
      '127.0.0.1',
      '--port',
      String(port),
      '--directory',
      join(folder, 'dav'),
      '--current-user-principal',
      '/ann',
      '--autocreate',
      '--defaults',
    ],
  },
  /** Has neither `sync-collection` nor a CTag, and writes events again in its own form. */
  'go-webdav': {
    command: [goServer],
    isInstalled: () => goServer !== '' && existsSync(goServer),
    home: '/ann/calendars/',
    start: async (_folder, port) => [`127.0.0.1:${port}`, caldavUser.username, caldavUser.password],
  },
} as const satisfies Readonly<Record<string, Program>>;

export type CaldavProgram = keyof typeof programs;

/** Returns whether the server is installed. */
export const hasCaldavServer = (name: CaldavProgram): boolean => programs[name].isInstalled();

/** Starts a server with one user and no calendars. */
export const startCaldavServer = async (name: CaldavProgram): Promise<CaldavServer> => {
  const program: Program = programs[name];
  const folder = await mkdtemp(join(tmpdir(), `castmatch-${name}-`));
  const port = await getPort();
  const [command, ...first] = program.command;
  const child = execa(command, [...first, ...(await program.start(folder, port))], { reject: false });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await eventually(isUp, 20_000);
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
      const target = `${url}${program.home}${calendar}/`;
      const answer = await send(
        'MKCALENDAR',
        target,
        `<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>${calendar}</d:displayname>${properties}</d:prop></d:set></c:mkcalendar>`,
      );
      if (answer.status !== 201) throw new Error(`${name} did not create the calendar: ${answer.status}`);
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
      child.kill('SIGKILL');
      await child;
      await rm(folder, { recursive: true, force: true });
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
        const forwarded = request(
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
  const port = await getPort();
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
