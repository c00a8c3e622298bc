/** Runs the commands of README.md against a sandbox that has what they name: an account's events, meetings and rooms. */
import { createServer } from 'node:http';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { documentedBlocks } from '../../tests/harness/documented-commands.ts';
import { findFreePort } from '../../tests/harness/free-port.ts';
import { connectToSandbox, eventBody } from '../../tests/harness/google-sandbox.ts';
import { startGraphSandbox } from '../../tests/harness/graph-sandbox.ts';

const documentOfSandbox = 'infra/sandbox/README.md';

const entity = z.object({ id: z.coerce.string() });
const zoomToken = z.object({ access_token: z.string() });

/** Creates a meeting at Zoom, and returns its number. */
const createZoomMeeting = async (url: string): Promise<string> => {
  const granted = await fetch(
    `${url}/oauth/token?grant_type=account_credentials&account_id=sandbox-account`,
    {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
    },
  );
  const { access_token: token } = zoomToken.parse(await granted.json());
  const created = await fetch(`${url}/v2/users/me/meetings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ topic: 'Audition', type: 2, start_time: '2099-12-01T09:00:00Z', duration: 30 }),
  });
  return entity.parse(await created.json()).id;
};

/** Creates an event with a Meet conference and a room. Returns the codes that the commands need. */
const createGoogleEvent = async (url: string) => {
  const { calendar } = connectToSandbox(url, 'ann@example.com');
  const { data } = await calendar.events.insert({
    calendarId: 'primary',
    conferenceDataVersion: 1,
    requestBody: {
      ...eventBody('audition1'),
      attendees: [{ email: 'studio2@resource.calendar.google.com', resource: true }],
      conferenceData: {
        createRequest: { requestId: 'one', conferenceSolutionKey: { type: 'hangoutsMeet' } },
      },
    },
  });
  return { event: data.id ?? '', meeting: data.conferenceData?.conferenceId ?? '' };
};

/** Adds the room that the document adds later, so that the event can invite it. */
const addGoogleRoom = async (url: string): Promise<void> => {
  await fetch(`${url}/sandbox/google/rooms`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: 'studio2@resource.calendar.google.com',
      name: 'Studio 2',
      answers: 'manual',
    }),
  });
};

/** Receives the texts from phones in place of the API. */
const startReceiver = async (): Promise<string> => {
  const port = await findFreePort();
  const server = createServer((_request, response) => response.end()).listen(port, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${port}`;
};

type GraphSandbox = Awaited<ReturnType<typeof startGraphSandbox>>;

const time = (hour: string) => ({ dateTime: `2026-12-01T${hour}:00:00`, timeZone: 'UTC' });

/** Creates what the commands name. Returns a function that puts the names of these things into a command. */
const prepare = async ({ url, call }: GraphSandbox): Promise<(command: string) => string> => {
  await addGoogleRoom(url);
  const google = await createGoogleEvent(url);
  const times = { startDateTime: '2026-12-01T09:00:00Z', endDateTime: '2026-12-01T09:30:00Z' };
  const teams = z
    .object({ id: z.string(), joinWebUrl: z.string() })
    .parse((await call('POST', '/onlineMeetings/createOrGet', { externalId: 'one', ...times })).body);
  const outlook = entity.parse(
    (await call('POST', '/calendar/events', { subject: 'Audition', start: time('09'), end: time('10') }))
      .body,
  );
  const zoom = await createZoomMeeting(url);
  return (command) =>
    command
      .replaceAll('localhost:4010', url)
      .replaceAll('81234567890', zoom)
      .replaceAll('abc-defg-hij', google.meeting)
      .replaceAll('"eventId":"…"', `"eventId":"${google.event}"`)
      .replaceAll('https://teams.microsoft.com/l/meetup-join/…', teams.joinWebUrl)
      .replaceAll('MSo…', teams.id)
      .replaceAll(/<eventId>|AAkALg…/g, outlook.id);
};

/** An answer of the sandbox with an error fails the command. */
const prelude = 'set -eo pipefail\ncurl() { command curl --silent --fail-with-body "$@"; }\n';

const blocks = documentedBlocks().filter(
  ({ document, notRunBecause }) => document === documentOfSandbox && notRunBecause === undefined,
);

it.each(blocks)('the commands of the sandbox run, from line $line', async ({ commands }) => {
  const env = { CASTMATCH_API_URL: await startReceiver() };
  let filled = await prepare(await startGraphSandbox());
  const failures: string[] = [];
  for (const command of commands) {
    const { exitCode, all } = await execa('bash', ['-c', prelude + filled(command)], {
      env,
      reject: false,
      all: true,
    });
    // What the later commands name is gone, as are all tokens.
    if (command.includes('/sandbox/reset')) filled = await prepare(await startGraphSandbox());
    if (exitCode !== 0) failures.push(`${command}\n${all}`);
  }
  expect(failures).toEqual([]);
});
