/** Tests servers of other vendors that refuse, redirect or interrupt requests. */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import { startVendorCaldav, type VendorWays } from '../../tests/harness/vendor-caldav.ts';
import { setUpVendorCaldav as setup, vendorEventId } from '../../tests/harness/vendor-caldav-bench.ts';

/** What Nextcloud answers: it names no precondition (https://github.com/nextcloud/server/issues/30096). */
const sabreError = (exception: string, message: string) =>
  `<?xml version="1.0" encoding="utf-8"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\\DAV\\Exception\\${exception}</s:exception><s:message>${message}</s:message></d:error>`;

const invitation = calendarText(
  ...event(`UID:${vendorEventId}`, 'DTSTART:20261210T090000Z', 'DURATION:PT1H', 'SUMMARY:Invitation'),
);

describe('a calendar that has our UID under another name', () => {
  it.each([
    ['409 and the precondition', {}],
    [
      '400 and a message',
      {
        uidConflict: {
          status: 400,
          body: sabreError(
            'BadRequest',
            'Calendar object with uid already exists in this calendar collection.',
          ),
        },
      },
    ],
    ['412 without a reason', { uidConflict: { status: 412, body: '' } }],
  ] as const satisfies readonly (readonly [string, Partial<VendorWays>])[])(
    'gets the change of that event when the server refuses another one with %s',
    async (_what, ways) => {
      const { server, write } = await setup(ways);
      server.store('accepted-by-email.ics', invitation);
      await write(1);
      expect(server.texts()).toHaveLength(1);
      expect(server.texts()[0]).toContain('X-CASTMATCH-REVISION:1');
    },
  );
});

describe('a server that permits a UID once in an account, and refuses another one with 412 and no reason', () => {
  const once = { uidScope: 'account', uidConflict: { status: 412, body: '' } } as const;

  it('leads to a conflict that names the cause when the event is in another calendar', async () => {
    const { server, write } = await setup(once);
    server.storeElsewhere('shared', `${vendorEventId}.ics`, invitation);
    await expect(write(1)).rejects.toMatchObject({
      fault: { kind: 'conflict' },
      vendor: { code: 'no-uid-conflict', status: 412 },
    });
    expect(server.textsElsewhere('shared')).toEqual([invitation]);
    expect(server.requests.filter((kind) => kind === 'PUT')).toHaveLength(2);
  });

  it('leads to the same conflict when the event has another name there', async () => {
    const { server, write } = await setup(once);
    server.storeElsewhere('shared', 'moved-by-hand.ics', invitation);
    await expect(write(1)).rejects.toMatchObject({ vendor: { code: 'no-uid-conflict' } });
  });

  it('is tried again later when no calendar of the account has the event', async () => {
    const { server, write } = await setup({
      intercept: (request, response) => {
        if (request.method !== 'PUT') return false;
        response.writeHead(412).end();
        return true;
      },
    });
    server.storeElsewhere('shared', 'other.ics', invitation.replace(vendorEventId, 'other'));
    await expect(write(1)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
      vendor: { code: 'event_keeps_changing' },
    });
  });

  it('is not asked for other calendars because of refused changes', async () => {
    let refusals = 0;
    const { server, write } = await setup({
      intercept: (request, response) => {
        if (request.headers['if-match'] === undefined || refusals === 3) return false;
        refusals += 1;
        response.writeHead(412).end();
        return true;
      },
    });
    await write(1);
    server.requests.length = 0;
    await write(2);
    expect(server.texts()[0]).toContain('X-CASTMATCH-REVISION:2');
    expect(server.requests).not.toContain('PROPFIND');
  });
});

/** What Nextcloud 22 to 25 answers to a UID that is in its trash (https://github.com/nextcloud/server/issues/30096). */
const inTrash = {
  status: 400,
  body: sabreError(
    'BadRequest',
    'Deleted calendar object with uid already exists in this calendar collection.',
  ),
};
/** What later versions can answer: they move the event in the trash to another name, which can be taken. */
const trashNameTaken = {
  status: 403,
  body: sabreError(
    'Forbidden',
    "A calendar object with URI a-deleted-deleted.ics already exists in calendar 23, therefore this object can't be moved into the trashbin",
  ),
};
const deletedEvent = invitation.replace(
  'SUMMARY:',
  'X-CASTMATCH-REFERENCE:aud_0190c8a2-1111-7222-8333-444455556666\r\nSUMMARY:',
);
const emptyTheTrash = { fault: { kind: 'conflict' }, vendor: { code: 'uid_in_trash' } };

