/** Tests the page on which the owner of an account chooses calendars. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarListing } from '../../../../domain/calendars/calendar-listing.ts';
import { ProviderError } from '../../../../domain/errors.ts';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { ListCalendars } from '../../../dependencies.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** An optional scope of the fake provider. */
const scope = 'calendar.names';

const setup = async (list?: ListCalendars) => {
  const listed: CalendarListing[] = [
    { calendarId: 'primary', name: 'Ann', isMain: true, isWritable: true },
    { calendarId: 'work', name: 'Work', isMain: false, isWritable: true },
    { calendarId: 'family', name: '<i>Family</i>', isMain: false, isWritable: false },
  ];
  const listCalendars: ListCalendars =
    list ?? (async () => ({ kind: 'listed', provider: 'google', calendars: [...listed] }));
  const test = await setUpConnectionFlow(database, { listCalendars });
  const link = await test.linkFrom('/v1/connections/page?owner=ann');
  await test.connect('ann@example.com', link);
  const { id } = await test.only();
  const address = `${link}/calendars/${id}`;
  const choice = () => test.repositories.connections.getChoice(test.organization, id);
  return { ...test, link, id, address, listed, choice };
};

describe('the page of calendars', () => {
  it('is offered on the card of a connected account, which shows the choice', async () => {
    const { person, link, address, repositories, organization, id } = await setup();
    const page = await person.open(link);
    expect(page.text).toContain(`href="${address}"`);
    expect(page.text).toContain('your main calendar');
    await repositories.connections.putChoice(organization, id, {
      written: { calendarId: 'work', name: 'Work' },
      busy: [{ calendarId: 'family', name: 'Family' }],
    });
    expect((await person.open(link)).text).toContain('Work; also busy: Family');
  });

  it('lists the calendars by name, and only writable ones to be written', async () => {
    const { person, address } = await setup();
    const { status, text } = await person.open(address);
    expect(status).toBe(200);
    expect(text.match(/type="radio"[^>]*value="([^"]+)"/g)).toHaveLength(2);
    expect(text.match(/type="checkbox"/g)).toHaveLength(3);
    expect(text).toContain('&lt;i&gt;Family&lt;/i&gt; <small>(read only)</small>');
    expect(text).not.toContain('<script');
  });

  it('saves the choice, records the owner, and shows it afterwards', async () => {
    const { person, address, link, choice, repositories, organization } = await setup();
    const answer = await person.submit(
      await person.open(address),
      { to: '/calendars' },
      { written: 'work', busy: ['family', 'primary'] },
    );
    expect(answer).toMatchObject({
      status: 303,
      redirectsTo: `${link}?done=calendarsChosen&provider=google`,
    });
    expect((await person.open(answer.redirectsTo ?? '')).text).toContain(
      'Your choice of calendars is saved.',
    );
    expect(await choice()).toEqual({
      written: { calendarId: 'work', name: 'Work' },
      busy: [
        { calendarId: 'family', name: '<i>Family</i>' },
        { calendarId: 'primary', name: 'Ann' },
      ],
    });
    expect((await person.open(address)).text).toMatch(/value="work" required checked/);
    const { items } = await repositories.administrativeActs.list(organization, { limit: 1 });
    expect(items).toMatchObject([{ act: 'connection.calendars_chosen', by: 'owner:ann', role: 'owner' }]);
  });

  it('saves one busy calendar, and none', async () => {
    const { person, address, choice } = await setup();
    const save = async (busy: string[]) =>
      person.submit(await person.open(address), { to: '/calendars' }, { written: 'primary', busy });
    await save(['family']);
    expect(await choice()).toMatchObject({ busy: [{ calendarId: 'family' }] });
    await save([]);
    expect(await choice()).toMatchObject({ busy: [] });
  });

  it('names a chosen calendar that is gone, and removes it when the choice is saved', async () => {
    const { person, address, listed, choice } = await setup();
    await person.submit(
      await person.open(address),
      { to: '/calendars' },
      { written: 'work', busy: ['family'] },
    );
    listed.splice(1, 2);
    const page = await person.open(address);
    expect(page.text).toContain('no longer available: Work');
    expect(page.text).toContain('No longer available: &lt;i&gt;Family&lt;/i&gt;');
    await person.submit(page, { to: '/calendars' }, { written: 'primary' });
    expect(await choice()).toMatchObject({ written: { calendarId: 'primary' } });
  });

  it('asks to choose again when the calendars have changed meanwhile', async () => {
    const { person, address, listed, choice } = await setup();
    const page = await person.open(address);
    listed.pop();
    const answer = await person.submit(page, { to: '/calendars' }, { written: 'work', busy: ['family'] });
    expect(answer).toMatchObject({ status: 422, text: expect.stringContaining('have changed') });
    expect(await choice()).toBeUndefined();
  });

  it('refuses more than 20 busy calendars', async () => {
    const { person, address, listed, choice } = await setup();
    const ids = Array.from({ length: 21 }, (_, index) => `c${index}`);
    listed.push(...ids.map((calendarId) => ({ calendarId, name: '', isMain: false, isWritable: false })));
    const answer = await person.submit(
      await person.open(address),
      { to: '/calendars' },
      { written: 'work', busy: ids },
    );
    expect(answer).toMatchObject({ status: 422, text: expect.stringContaining('at most 20') });
    expect(await choice()).toBeUndefined();
  });

  it('accepts its form only from the browser and the site in which it was opened', async () => {
    const { person, newPerson, address, choice } = await setup();
    const page = await person.open(address);
    const to = { to: '/calendars' };
    const filled = { written: 'work', busy: ['family'] };
    expect((await newPerson().submit(page, to, filled)).status).toBe(403);
    expect((await person.submit(page, to, filled, { origin: 'https://evil.example' })).status).toBe(403);
    expect(await choice()).toBeUndefined();
  });

  it('shows and changes no account of another owner or organization', async () => {
    const { person, id, linkFrom, choice, link } = await setup();
    const foreign = await linkFrom('/v1/connections/page?owner=bob');
    expect((await person.open(`${foreign}/calendars/${id}`)).status).toBe(404);
    const page = await person.open(`${link}/calendars/${id}`);
    const moved = { ...page, text: page.text.replaceAll(link, foreign) };
    expect((await person.submit(moved, { to: '/calendars' }, { written: 'work' })).status).toBe(403);
    expect(await choice()).toBeUndefined();
  });

  it('speaks French', async () => {
    const { call, address } = await setup();
    const { text } = await call('GET', new URL(address).pathname, {
      headers: { 'accept-language': 'fr' },
    });
    expect(text).toContain('Les auditions sont inscrites dans');
  });
});

describe('the page of calendars that cannot be listed', () => {
  it('lets the owner consent to the list, and keeps the other scopes', async () => {
    const { person, address, authorizers } = await setup(async () => ({
      kind: 'scope_missing',
      scopes: [scope],
    }));
    const page = await person.open(address);
    expect(page.text).toContain('You have not allowed us to see the names of your calendars at Google');
    await person.submit(page, { to: '/connect' });
    expect(authorizers.lastAuthorizationRequest()).toMatchObject({
      scopes: expect.arrayContaining(['openid', 'calendar.events', scope]),
    });
  });

  it.each([
    [{ kind: 'reconnect' }, 200, 'no longer accepts our access'],
    [{ kind: 'outage', effect: 'none' }, 503, 'Please try again in a minute'],
  ] as const)('explains the fault %j', async (fault, status, text) => {
    const { person, address } = await setup(async () => {
      throw new ProviderError('google', 'calendar.listCalendars', fault, { message: 'no' });
    });
    expect(await person.open(address)).toMatchObject({ status, text: expect.stringContaining(text) });
  });
});
