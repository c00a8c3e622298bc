/** Tests servers that refuse writes, or answer for a calendar that does not exist, in ways of their own: Cyrus and DAViCal. */
import { describe, expect, it } from 'vitest';
import { ownEventId, setUpScriptedCaldav as setup } from '../../tests/harness/scripted-caldav-bench.ts';

describe.each([
  [409, 'no-uid-conflict'],
  [403, 'no-uid-conflict'],
  // Cyrus IMAP 3.6.
  [403, 'unique-scheduling-object-resource'],
] as const)('a CalDAV server that refuses a known UID with %i and %s', (...uidConflict) => {
  it('leads to a conflict that names the cause when the event is in another calendar', async () => {
    const { server, write } = await setup();
    server.ways.uidConflict = uidConflict;
    server.uidsElsewhere.add(ownEventId);
    await expect(write(1)).rejects.toMatchObject({
      fault: { kind: 'conflict' },
      vendor: { code: 'no-uid-conflict', status: uidConflict[0] },
    });
  });

  it('gets the change of an event that it has stored under another name', async () => {
    const { server, write } = await setup();
    server.ways.uidConflict = uidConflict;
    server.ways.renames = true;
    await write(1);
    await write(2);
    expect(server.texts()).toHaveLength(1);
    expect(server.texts()[0]).toContain('X-CASTMATCH-REVISION:2');
  });
});

// RFC 4918, section 9.7.1, demands 409. Cyrus IMAP 3.6 answers 403, and DAViCal 1.1 405.
describe.each([404, 409, 403, 405])('a CalDAV server that answers %i to a write', (status) => {
  it('is reported as the loss of a calendar that was deleted', async () => {
    const { server, write } = await setup();
    server.access = 'gone';
    server.ways.writeToGone = status;
    await expect(write(1)).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});

describe.each([403, 405])('a calendar whose server answers %i to each write', (status) => {
  it('is not permitted to write', async () => {
    const { server, write } = await setup();
    server.ways.admits = (request, response) => {
      if (request.method !== 'PUT') return true;
      response.writeHead(status).end();
      return false;
    };
    await expect(write(1)).rejects.toMatchObject({ fault: { kind: 'not_permitted' }, vendor: { status } });
  });
});

describe('a CalDAV server that finds no events in a calendar that does not exist', () => {
  it('is not believed that the calendar is free', async () => {
    const { server, freeBusy } = await setup();
    expect(await freeBusy()).toEqual([]);
    server.access = 'gone';
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});

const noTimes = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n';

/** @param knows whether the server answers a free/busy query for the path */
const setUpDenying = async (knows: (path: string) => boolean) => {
  const bench = await setup();
  bench.server.access = 'gone';
  bench.server.ways.admits = (request, response) => {
    if (request.method !== 'REPORT') return true;
    if (knows(request.url ?? '')) response.writeHead(200, { 'content-type': 'text/calendar' }).end(noTimes);
    else response.writeHead(404).end();
    return false;
  };
  return bench;
};

describe('a calendar that its server denies, and answers a free/busy query for', () => {
  // DAViCal 1.1.
  it('does not exist when the server answers the query for any address', async () => {
    const { freeBusy } = await setUpDenying(() => true);
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });

  it('is free when the server answers for no other address', async () => {
    const { freeBusy } = await setUpDenying((path) => path === '/calendar/');
    expect(await freeBusy()).toEqual([]);
  });
});
