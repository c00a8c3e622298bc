/** What the bare workflow calls: the audition's activities by name, each of which does nothing at all. */
import { refusingActivities } from '../../harness/refusing-activities.ts';

export const noOpActivities = refusingActivities({
  findBusy: async () => [],
  holdSlot: async () => ({ kind: 'held', reminders: [] }),
  recordEvents: async () => {},
  createMeeting: async () => ({ provider: 'zoom', id: '', joinUrl: '' }),
  writeEvent: async () => ({ eventId: '' }),
  confirmHold: async () => ({ kind: 'confirmed' }),
  sendNotice: async () => ({ deliveryId: '' }),
});
