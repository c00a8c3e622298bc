import type { ServiceActivities } from '../../activities/contract.ts';

const refuse = async (): Promise<never> => {
  throw new Error('this activity was not expected to be called');
};

/** Activities of which a test says what the few it needs do. */
export const unexpectedActivities = (expected: Partial<ServiceActivities>): ServiceActivities => ({
  holdSlot: refuse,
  confirmHold: refuse,
  releaseHolds: refuse,
  recordEvents: refuse,
  findBusy: refuse,
  writeEvent: refuse,
  removeEvent: refuse,
  createMeeting: refuse,
  moveMeeting: refuse,
  removeMeeting: refuse,
  sendNotice: refuse,
  retractNotice: refuse,
  deliverEvents: refuse,
  replayEvents: refuse,
  tellEndpoint: refuse,
  disableEndpoint: refuse,
  ...expected,
});
