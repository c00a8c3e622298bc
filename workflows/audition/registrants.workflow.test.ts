/** Registrations of participants at the provider of the meeting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { castingDirector, participantId, performer } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const plan: Partial<AuditionPlan> = {
  joinLinks: true,
  reminders: [],
  meetingSettings: { registrants: true },
};
const readerId = participantId('reader-1');
const cast = [performer.id, castingDirector.id, readerId];

const scheduled = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const registrations = ({ world }: RunningAudition) => world.callsOf('registerParticipants');
const registered = async (played: RunningAudition, times: number) => {
  await expect.poll(() => registrations(played).length, { timeout: 10_000 }).toBe(times);
};

describe('the registration of the participants', () => {
  it('follows the creation of the meeting, and the changes of the cast', async () => {
    await stage.runAudition({ plan, recordAs: 'participants-registered' }, async (played) => {
      await scheduled(played);
      await registered(played, 1);
      expect(played.world.registrants.toSorted()).toEqual(cast.toSorted());
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await registered(played, 2);
      expect(played.world.registrants).not.toContain(readerId);
      const substitute = participantSchema.parse({
        ...castingDirector,
        id: 'director-2',
        calendar: undefined,
      });
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: substitute }],
      });
      await registered(played, 3);
      expect(played.world.registrants).toContain(substitute.id);
    });
  });

  it('is repeated when a join link was revoked, once for each report', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await scheduled(played);
      await registered(played, 1);
      await played.handle.signal(messages.linkRevokedSignal, { inboxId: 'whk_1' });
      await played.handle.signal(messages.linkRevokedSignal, { inboxId: 'whk_1' });
      await registered(played, 2);
      await played.handle.signal(messages.linkRevokedSignal, { inboxId: 'whk_2' });
      await registered(played, 3);
      expect(played.world.registrants.toSorted()).toEqual(cast.toSorted());
    });
  });

  it('follows the audition to another meeting of a provider with registration only', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await scheduled(played);
      await registered(played, 1);
      await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
      await played.until(({ meeting }) => meeting?.provider === 'google_meet');
      await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'zoom' });
      await played.until(({ meeting }) => meeting?.provider === 'zoom');
      await registered(played, 2);
      expect(new Set(registrations(played)).size).toBe(2);
    });
  });

  it('asks an operator when it fails, while the audition goes on', async () => {
    await stage.runAudition({ plan }, async (played) => {
      played.world.fail('registerParticipants', 'not_permitted');
      await scheduled(played);
      const { attention, state } = await played.until(({ attention: items }) => items.length === 1);
      expect([state, attention[0]]).toMatchObject([
        'scheduled',
        { step: 'meeting', actions: ['retry', 'skip'] },
      ]);
      played.world.clearFaults();
      await played.resolve('meeting', 'retry');
      await registered(played, 2);
      await played.until(({ attention: items }) => items.length === 0);
    });
  });

  it('is not retried for a meeting that the provider no longer has', async () => {
    await stage.runAudition({ plan }, async (played) => {
      played.world.fail('registerParticipants', 'not_found');
      await scheduled(played);
      await registered(played, 1);
      expect((await played.view()).attention).toEqual([]);
    });
  });

  it('does not take place without the setting', async () => {
    await stage.runAudition({ plan: { ...plan, meetingSettings: {} } }, async (played) => {
      await scheduled(played);
      await played.handle.signal(messages.linkRevokedSignal, { inboxId: 'whk_1' });
      await played.view();
      expect(registrations(played)).toEqual([]);
    });
  });
});

describe('a report of the provider about a registrant', () => {
  it('names the participant, whatever name the person shows', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { slot, meeting } = await scheduled(played);
      if (!slot || !meeting) throw new TypeError('the audition is not scheduled');
      await played.advanceTo(slot.start);
      const report = { what: 'joined', meetingId: meeting.id, at: slot.start, correlationId: 'c' } as const;
      await played.handle.signal(messages.presenceReportedSignal, [
        { ...report, inboxId: 'whk_1', participant: performer.id, name: 'iPhone' },
        { ...report, inboxId: 'whk_2', participant: participantId('former'), name: 'iPad' },
      ]);
      const { participants } = await played.until(({ participants: all }) => all[0]?.presence !== undefined);
      expect(participants.filter(({ presence }) => presence).map(({ id }) => id)).toEqual([performer.id]);
    });
  });
});