describe.each([
  ['400', inTrash],
  ['403', trashNameTaken],
] as const)('a server that refuses an event with %s whose UID is in the trash', (_status, trashConflict) => {
  it('gets the event after that of ours in the trash was deleted for good', async () => {
    const { server, write } = await setup({ trashConflict });
    server.storeElsewhere('trash', '17.ics', deletedEvent);
    server.storeElsewhere('trash', '18.ics', invitation.replace(vendorEventId, 'other'));
    expect(await write(1)).toMatchObject({ overwrote: undefined });
    expect(server.texts()[0]).toContain('X-CASTMATCH-REVISION:1');
    expect(server.textsElsewhere('trash')).toEqual([invitation.replace(vendorEventId, 'other')]);
  });

  it('says that the trash must be emptied when the account cannot delete in it', async () => {
    const { server, write } = await setup({
      trashConflict,
      intercept: (request, response) => {
        if (request.method !== 'DELETE') return false;
        response.writeHead(403).end();
        return true;
      },
    });
    server.storeElsewhere('trash', '17.ics', deletedEvent);
    await expect(write(1)).rejects.toMatchObject(emptyTheTrash);
    await expect(write(1)).rejects.toThrow(/trash/);
  });

  it('says so when the trash is of another account, which shares the calendar', async () => {
    const { server, write } = await setup({
      intercept: (request, response, path) => {
        if (request.method === 'PUT') {
          response
            .writeHead(trashConflict.status, { 'content-type': 'application/xml; charset=utf-8' })
            .end(trashConflict.body);
          return true;
        }
        if (!path.includes('/trashbin/')) return false;
        response.writeHead(404).end();
        return true;
      },
    });
    await expect(write(1)).rejects.toMatchObject(emptyTheTrash);
    expect(server.requests.filter((kind) => kind === 'PUT')).toHaveLength(1);
  });

  it('keeps the event of another program in the trash', async () => {
    const foreign = deletedEvent.replace('aud_0190c8a2', 'aud_99999999');
    const { server, write } = await setup({ trashConflict });
    server.storeElsewhere('trash', '17.ics', foreign);
    await expect(write(1)).rejects.toMatchObject(emptyTheTrash);
    expect(server.textsElsewhere('trash')).toEqual([foreign]);
  });

  it('is asked again later when the trash cannot be read now', async () => {
    const { server, write } = await setup({
      trashConflict,
      intercept: (request, response, path) => {
        if (request.method !== 'REPORT' || !path.includes('/trashbin/')) return false;
        response.writeHead(503).end();
        return true;
      },
    });
    server.storeElsewhere('trash', '17.ics', deletedEvent);
    await expect(write(1)).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });
});

describe('a server with a trash', () => {
  it('deletes an event whose name is in the trash already', async () => {
    const deletions: (string | string[] | undefined)[] = [];
    const { server, write, remove } = await setup({
      intercept: (request, response) => {
        if (request.method !== 'DELETE') return false;
        deletions.push(request.headers['x-nc-caldav-no-trashbin']);
        if (request.headers['x-nc-caldav-no-trashbin'] === '1') return false;
        response
          .writeHead(403, { 'content-type': 'application/xml; charset=utf-8' })
          .end(
            sabreError(
              'Forbidden',
              "A calendar object with URI a-deleted.ics already exists in calendar 23, therefore this object can't be moved into the trashbin",
            ),
          );
        return true;
      },
    });
    await write(1);
    expect(await remove(1)).toBe('deleted');
    expect(server.texts()).toEqual([]);
    expect(deletions).toEqual([undefined, '1']);
  });

  it('keeps an event that the account may not delete', async () => {
    const { server, write, remove } = await setup({
      intercept: (request, response) => {
        if (request.method !== 'DELETE') return false;
        response.writeHead(403).end();
        return true;
      },
    });
    await write(1);
    await expect(remove(1)).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
    expect(server.requests.filter((kind) => kind === 'DELETE')).toHaveLength(1);
  });
});

/** Redirects the requests for a path to another origin, or to another path. */
const redirecting =
  (
    status: number,
    isRedirected: (path: string) => boolean,
    location: (path: string) => string,
  ): VendorWays['intercept'] =>
  (_request, response, path) => {
    if (!isRedirected(path)) return false;
    response.writeHead(status, { location: location(path) }).end();
    return true;
  };

