/** Lets one worker serve many auditions, each with a fake world of its own. */
import type { AuditionActivities, Correlated } from '../../activities/contract.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { FakeWorld } from './fake-world.ts';

/** Returns activities that call the world of the audition in their input. */
export const activitiesIn = (worlds: Pick<ReadonlyMap<AuditionId, FakeWorld>, 'get'>): AuditionActivities => {
  const of = ({ auditionId }: Correlated): AuditionActivities => {
    const world = worlds.get(auditionId);
    if (!world) throw new Error(`there is no world for ${auditionId}; call createWorld first`);
    return world.activities;
  };
  return {
    claimSlot: async (input) => of(input).claimSlot(input),
    adoptTrail: async (input) => of(input).adoptTrail(input),
    recordEvents: async (input) => of(input).recordEvents(input),
    findBusy: async (input) => of(input).findBusy(input),
    writeEvent: async (input) => of(input).writeEvent(input),
    writeEvents: async (input) => of(input).writeEvents(input),
    bookRoom: async (input) => of(input).bookRoom(input),
    removeEvent: async (input) => of(input).removeEvent(input),
    checkMeeting: async (input) => of(input).checkMeeting(input),
    readAttendance: async (input) => of(input).readAttendance(input),
    endMeeting: async (input) => of(input).endMeeting(input),
    registerParticipants: async (input) => of(input).registerParticipants(input),
    setLeaders: async (input) => of(input).setLeaders(input),
    createMeeting: async (input) => of(input).createMeeting(input),
    moveMeeting: async (input) => of(input).moveMeeting(input),
    removeMeeting: async (input) => of(input).removeMeeting(input),
    sendNotice: async (input) => of(input).sendNotice(input),
    sendNotices: async (input) => of(input).sendNotices(input),
    retractNotice: async (input) => of(input).retractNotice(input),
  };
};
