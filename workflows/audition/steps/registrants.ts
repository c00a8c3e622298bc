/** Registers the participants at the provider of the meeting, and keeps the registrations those of the present cast. */
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { isRegistrantMeeting, type RegistrantMeetingName } from '../../../domain/providers/vendors.ts';
import { meetingActivities } from '../meeting-activities.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';

/**
 * Registers the participants in the background. A call while an earlier one runs is done after it: two at a time could
 * cancel what the other has registered. Without a registration, a join link leads to the page of the meeting on which the
 * provider asks for a name. Plans of earlier versions have no such setting.
 */
export const registerParticipants = (run: AuditionRun): void => {
  if (!registeringMeeting(run)) return;
  run.registrationsWanted += 1;
  if (run.isRegistering) return;
  run.isRegistering = true;
  void run.runInBackground(async (detach) => {
    detach();
    try {
      await registerUntilPresent(run);
    } finally {
      run.isRegistering = false;
    }
  });
};

const registerUntilPresent = async (run: AuditionRun): Promise<void> => {
  for (let done = 0; done !== run.registrationsWanted; ) {
    done = run.registrationsWanted;
    const meeting = registeringMeeting(run);
    const { slot } = run.journal.view;
    if (!meeting || !slot) return;
    const { provider } = meeting;
    const hasOtherAddress = run.hasFormerRegistrants;
    run.hasFormerRegistrants = false;
    const participants = run.plan.participants.map(({ id, name }) => ({ id, name }));
    const activities = meetingActivities(
      run,
      provider,
      `Register the participants on ${provider}`,
      'stepPatience',
    );
    const outcome = await retryUntilResolved(
      run,
      {
        step: 'meeting',
        purpose: `register the participants on ${provider}`,
        hint: 'Retry, or skip: participants who are not registered then enter their names on the page of the provider.',
        actions: ['retry', 'skip'],
        isBackground: true,
        // The meeting is replaced when its deletion is reported.
        isNeedless: ({ code }) => code === 'not_found',
        isMoot: () => done !== run.registrationsWanted || run.journal.view.meeting?.id !== meeting.id,
      },
      () =>
        run.call((call) =>
          activities.registerParticipants({
            ...call,
            provider,
            meeting,
            slot,
            participants,
            ...(hasOtherAddress && { hasOtherAddress }),
          }),
        ),
    );
    // A later call, which withdraws the question to the operator, reads the addresses instead.
    if (hasOtherAddress && outcome.kind !== 'done') run.hasFormerRegistrants = true;
  }
};

/** Returns the present meeting when its participants are to be registered. */
const registeringMeeting = ({
  plan,
  journal,
}: AuditionRun): (Meeting & { readonly provider: RegistrantMeetingName }) | undefined => {
  const { meeting } = journal.view;
  if (!plan.meetingSettings?.registrants || !plan.joinLinks || !meeting) return undefined;
  const { provider } = meeting;
  if (!isRegistrantMeeting(provider) || meeting.notHonored?.includes('registrants')) return undefined;
  return { ...meeting, provider };
};
