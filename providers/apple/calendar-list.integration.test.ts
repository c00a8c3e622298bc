/** Tests how the calendars of an account are found at servers that arrange them differently. */
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import { createCaldavCalendar } from './calendar.ts';

type Answers = Readonly<Record<string, string | number>>;

const found = (href: string, prop: string) =>
  `<response><href>${href}</href><propstat><prop>${prop}</prop><status>HTTP/1.1 200</status></propstat></response>`;
const calendar = (href: string, name: string, more = '') =>
  found(
    href,
    `<resourcetype><collection/><C:calendar/></resourcetype><displayname>${name}</displayname>${more}`,
  );
const privileges = (...names: readonly string[]) =>
  `<current-user-privilege-set>${names.map((name) => `<privilege><${name}/></privilege>`).join('')}</current-user-privilege-set>`;
const holds = (...names: readonly string[]) =>
  `<C:supported-calendar-component-set>${names.map((name) => `<C:comp name="${name}"/>`).join('')}</C:supported-calendar-component-set>`;
const principal = (...homes: readonly string[]) =>
  found(
    '/principals/ann%40home/',
    `<C:calendar-home-set>${homes.map((home) => `<href>${home}</href>`).join('')}</C:calendar-home-set>`,
  );

/** Lists the calendars of a server that answers each path so. */
const listAt = async (answers: Answers) => {
  const all: Answers = {
    '/': found('/', '<current-user-principal><href>/principals/ann@home/</href></current-user-principal>'),
    ...answers,
  };
  const server = createServer((request, response) => {
    const answer = all[decodeURIComponent(request.url ?? '')] ?? 404;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else {
      response
        .writeHead(207, { 'content-type': 'text/xml' })
        .end(`<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">${answer}</multistatus>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await dispatcher.destroy();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const provider = createCaldavCalendar(
    (home) => createGuardedFetch(dispatcher, home),
    () => {},
  );
  const list = await provider.calendarList.list(caldavAccount(url), [], callContext());
  return list.map(({ calendarId, ...rest }) => ({ ...rest, path: calendarId.replace(url, '') }));
};

describe('the calendars of a CalDAV account', () => {
  it('are those of all its homes', async () => {
    const list = await listAt({
      '/principals/ann@home/': principal('/homes/ann/', '/homes/team/', '/homes/gone/'),
      '/homes/ann/': `${found('/homes/ann/', '<resourcetype><collection/></resourcetype>')}${calendar('/homes/ann/work/', 'Work')}`,
      '/homes/team/': `${calendar('/homes/team/stage/', 'Stage', privileges('read'))}${calendar('/homes/ann/work/', 'Work')}`,
    });
    expect(list).toMatchObject([
      { path: '/homes/ann/work/', name: 'Work', isWritable: true },
      { path: '/homes/team/stage/', name: 'Stage', isWritable: false },
    ]);
  });

  it('are not listed without those of a home whose server fails', async () => {
    const list = listAt({
      '/principals/ann@home/': principal('/homes/ann/', '/homes/team/'),
      '/homes/ann/': calendar('/homes/ann/work/', 'Work'),
      '/homes/team/': 503,
    });
    await expect(list).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });

  it('are not found when no home can be read', async () => {
    const list = listAt({
      '/principals/ann@home/': principal('/homes/gone/', '/homes/denied/'),
      '/homes/denied/': 403,
    });
    await expect(list).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    await expect(listAt({ '/principals/ann@home/': principal() })).rejects.toMatchObject({
      vendor: { code: 'no_calendar_server' },
    });
  });

  it('are at the server of their home, whatever address it names', async () => {
    const list = await listAt({
      '/principals/ann@home/': principal('/homes/ann/'),
      '/homes/ann/': calendar('http://calendars.internal:8080/homes/ann/work/', 'Work'),
    });
    expect(list).toMatchObject([{ path: '/homes/ann/work/' }]);
  });

  it('hold events', async () => {
    const list = await listAt({
      '/principals/ann@home/': principal('/homes/ann/'),
      '/homes/ann/': [
        calendar('/homes/ann/tasks/', 'Tasks', holds('VTODO')),
        calendar(
          '/homes/ann/both/',
          'Both',
          `${holds('VTODO', 'VEVENT')}${privileges('read', 'write-content')}`,
        ),
        found('/homes/ann/inbox/', '<resourcetype><collection/><C:schedule-inbox/></resourcetype>'),
      ].join(''),
    });
    expect(list).toMatchObject([{ path: '/homes/ann/both/', isWritable: true }]);
  });
});
