import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  type ActivityHarnessOptions,
  slot,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import { meetingFaults, repeatUntilDone } from '../../tests/harness/meeting-leftovers.ts';

const benchFor = useActivityHarness();

const person = (id: string, name: string) => ({ id: participantIdSchema.parse(id), name });
const ada = person('ada', 'Ada');
const rita = person('rita', 'Rita');

const setup = async (options: ActivityHarnessOptions = {}) => {
  const bench = await benchFor(options);
  const meeting = await bench.activities.createMeeting({
    ...bench.about,
    key: bench.key('meeting:zoom:1'),
    provider: 'zoom',
    slot,
    revision: 1,
    topic: 'Nightfall',
    settings: { registrants: true },
    hasFallback: false,
  });
  const register = (...participants: readonly (typeof ada)[]) =>
    bench.activities.registerParticipants({ ...bench.about, provider: 'zoom', meeting, slot, participants });
  /** Registers the participants, and reads the addresses of those who are registered again. */
  const renew = (...participants: readonly (typeof ada)[]) =>
    bench.activities.registerParticipants({
      ...bench.about,
      provider: 'zoom',
      meeting,
      slot,
      participants,
      hasOtherAddress: true,
    });
  const linkOf = async (participant: (typeof ada)['id']) => {
    const links = await bench.repositories.joinLinks.list('org_1', bench.auditionId);
    return links.find((link) => link.participant === participant && link.revokedAt === undefined)?.id ?? '';
  };
  const { joinLinks } = bench.repositories;
  return {
    ...bench,
    meeting,
    register,
    renew,
    linkOf,
    /** Where the link leads. The audition has the meeting in the read model. */
    urlOf: async (participant: (typeof ada)['id']) => {
      await bench.record({ type: 'meeting_created', meeting });
      return (await joinLinks.find(await linkOf(participant)))?.registrantUrl;
    },
    revoke: async (participant: (typeof ada)['id']) =>
      joinLinks.revoke(
        { id: await linkOf(participant), organization: 'org_1', auditionId: bench.auditionId },
        { by: 'operator', role: 'operator', correlationId: 'corr-1' },
      ),
    /** The registrants at Zoom whose address works. */
    registered: () =>
      bench
        .state()
        .zoom.registrants.filter(({ status }) => status === 'approved')
        .map(({ firstName }) => firstName)
        .toSorted(),
  };
};

