/** Tests that one event of 2 MB hinders neither the other events of its calendar nor the process: at Google and in Outlook. */
import { memoryUsage } from 'node:process';
import { expect, it } from 'vitest';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const setupGoogle = useCalendarSync();
const setupOutlook = useOutlookSync();

const megabytes = 1_024 * 1_024;
const text = 'sides and notes '.repeat((2 * megabytes) / 16);
/** The text is received, decoded and parsed. It is read several times, and a collection can come late. */
const mostGrowthBytes = 200 * megabytes;
const mostMs = 10_000;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Gives the events of an answer long texts, as a vendor does that ignores which fields were requested. */
const withTexts =
  (texts: object, isEvent: (value: object) => boolean) =>
  (answer: unknown): unknown => {
    const rewrite = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(rewrite);
      if (!isObject(value)) return value;
      const fields = Object.fromEntries(Object.entries(value).map(([name, field]) => [name, rewrite(field)]));
      return isEvent(value) ? { ...fields, ...texts } : fields;
    };
    return rewrite(answer);
  };

const measured = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const [before, began] = [memoryUsage().rss, Date.now()];
  const result = await work();
  expect(Date.now() - began).toBeLessThan(mostMs);
  expect(memoryUsage().rss - before).toBeLessThan(mostGrowthBytes);
  return result;
};

it('an event of 2 MB at Google, be it of a person or ours, is synchronized with the others', async () => {
  const huge = new Set<string>();
  const bench = await setupGoogle({
    through: (sandboxUrl) =>
      startRewritingProxy(
        sandboxUrl,
        withTexts({ summary: text, description: text, location: text }, (value) =>
          huge.has(Object(value).id),
        ),
      ),
  });
  const { sync, write, person, stored, kinds, record, eventId, repositories, connection } = bench;
  await write(1, slot);
  await record({ type: 'confirmed' });
  huge.add(eventId).add(person.add('2031-05-01T08:00:00Z', '2031-05-01T09:00:00Z'));
  person.add('2031-05-02T08:00:00Z', '2031-05-02T09:00:00Z');
  const result = await measured(() => sync());
  expect(result).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 3 }] });
  expect(await stored()).toHaveLength(3);
  await person.move('2031-07-01T12:00:00Z', '2031-07-01T12:30:00Z');
  await measured(() => sync());
  expect(kinds()).toEqual(['moved']);
  expect(await repositories.connectionProblems.list([connection])).toEqual(new Map());
});

it('an event of 2 MB in Outlook, be it of a person or ours, is synchronized with the others', async () => {
  const huge = new Set<string>();
  const bench = await setupOutlook({}, (sandboxUrl) =>
    startRewritingProxy(
      sandboxUrl,
      withTexts({ subject: text, bodyPreview: text, body: { contentType: 'html', content: text } }, (value) =>
        huge.has(Object(value).id),
      ),
    ),
  );
  const { sync, hold, write, stored, sent, series, mailbox, repositories, connection } = bench;
  await hold(slotIn(10));
  const eventId = await write(slotIn(10));
  series(3);
  await sync();
  for (const { immutableId } of mailbox.shown()) huge.add(immutableId);
  bench.sandbox.control.expireDeltaLinks();
  const result = await measured(() => sync());
  expect(result).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync' }] });
  expect((await stored()).filter(({ isRemoved }) => !isRemoved)).toHaveLength(4);
  await mailbox.move(eventId, Date.parse(slotIn(11).start), Date.parse(slotIn(11).end));
  await measured(() => sync());
  expect(sent).toMatchObject([{ change: { kind: 'moved' } }]);
  expect(await repositories.connectionProblems.list([connection])).toEqual(new Map());
});
