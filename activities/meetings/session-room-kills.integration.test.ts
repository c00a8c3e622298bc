/**
 * Kills the worker before and after each call that leaves the process, in each step of a shared room, and runs the step again.
 * Afterwards the session has one meeting, and none after its last audition has left.
 */
import { describe, expect, it } from 'vitest';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, slotAt } from '../../tests/harness/casting-day.ts';
import { withCrashPoints } from '../../tests/harness/crash-points.ts';
import { crashAt } from '../../tests/harness/effect-harness.ts';

const benchFor = useActivityHarness();

/** A scenario is played for some dozens of points. */
const patience = 300_000;

/** More than any step has. */
const mostPoints = 120;

const setup = async () => {
  let crasher = crashAt(Number.POSITIVE_INFINITY);
  let crashed = false;
  const points: Pick<typeof crasher, 'around'> = {
    around:
      (call) =>
      async (...args) => {
        try {
          return await crasher.around(call)(...args);
        } catch (error) {
          crashed = crashed || (error instanceof Error && error.message.startsWith('crash point'));
          throw error;
        }
      },
  };
  const bench = await benchFor({
    // Each kill makes another meeting with the same host.
    sandbox: { zoom: { dailyLimit: 0 } },
    wrapRepositories: (repositories) => ({
      ...repositories,
      ledger: withCrashPoints(repositories.ledger, points),
      hostClaims: withCrashPoints(repositories.hostClaims, points),
      sessionRooms: withCrashPoints(repositories.sessionRooms, points),
    }),
    wrapProviders: (providers) => ({
      ...providers,
      meetings: { ...providers.meetings, zoom: withCrashPoints(providers.meetings.zoom, points) },
    }),
  });
  const block = await createBlock(bench);
  /** Runs the step, killed at this point. Returns whether it was killed. Runs it again as Temporal does, until it succeeds. */
  const killedAt = async <Result>(point: number, step: () => Promise<Result>) => {
    crashed = false;
    crasher = crashAt(point);
    const first = await step().then(
      (result) => ({ result }),
      () => undefined,
    );
    crasher = crashAt(Number.POSITIVE_INFINITY);
    const wasKilled = crashed;
    if (first) return { wasKilled, result: first.result };
    for (let attempt = 1; ; attempt += 1) {
      await bench.timePasses();
      try {
        return { wasKilled, result: await step() };
      } catch (error) {
        if (attempt === 6) throw error;
      }
    }
  };
  const ids = () => bench.state().zoom.meetings.map(({ id }) => String(id));
  return {
    ...bench,
    block,
    ten: slotAt(block, '10:00'),
    noon: slotAt(block, '12:00'),
    evening: slotAt(block, '18:00'),
    killedAt,
    ids,
  };
};

type Bench = Awaited<ReturnType<typeof setup>>;

/** Plays the scenario for each point, until the step has no such point. */
const atEachPoint = async (play: (point: number) => Promise<boolean>): Promise<number> => {
  for (let point = 1; point <= mostPoints; point += 1) {
    if (!(await play(point))) return point - 1;
  }
  throw new Error('the step never ends');
};

/** A session at 10:00 with two auditions that have no room yet. */
const session = async (bench: Bench) => {
  const block = await createBlock(bench);
  return {
    ten: slotAt(block, '10:00'),
    evening: slotAt(block, '18:00'),
    ada: auditionOf(bench),
    ben: auditionOf(bench),
  };
};

