/** Tests auditions of people whose calendar is only read: a feed at a secret address. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { ada, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { numbered, requested, trail } from '../../tests/harness/audition-trail.ts';
import { calendarAnswer, feedEvent, feedText, startFeedServer } from '../../tests/harness/feed-server.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const feed = await startFeedServer('Work');
  onTestFinished(feed.close);
  const grant = {
    account: { id: randomUUID(), name: 'Work (calendar.example.com)' },
    scopes: [],
    credential: { kind: 'feed_address', address: feed.address },
  } as const;
  const connected = await bench.repositories.connections.connect({
    organization: 'org_1',
    owner: undefined,
    provider: 'ics',
    grant,
  });
  if (connected.kind !== 'connected') throw new Error('the feed was not connected');
  const { id: connection } = connected;
  return {
    ...bench,
    feed,
    connection,
    findBusy: () =>
      bench.activities.findBusy({
        ...bench.about,
        provider: 'ics',
        connection,
        calendarIds: ['primary'],
        window: { from: slot.start, until: slot.end },
      }),
  };
};

const at = ['DTSTART:20310330T003000Z', 'DTEND:20310330T010000Z'];
const times = [{ start: '2031-03-30T00:30:00.000Z', end: '2031-03-30T01:00:00.000Z' }];

it('a feed blocks the times of its events', async () => {
  const { feed, findBusy } = await setup();
  feed.serve(calendarAnswer(feedText(...feedEvent('rehearsal', ...at))));
  expect(await findBusy()).toMatchObject(times);
});

it('a feed does not block the time of an audition with the invitation to it', async () => {
  const { feed, findBusy, auditionId } = await setup();
  feed.serve(calendarAnswer(feedText(...feedEvent(`${auditionId}@castmatch`, ...at))));
  expect(await findBusy()).toEqual([]);
});

it('a feed blocks time with an invitation to an audition that this service does not know', async () => {
  const { feed, findBusy } = await setup();
  feed.serve(calendarAnswer(feedText(...feedEvent(`aud_${randomUUID()}@castmatch`, ...at))));
  expect(await findBusy()).toMatchObject(times);
});

it('a feed that was reset marks its connection, and each read of the address is recorded', async () => {
  const { feed, findBusy, repositories, connection, pool } = await setup();
  feed.serve((response) => response.writeHead(404).end());
  await expect(findBusy()).rejects.toMatchObject({ type: 'reconnect' });
  expect(await repositories.connections.get('org_1', connection)).toMatchObject({
    status: 'needs_reauthorization',
    statusReason: 'grant_refused',
  });
  const { rows } = await pool.query('SELECT secret, purpose FROM credential_reads WHERE subject = $1', [
    connection,
  ]);
  expect(rows).toEqual([{ secret: 'feed_address', purpose: 'calendar.listEvents' }]);
});

it('a feed with the invitation to the audition keeps no first slot from its time', async () => {
  const { feed, activities, about, auditionId, connection } = await setup();
  const ours = ['DTSTART:20310401T070000Z', 'DTEND:20310401T080000Z'];
  const theirs = ['DTSTART:20310401T080000Z', 'DTEND:20310401T090000Z'];
  const claim = () =>
    activities.claimSlot({
      ...about,
      trail: numbered(trail([requested(auditionId, 'org_1'), { type: 'holding_started' }])),
      wish: {
        kind: 'window',
        earliest: '2031-04-01T07:00:00.000Z',
        latest: '2031-04-01T12:00:00.000Z',
        durationMinutes: 30,
        zone: 'Europe/Paris',
      },
      claim: 1,
      participants: [ada],
      calendars: [{ provider: 'ics', connection, calendarId: 'primary', isBusyOnly: true }],
      busy: [],
      reminders: [],
      heldAs: 3,
    });
  feed.serve(
    calendarAnswer(
      feedText(...feedEvent(`${auditionId}@castmatch`, ...ours), ...feedEvent('theirs', ...theirs)),
    ),
  );
  expect(await claim()).toMatchObject({ kind: 'held', slot: { start: '2031-04-01T07:00:00.000Z' } });
});

it('a feed with events of others only keeps a first slot from their times', async () => {
  const { feed, activities, about, auditionId, connection } = await setup();
  const theirs = ['DTSTART:20310402T070000Z', 'DTEND:20310402T090000Z'];
  feed.serve(calendarAnswer(feedText(...feedEvent('theirs', ...theirs))));
  const held = await activities.claimSlot({
    ...about,
    trail: numbered(trail([requested(auditionId, 'org_1'), { type: 'holding_started' }])),
    wish: {
      kind: 'window',
      earliest: '2031-04-02T07:00:00.000Z',
      latest: '2031-04-02T12:00:00.000Z',
      durationMinutes: 30,
      zone: 'Europe/Paris',
    },
    claim: 1,
    participants: [{ ...ada, id: participantIdSchema.parse(randomUUID()) }],
    calendars: [{ provider: 'ics', connection, calendarId: 'primary', isBusyOnly: true }],
    busy: [],
    reminders: [],
    heldAs: 3,
  });
  expect(held).toMatchObject({ kind: 'held', slot: { start: '2031-04-02T09:00:00.000Z' } });
});
