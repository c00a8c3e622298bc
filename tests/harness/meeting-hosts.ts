/** Runs the meeting activities with hosts that a test chooses. */
import { z } from 'zod';
import { sha256 } from '../../db/digest.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import type { MeetingProvider } from '../../providers/ports.ts';
import { slot, useActivityHarness } from './activity-harness.ts';
import { asEarlierVersion } from './earlier-version.ts';

const claimSchema = z.array(z.object({ key: z.string(), revision: z.int(), host: z.string() }));

let tests = 0;

interface Options {
  readonly sandbox?: SandboxOptions;
  /** Of the email addresses of its users. Default: one that no other test has. */
  readonly domain?: string;
  /** Replaces methods of Zoom's adapter. */
  readonly wrapZoom?: (zoom: MeetingProvider) => Partial<MeetingProvider>;
}

/** Call it at the top of a test file. Returns a function that sets up the activities for one test. */
export const useMeetingHosts = () => {
  const benchFor = useActivityHarness();
  /** Each test has hosts of its own, because the tests share a database. */
  return async ({ sandbox = {}, wrapZoom = () => ({}), domain: ownDomain }: Options = {}) => {
    tests += 1;
    const domain = ownDomain ?? `t${tests}.example.com`;
    const bench = await benchFor({
      // Many auditions create their meetings simultaneously.
      sandbox: { ...sandbox, zoom: { requestsPerSecond: 0, ...sandbox.zoom } },
      wrapProviders: (providers) => ({
        ...providers,
        meetings: {
          ...providers.meetings,
          zoom: { ...providers.meetings.zoom, ...wrapZoom(providers.meetings.zoom) },
        },
      }),
    });
    const user = (name: string): MeetingHost => ({ kind: 'service', user: `${name}@${domain}` });
    const choose = (...hosts: readonly MeetingHost[]) =>
      bench.repositories.meetingPreferences.set('org_1', { hosts: { zoom: [...hosts] } });
    /** Connects a Zoom account of a person. */
    const connect = async (id: `conn_${string}`, name: string): Promise<MeetingHost> => {
      const account = `${name}@${domain}`;
      await bench.repositories.connections.put({
        id,
        organization: 'org_1',
        provider: 'zoom',
        account,
        refreshToken: `sandbox-refresh-${account}`,
        scopes: ['user:read:user'],
      });
      return { kind: 'connection', connection: id };
    };
    interface Wish {
      readonly at?: Slot;
      readonly host?: MeetingHost;
      readonly settings?: MeetingSettings;
      readonly audition?: Pick<ReturnType<typeof bench.another>, 'about' | 'key'>;
    }
    const create = ({ at = slot, audition = bench, ...wish }: Wish = {}) =>
      bench.activities.createMeeting({
        ...audition.about,
        key: audition.key('meeting:zoom:1'),
        provider: 'zoom',
        slot: at,
        revision: 1,
        topic: 'Nightfall',
        hasFallback: true,
        ...wish,
      });
    const move = (meeting: Meeting, to: Slot, revision = 2) =>
      bench.activities.moveMeeting({
        ...bench.about,
        key: bench.key(`meeting-move:zoom:r${revision}`),
        provider: 'zoom',
        slot: to,
        revision,
        topic: 'Nightfall',
        meeting,
      });
    const remove = (...steps: readonly string[]) =>
      bench.activities.removeMeeting({
        ...bench.about,
        keys: ['meeting:zoom:1', ...steps].map(bench.key),
        provider: 'zoom',
        slot,
      });
    const claims = async () => {
      const { rows } = await bench.pool.query(
        'SELECT key, revision, host FROM meeting_host_claims WHERE audition_id = $1 ORDER BY key, revision',
        [bench.auditionId],
      );
      return claimSchema.parse(rows);
    };
    /**
     * Claims a host for another audition under a name, as earlier versions did: without a key. The trigger of the table refuses that, so
     * it is off for this insert.
     */
    const claimByName = async (name: string) => {
      const { key, auditionId } = bench.another();
      await bench.pool.query(
        `INSERT INTO operations (key, organization, provider, operation, state, started_at)
        VALUES ($1, 'org_1', 'zoom', 'meetings.create', 'completed', now())`,
        [key('meeting:zoom:1')],
      );
      await asEarlierVersion(bench.pool, (client) =>
        client.query(
          `INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
          VALUES ($1, 1, $2, 'zoom', $3, tstzrange($4, $5))`,
          [key('meeting:zoom:1'), auditionId, sha256(name), slot.start, slot.end],
        ),
      );
    };
    const meetings = () => bench.state().zoom.meetings;
    const hostsOfMeetings = () => meetings().map(({ host_email: email }) => email.split('@')[0]);
    return {
      ...bench,
      domain,
      user,
      choose,
      connect,
      create,
      move,
      remove,
      claims,
      claimByName,
      meetings,
      hostsOfMeetings,
    };
  };
};