describe.each([301, 302, 307, 308])('a server that redirects with %i', (status) => {
  it('from its principal is connected, and its calendars are listed', async () => {
    const { connect, calendars } = await setup({
      intercept: redirecting(
        status,
        (path) => path.startsWith('/principals/') && !path.includes('?'),
        (path) => `${path}?moved`,
      ),
    });
    await connect();
    expect(await calendars()).toHaveLength(2);
  });

  it('to another host is connected, and its calendars are listed there', async () => {
    const other = await startVendorCaldav();
    const { connect, calendars } = await setup({
      intercept: (request, response, path) => {
        const isRoot = path === '/' || path === '/dav/' || path === '/.well-known/caldav';
        if (isRoot) response.writeHead(status, { location: `${other.url}/dav/` }).end();
        else if (request.method === 'PROPFIND') response.writeHead(404).end();
        return isRoot || request.method === 'PROPFIND';
      },
    });
    const { account } = await connect();
    expect(account.id.startsWith(other.url)).toBe(true);
    const listed = await calendars();
    await other.close();
    expect(listed.map(({ calendarId }) => calendarId.startsWith(other.url))).toEqual([true, true]);
  });
});

describe('a server that rejects the password', () => {
  it.each(['calendars', 'busy', 'write'] as const)(
    'is reported once when it is asked for %s',
    async (what) => {
      const bench = await setup({
        intercept: (_request, response) => {
          response.writeHead(401, { 'www-authenticate': 'Basic realm="vendor"' }).end();
          return true;
        },
      });
      const asked = what === 'write' ? bench.write(1) : bench[what]();
      await expect(asked).rejects.toMatchObject({ fault: { kind: 'reconnect' }, vendor: { status: 401 } });
      expect(bench.rejections()).toBe(1);
    },
  );
});

describe('a server that names no principal', () => {
  const nameless: Pick<VendorWays, 'intercept'> = {
    intercept: (_request, response, path) => {
      response
        .writeHead(207, { 'content-type': 'text/xml' })
        .end(
          `<multistatus xmlns="DAV:"><response><href>${path}</href><propstat><prop><current-user-principal><unauthenticated/></current-user-principal></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
        );
      return true;
    },
  };

  it('has no calendars of the account', async () => {
    const { connect, calendars } = await setup(nameless);
    const refusal = { vendor: { code: 'no_calendar_server' }, fault: { kind: 'rejected_input' } };
    await expect(connect()).rejects.toMatchObject(refusal);
    await expect(calendars()).rejects.toMatchObject(refusal);
  });
});

describe('a server that cannot answer now', () => {
  it.each([
    [503, '30', { kind: 'outage', delayMs: 30_000 }],
    [429, '30', { kind: 'retry_after', delayMs: 30_000 }],
    [423, undefined, { kind: 'retry' }],
    [502, undefined, { kind: 'outage' }],
  ] as const)('with %i and Retry-After %s is asked again later', async (status, retryAfter, fault) => {
    const unavailable: Pick<VendorWays, 'intercept'> = {
      intercept: (_request, response) => {
        response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
        return true;
      },
    };
    const { calendars, busy, write, list } = await setup(unavailable);
    await expect(busy()).rejects.toMatchObject({ fault });
    await expect(write(1)).rejects.toMatchObject({ fault });
    await expect(list({ kind: 'all', since: '2026-11-30T00:00:00.000Z' })).rejects.toMatchObject({ fault });
    await expect(calendars()).rejects.toMatchObject({ fault });
  });
});

// RFC 4331, section 6, and RFC 4918, section 11.5: the request must not be repeated before the owner has made room.
describe('an account without room for another event', () => {
  const quota = '<d:error xmlns:d="DAV:"><d:quota-not-exceeded/></d:error>';
  it.each([
    [507, ''],
    [507, quota],
    [403, quota],
  ])('does not permit the write when it answers %i %s, and is read as before', async (status, body) => {
    const { write, busy } = await setup({
      intercept: (request, response) => {
        if (request.method !== 'PUT') return false;
        response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
        return true;
      },
    });
    await expect(write(1)).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code: 'storage_full', status },
    });
    expect(await busy()).toEqual([]);
  });
});
