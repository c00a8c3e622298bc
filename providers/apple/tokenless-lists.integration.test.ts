/** Tests the changes of calendars at servers whose list of changes names no state to continue from. */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import {
  setUpScriptedCaldav as setup,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';
import { storedEtags } from '../../tests/harness/stored-events.ts';

const single = (uid: string, ...lines: readonly string[]) =>
  calendarText(...event(`UID:${uid}`, 'DTSTART:20261210T090000Z', 'DURATION:PT1H', ...lines));
const named = (count: number) => Array.from({ length: count }, (_, n) => `event-${n}`);

describe.each(['missing', 'empty'] as const)(
  'a CalDAV server whose list of changes ends with a token that is %s',
  (way) => {
    /** Stores pages as the database does. */
    const setUpTokenless = async () => {
      const bench = await setup();
      bench.server.ways.nextTokens = way;
      const etags = new Map<string, string | undefined>();
      const stored = storedEtags(() => etags);
      const list = async (position: Parameters<typeof bench.list>[0]) => {
        const listed = await bench.list(position, undefined, stored);
        for (const { id, series = '', event: found } of listed.found) {
          if (found) etags.set(series, found.etag);
          else etags.delete(id);
        }
        return listed;
      };
      return { ...bench, list };
    };

    it('is compared by names and etags, and no change is missed or listed twice', async () => {
      const { server, list } = await setUpTokenless();
      for (const uid of ['kept', 'edited', 'deleted']) server.store(uid, single(uid));
      const first = await list({ kind: 'all', since });
      expect(first.ids).toEqual(['deleted', 'edited', 'kept']);
      server.store('edited', single('edited', 'SUMMARY:Other'));
      server.store('deleted', undefined);
      server.store('added', single('added'));
      const second = await list({ kind: 'changes', cursor: first.cursor });
      expect(second.ids).toEqual(['/deleted.ics', 'added', 'deleted', 'edited']);
      server.store('added', undefined);
      const third = await list({ kind: 'changes', cursor: second.cursor });
      expect(third.ids).toEqual(['/added.ics', 'added']);
      server.requests.length = 0;
      server.sent.length = 0;
      const fourth = await list({ kind: 'changes', cursor: third.cursor });
      expect(fourth.ids).toEqual([]);
      expect(server.sent).toEqual([]);
      // The server is not asked again for what it does not do.
      expect(server.requests).not.toContain('sync-collection');
    });

    it('is listed also when its query is cut off', async () => {
      const { server, list } = await setUpTokenless();
      for (const uid of named(4)) server.store(uid, single(uid));
      server.limit = 4;
      server.ways.refusesLongQueries = true;
      server.store('one-more', single('one-more'));
      await expect(list({ kind: 'all', since })).rejects.toMatchObject({
        vendor: { code: 'too_many_events' },
      });
      server.limit = 5;
      server.ways.refusesLongQueries = false;
      server.ways.timeQueries = 507;
      const all = await list({ kind: 'all', since });
      expect(all.ids).toHaveLength(5);
      server.store('one-more', undefined);
      server.ways.timeQueries = 'answered';
      expect((await list({ kind: 'changes', cursor: all.cursor })).ids).toEqual([
        '/one-more.ics',
        'one-more',
      ]);
    });
  },
);
