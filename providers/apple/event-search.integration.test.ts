/** Tests that an event of ours is found at servers that choose names of resources, and cannot find events by UID. */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import { ownEventId, setUpScriptedCaldav } from '../../tests/harness/scripted-caldav-bench.ts';

const setup = async (uidQueries: 'answered' | 'empty' | number, others = 0) => {
  const bench = await setUpScriptedCaldav();
  Object.assign(bench.server.ways, { renames: true, uidQueries });
  for (let n = 0; n < others; n += 1) {
    bench.server.store(`other-${n}`, calendarText(...event(`UID:other-${n}`, 'DTSTART:20261210T090000Z')));
  }
  /** The texts of the events with our UID. */
  const ours = () => bench.server.texts().filter((text) => text.includes(`UID:${ownEventId}\r\n`));
  return { ...bench, ours };
};

describe.each(['answered', 'empty', 400, 403, 501] as const)(
  'an event in a calendar whose server names resources, and answers queries by UID with %s',
  (uidQueries) => {
    it('is changed and deleted, and never doubled', async () => {
      const { write, remove, ours } = await setup(uidQueries, 250);
      await write(1);
      await write(1);
      await write(2);
      expect(ours()).toHaveLength(1);
      expect(ours()[0]).toContain('X-CASTMATCH-REVISION:2');
      expect(await remove(2)).toBe('deleted');
      expect(ours()).toEqual([]);
      expect(await remove(2)).toBe('absent');
    });

    it('is absent from an empty calendar', async () => {
      const { remove } = await setup(uidQueries);
      expect(await remove(1)).toBe('absent');
    });
  },
);

describe('an event that was deleted', () => {
  it('is looked for in no other resource when the server finds events by UID', async () => {
    const { remove, server } = await setup('answered', 250);
    expect(await remove(1)).toBe('absent');
    expect(server.sent.length).toBeLessThan(10);
  });
});

describe('an event whose resource the server omits from its answers', () => {
  it.each(['answered', 'empty', 501] as const)('is found by the name in a list: %s', async (uidQueries) => {
    const { server, write } = await setup(uidQueries, 3);
    Object.assign(server.ways, { renames: false, hrefs: 'escaped', knowsOwnHrefsOnly: true });
    await write(1, { eventId: 'a1-b2' });
    await write(2, { eventId: 'a1-b2' });
    expect(server.text('a1-b2')).toContain('X-CASTMATCH-REVISION:2');
  });
});
