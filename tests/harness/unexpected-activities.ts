import type { ServiceActivities } from '../../activities/contract.ts';

const refuse = async (): Promise<never> => {
  throw new Error('unexpected call of an activity; pass it in `expected`');
};

/** Returns activities that throw when called, except those in `expected`. */
export const unexpectedActivities = (expected: Partial<ServiceActivities>): ServiceActivities => ({
  claimSlot: refuse,
  adoptTrail: refuse,
  recordEvents: refuse,
  findBusy: refuse,
  writeEvent: refuse,
  writeEvents: refuse,
  bookRoom: refuse,
  removeEvent: refuse,
  checkMeeting: refuse,
  readAttendance: refuse,
  endMeeting: refuse,
  registerParticipants: refuse,
  setLeaders: refuse,
  createMeeting: refuse,
  moveMeeting: refuse,
  removeMeeting: refuse,
  sendNotice: refuse,
  sendNotices: refuse,
  retractNotice: refuse,
  deliverEvents: refuse,
  replayEvents: refuse,
  tellEndpoint: refuse,
  disableEndpoint: refuse,
  compareOpenAuditions: refuse,
  compareRemains: refuse,
  compareTrails: refuse,
  repairAudition: refuse,
  reportFindings: refuse,
  syncCalendars: refuse,
  findRecordings: refuse,
  storeFile: refuse,
  discardFile: refuse,
  completeRecording: refuse,
  removeAtProvider: refuse,
  raiseRecordingAttention: refuse,
  settleRecordingAttention: refuse,
  ...expected,
});