describe('the registrants of a meeting', () => {
  it('are the participants, once, each with an address of their own behind the join link', async () => {
    const { register, registered, urlOf } = await setup();
    await register(ada, rita);
    await register(ada, rita);
    expect(registered()).toEqual(['Ada', 'Rita']);
    const [first, second] = [await urlOf(ada.id), await urlOf(rita.id)];
    expect(first).toContain('tk=');
    expect(second).toContain('tk=');
    expect(first).not.toBe(second);
  });

  it('have addresses that are not those of people', async () => {
    const { register, state } = await setup();
    await register(ada);
    expect(state().zoom.registrants).toMatchObject([
      { email: expect.stringMatching(/^registrant-[0-9a-f]{24}@castmatch\.test$/) },
    ]);
  });

  it('are looked for before another attempt when the answer was lost', async () => {
    const { register, registered, state, fault, urlOf } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'registrants.create', times: 1 });
    await expect(register(ada)).rejects.toMatchObject({ nonRetryable: false });
    await register(ada);
    expect(registered()).toEqual(['Ada']);
    expect(state().zoom.registrants).toHaveLength(1);
    expect(await urlOf(ada.id)).toContain('tk=');
  });

  it('are registered although one of them fails', async () => {
    const { register, registered, fault } = await setup();
    fault('zoom', { kind: 'outage', operation: 'registrants.create', times: 1 });
    await expect(register(ada, rita)).rejects.toMatchObject({ type: 'outage' });
    expect(registered()).toEqual(['Rita']);
    await register(ada, rita);
    expect(registered()).toEqual(['Ada', 'Rita']);
  });

  it('have the present passcode in their addresses after a person has changed it, without another registration', async () => {
    const { register, renew, state, urlOf, sandbox, meeting, fault } = await setup();
    await register(ada, rita);
    await sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.updated', password: 'Changed1' });
    const pwd = `pwd=${Buffer.from('Changed1').toString('base64url')}`;
    expect(await urlOf(ada.id)).not.toContain(pwd);
    fault('zoom', { kind: 'outage', operation: 'registrants.list', times: 1 });
    await expect(renew(ada, rita)).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    await renew(ada, rita);
    expect(await urlOf(ada.id)).toContain(pwd);
    expect(await urlOf(rita.id)).toContain(pwd);
    expect(state().zoom.registrants).toHaveLength(2);
  });

  it('are cancelled when the participant has left, also when the answer to the registration was lost', async () => {
    const { register, registered, fault } = await setup();
    await register(ada);
    fault('zoom', { kind: 'lost_answer', operation: 'registrants.create', times: 1 });
    await register(ada, rita).catch(() => undefined);
    expect(registered()).toEqual(['Ada', 'Rita']);
    await register(ada);
    expect(registered()).toEqual(['Ada']);
  });

  it('are cancelled with a revoked link, and registered again behind the next one', async () => {
    const { register, registered, state, revoke, linkOf, urlOf } = await setup();
    await register(ada);
    const before = { link: await linkOf(ada.id), url: await urlOf(ada.id) };
    await revoke(ada.id);
    await register(ada);
    expect(registered()).toEqual(['Ada']);
    expect(state().zoom.registrants.map(({ status }) => status)).toEqual(['cancelled', 'approved']);
    expect(await linkOf(ada.id)).not.toBe(before.link);
    expect(await urlOf(ada.id)).not.toBe(before.url);
  });

  it.each(['removed and added again', 'replaced by another person with the same id'])(
    'are registered again when a participant is %s, and the links of before are dead',
    async (how) => {
      const { register, registered, record, repositories, linkOf, urlOf } = await setup();
      const member = { id: rita.id, kind: 'reader', zone: 'Europe/Paris', required: true } as const;
      await record({ type: 'participant_added', participant: member });
      await register(ada, rita);
      const before = await linkOf(rita.id);
      if (how.startsWith('removed')) {
        await record({ type: 'participant_removed', participant: rita.id });
        await register(ada);
      }
      await record({ type: 'participant_added', participant: member, generation: 3 });
      await register(ada, rita);
      expect(registered()).toEqual(['Ada', 'Rita']);
      expect(await repositories.joinLinks.find(before)).toBeUndefined();
      expect(await urlOf(rita.id)).toContain('tk=');
      // Other details of the same person.
      const present = await linkOf(rita.id);
      await record({ type: 'participant_added', participant: member, isSamePerson: true });
      await register(ada, rita);
      expect(await linkOf(rita.id)).toBe(present);
    },
  );

  it('are not retried for a meeting that is gone', async () => {
    const { register, activities, about, key } = await setup();
    await activities.removeMeeting({ ...about, keys: [key('meeting:zoom:1')], provider: 'zoom', slot });
    await expect(register(ada)).rejects.toMatchObject({ type: 'not_found', nonRetryable: true });
  });

  it('are named by the provider as participants', async () => {
    const { register, repositories, meeting, state } = await setup();
    await register(ada, rita);
    const id = state().zoom.registrants.find(({ firstName }) => firstName === 'Rita')?.id ?? '';
    expect(await repositories.registrants.registrationOf(meeting.id, id)).toMatchObject({
      participant: 'rita',
    });
    expect(await repositories.registrants.registrationOf('another', id)).toBeUndefined();
  });
});

describe.each(meetingFaults)('the registrants at a provider that %s once', (_, fault) => {
  it.each(['registrants.create', 'registrants.list', 'registrants.status'])(
    'at %s are those of the cast, each once',
    async (operation) => {
      const bench = await setup();
      const { register, registered, revoke, urlOf } = bench;
      const registerAfterFailure = (...participants: readonly (typeof ada)[]) => {
        bench.fault('zoom', { ...fault, operation, times: 1 });
        return repeatUntilDone(bench, () => register(...participants));
      };
      await registerAfterFailure(ada, rita);
      expect(registered()).toEqual(['Ada', 'Rita']);
      const before = await urlOf(ada.id);
      await registerAfterFailure(ada);
      expect(registered()).toEqual(['Ada']);
      await revoke(ada.id);
      await registerAfterFailure(ada);
      expect(registered()).toEqual(['Ada']);
      expect(await urlOf(ada.id)).not.toBe(before);
      await registerAfterFailure();
      expect(registered()).toEqual([]);
    },
  );
});
