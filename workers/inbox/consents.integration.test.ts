/** From the inbox to the signal: consents to the recording. */
import { describe, expect, it } from 'vitest';
import type { RecordingConsent } from '../../domain/audition/events.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const setupRounds = useInboxRounds();

const ada = participantIdSchema.parse('performer-1');
const at = '2026-11-25T09:00:00.000Z';

const setup = async (
  { recording = 'automatic' }: { readonly recording?: 'automatic' | 'by_host' } = {},
  ...answer: Parameters<typeof setupRounds>
) => {
  const relay = await setupRounds(...answer);
  const id = newAuditionId();
  const [requested, ...more] = factsUntilScheduled(id, 'org_north');
  if (requested?.type !== 'requested') throw new TypeError('the first fact is the request');
  await storeEvents(relay.repositories.events, id, trail([{ ...requested, recording }, ...more]));
  const receive = (consent: RecordingConsent, key = consent) =>
    relay.receive({
      kind: 'recording.consented',
      event: {
        organization: 'org_north',
        audition: id,
        participant: ada,
        consent,
        origin: 'link',
        revision: 1,
        at,
        key: `consent/${key}`,
      },
    });
  const consents = async () => {
    const events = await relay.repositories.events.read('org_north', id, { after: 0, limit: 100 });
    return events.flatMap(({ fact, at: when }) =>
      fact.type === 'recording_consented' ? [{ consent: fact.consent, when }] : [],
    );
  };
  return { ...relay, id, receive, consents };
};

describe('a consent in the inbox', () => {
  it('is recorded once, with its time, and signaled', async () => {
    const { receive, round, consents, signals, id, rows } = await setup();
    await receive('withdrawn');
    await receive('withdrawn');
    await round(notStopping);
    expect(await consents()).toEqual([{ consent: 'withdrawn', when: at }]);
    expect(signals[0]).toMatchObject({ id, about: 'consent', report: { inboxId: expect.any(String) } });
    expect((await rows()).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  it('is delivered when Temporal is back', async () => {
    let isDown = true;
    const { receive, round, consents, signals, makeDue, rows } = await setup({}, async () => {
      if (isDown) throw new Error('connect ECONNREFUSED');
      return 'signaled';
    });
    await receive('withdrawn');
    await expect(round(notStopping)).rejects.toThrow('none of 1 webhooks');
    expect(await consents()).toHaveLength(1);
    isDown = false;
    await makeDue();
    await round(notStopping);
    expect([signals.length, (await rows())[0]?.state]).toEqual([2, 'delivered']);
    expect(await consents()).toHaveLength(1);
  });

  it('that is given needs no signal when the host starts the recording', async () => {
    const { receive, round, consents, signals, rows } = await setup({ recording: 'by_host' });
    await receive('given');
    await round(notStopping);
    expect([signals, (await rows())[0]?.reason]).toEqual([[], 'consent_applied']);
    expect(await consents()).toHaveLength(1);
  });

  it('that is withdrawn is signaled also when the host starts the recording', async () => {
    const { receive, round, consents, signals, id } = await setup({ recording: 'by_host' });
    await receive('withdrawn');
    await round(notStopping);
    expect(signals).toMatchObject([{ id, about: 'consent' }]);
    expect(await consents()).toHaveLength(1);
  });
});