describe('a worker that is killed', () => {
  it(
    'while it creates the room leaves one meeting, which the next audition joins',
    async () => {
      const bench = await setup();
      const { killedAt, ids } = bench;
      const points = await atEachPoint(async (point) => {
        const { ten, ada, ben } = await session(bench);
        const { wasKilled, result } = await killedAt(point, () => ada.createAs(1, ten));
        expect(await ben.create(ten)).toEqual(result);
        expect(ids()).toEqual([result.id]);
        await ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]);
        await ben.leave(ten);
        expect(ids()).toEqual([]);
        return wasKilled;
      });
      expect(points).toBeGreaterThan(15);
    },
    patience,
  );

  it(
    'while it creates the room is followed by another audition, and by its own removal',
    async () => {
      const bench = await setup();
      const { ids, timePasses, killedAt } = bench;
      await atEachPoint(async (point) => {
        const { ten, ada, ben } = await session(bench);
        let runs = 0;
        const { wasKilled } = await killedAt(point, async () => {
          runs += 1;
          // The workflow is cancelled instead of trying again.
          if (runs === 1) await ada.createAs(1, ten);
        });
        await timePasses();
        const { result: room } = await killedAt(0, () => ben.createAs(1, ten));
        expect(ids()).toEqual([room.id]);
        await killedAt(0, () => ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]));
        expect(ids()).toEqual([room.id]);
        await killedAt(0, () => ben.leave(ten, [ben.keyOfMeeting('zoom', 1)]));
        expect(ids()).toEqual([]);
        return wasKilled;
      });
    },
    patience,
  );

  it(
    'while it joins and extends the room leaves one meeting with the longer time',
    async () => {
      const bench = await setup();
      const { killedAt, ids, state } = bench;
      await atEachPoint(async (point) => {
        const { ten, evening, ada, ben } = await session(bench);
        const room = await ada.createAs(1, ten);
        const { wasKilled, result } = await killedAt(point, () => ben.createAs(1, evening));
        expect(result).toEqual(room);
        expect(state().zoom.meetings).toMatchObject([{ id: Number(room.id), duration: 495 }]);
        await ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]);
        await ben.leave(evening, [ben.keyOfMeeting('zoom', 1)]);
        expect(ids()).toEqual([]);
        return wasKilled;
      });
    },
    patience,
  );

  it(
    'while it extends the room to a time at which the host is busy leaves one meeting',
    async () => {
      const bench = await setup();
      const { killedAt, ids } = bench;
      await atEachPoint(async (point) => {
        const { ten, evening, ada, ben } = await session(bench);
        const other = auditionOf(bench);
        await ada.createAs(1, ten);
        const own = await other.create(slotAt(undefined, '18:00'), 'zoom', { room: 'own' });
        const { wasKilled, result } = await killedAt(point, () => ben.createAs(1, evening));
        expect(ids().toSorted()).toEqual([own.id, result.id].toSorted());
        expect(await ada.createAs(2, ten)).toEqual(result);
        await ada.leave(
          ten,
          [1, 2].map((number) => ada.keyOfMeeting('zoom', number)),
        );
        expect(ids().toSorted()).toEqual([own.id, result.id].toSorted());
        await ben.leave(evening, [ben.keyOfMeeting('zoom', 1)]);
        await other.leave(slotAt(undefined, '18:00'));
        expect(ids()).toEqual([]);
        return wasKilled;
      });
    },
    patience,
  );

  it(
    'while it replaces a room whose meeting is gone leaves one meeting for all auditions',
    async () => {
      const bench = await setup();
      const { killedAt, ids, providers, pool } = bench;
      const [user = ''] = providers.meetings.zoom.defaultUsers ?? [];
      await atEachPoint(async (point) => {
        const { ten, ada, ben } = await session(bench);
        const room = await ada.createAs(1, ten);
        await ben.createAs(1, ten);
        const call = { signal: AbortSignal.timeout(5_000), correlationId: 'corr-1' };
        await providers.meetings.zoom.remove({ kind: 'service', user }, room.id, call);
        const { wasKilled, result } = await killedAt(point, () => ada.createAs(2, ten));
        const { rows } = await pool.query(
          "SELECT kind FROM webhook_inbox WHERE kind = 'room.left' AND dedupe_key LIKE '%' || $1",
          [ben.auditionId],
        );
        expect(rows).toHaveLength(1);
        expect(await ben.createAs(2, ten)).toEqual(result);
        expect(ids()).toEqual([result.id]);
        const keysOf = ({ keyOfMeeting }: typeof ada) => [1, 2].map((number) => keyOfMeeting('zoom', number));
        await ada.leave(ten, keysOf(ada));
        expect(ids()).toEqual([result.id]);
        await ben.leave(ten, keysOf(ben));
        expect(ids()).toEqual([]);
        return wasKilled;
      });
    },
    patience,
  );

  it(
    'while an audition moves out of the session leaves the room to the others',
    async () => {
      const bench = await setup();
      const { killedAt, ids } = bench;
      await atEachPoint(async (point) => {
        const { ten, ada, ben } = await session(bench);
        const room = await ada.createAs(1, ten);
        await ben.createAs(1, ten);
        const elsewhere = slotAt(undefined, '20:00');
        const { wasKilled, result } = await killedAt(point, () => ada.move(room, elsewhere, 2));
        expect(ids().toSorted()).toEqual([room.id, result.id].toSorted());
        await ben.leave(ten, [ben.keyOfMeeting('zoom', 1)]);
        expect(ids()).toEqual([result.id]);
        await ada.leave(elsewhere, [ada.keyOfMove('zoom', 2)]);
        expect(ids()).toEqual([]);
        return wasKilled;
      });
    },
    patience,
  );

  it(
    'while the last audition leaves removes the meeting',
    async () => {
      const bench = await setup();
      const { killedAt, ids } = bench;
      await atEachPoint(async (point) => {
        const { ten, ada, ben } = await session(bench);
        await ada.createAs(1, ten);
        const room = await ben.createAs(1, ten);
        const first = await killedAt(point, () => ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]));
        expect(ids()).toEqual([room.id]);
        const last = await killedAt(point, () => ben.leave(ten, [ben.keyOfMeeting('zoom', 1)]));
        expect(ids()).toEqual([]);
        return first.wasKilled || last.wasKilled;
      });
    },
    patience,
  );
});
