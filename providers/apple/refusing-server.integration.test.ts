/** Tests servers that refuse writes, or answer for a calendar that does not exist, in ways of their own: Cyrus and DAViCal. */
import { describe, expect, it } from 'vitest';
import {
  listedSince,
  ownEventId,
  setUpScriptedCaldav as setup,
} from '../../tests/harness/scripted-caldav-bench.ts';

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

describe('a calendar whose server refuses a write, and then the password', () => {
  it('must be connected again', async () => {
    const { server, write } = await setup();
    server.ways.admits = (request, response) => {
      response.writeHead(request.method === 'PUT' ? 403 : 401).end();
      return false;
    };
    await expect(write(1)).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
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

/**
 * @param knows whether the server answers a free/busy query for the path
 * @param statuses of a free/busy query for another path, and of a request to describe the calendar
 */
const setUpDenying = async (
  knows: (path: string) => boolean,
  { unknown = 404, described = 404 }: { readonly unknown?: number; readonly described?: number } = {},
) => {
  const bench = await setup();
  let isListed = false;
  bench.server.access = 'gone';
  bench.server.ways.admits = (request, response) => {
    // The events are denied, or cannot be found.
    const isQuery = request.method === 'REPORT' && isListed;
    if (!isQuery && !isListed) {
      isListed = true;
      response.writeHead(404).end();
    } else if (!isQuery) response.writeHead(described).end();
    else if (!knows(request.url ?? '')) response.writeHead(unknown).end();
    else response.writeHead(200, { 'content-type': 'text/calendar' }).end(noTimes);
    return false;
  };
  return bench;
};

const isCalendar = (path: string) => path === '/calendar/';

describe('a calendar that its server denies, and answers a free/busy query for', () => {
  // DAViCal 1.1.
  it('does not exist when the server answers the query for any address', async () => {
    const { freeBusy } = await setUpDenying(() => true);
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });

  it('is free when the server answers for no other address', async () => {
    const { freeBusy } = await setUpDenying(isCalendar);
    expect(await freeBusy()).toEqual([]);
  });

  it.each([500, 503])('is free when the server answers %i for every other address', async (unknown) => {
    const { freeBusy } = await setUpDenying(isCalendar, { unknown });
    expect(await freeBusy()).toEqual([]);
  });

  it.each([500, 503])(
    'is free when the server fails to describe it with %i, and denies others',
    async (described) => {
      const { freeBusy } = await setUpDenying(isCalendar, { described });
      expect(await freeBusy()).toEqual([]);
    },
  );

  it('is not free when the server fails to describe it, and answers for any address', async () => {
    const { freeBusy } = await setUpDenying(() => true, { described: 503 });
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });

  it.each([{ described: 401 }, { unknown: 401 }])(
    'is not free when the password is rejected: %o',
    async (statuses) => {
      const { freeBusy } = await setUpDenying(isCalendar, statuses);
      await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    },
  );
});

describe('a CalDAV server that answers 405 to each reading', () => {
  it('cannot be read, and is not asked for busy times', async () => {
    const { server, freeBusy, listPage } = await setup();
    const requests: string[] = [];
    server.ways.admits = (request, response) => {
      requests.push(request.method ?? '');
      response.writeHead(405).end();
      return false;
    };
    const refusal = { fault: { kind: 'rejected_input' }, vendor: { status: 405 } };
    await expect(freeBusy()).rejects.toMatchObject(refusal);
    expect(requests).toEqual(['REPORT']);
    await expect(listPage({ kind: 'all', since: listedSince })).rejects.toMatchObject(refusal);
  });
});
