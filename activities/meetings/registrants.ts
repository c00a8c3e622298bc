/**
 * Registers the participants of an audition at the provider of its meeting. Each registration belongs to one join link,
 * and ends with it: a participant whose link was revoked is registered again, under the next link.
 */
import { z } from 'zod';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { Registrants } from '../../db/meetings/registrants.ts';
import { meetingVendors, type RegistrantMeetingName } from '../../domain/providers/vendors.ts';
import type { HostAccount, MeetingRegistrants, Registrant } from '../../providers/ports.ts';
import type { RegisterParticipantsInput, UndoResult } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { registrantReference } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';

interface Parts {
  readonly name: RegistrantMeetingName;
  readonly ledger: OperationLedger;
  readonly stored: Registrants;
  readonly provider: MeetingRegistrants;
  readonly issueJoinLinks: ActivityDependencies['issueJoinLinks'];
  /** The From address of emails. Its domain is that of the registrants' addresses. */
  readonly sender: string;
}

const registrantSchema = z.object({
  id: z.string().describe('The id of the registrant at the provider'),
  joinUrl: z.string().describe('Leads into the meeting, as this registrant'),
});

/**
 * Returns the function that makes the registrants of a meeting those of the input. Idempotent: what is registered stays. A
 * registration that fails does not keep the others from being made.
 *
 * @throws the first error, after all were attempted.
 */
export const createRegistration = ({
  name,
  ledger,
  stored,
  provider,
  issueJoinLinks,
  sender,
}: Parts): ((input: RegisterParticipantsInput, host: HostAccount) => Promise<void>) => {
  const { vendor } = meetingVendors[name];
  const domain = domainOf(sender);

  const operationOf = ({ organization, auditionId, meeting }: RegisterParticipantsInput, link: string) => ({
    key: `audition/${auditionId}:registrant:${meeting.id}:${registrantReference(link)}`,
    organization,
    provider: vendor,
    operation: 'registrants.add' as const,
  });

  const add = async (
    input: RegisterParticipantsInput,
    host: HostAccount,
    { participant, link }: { readonly participant: Participant; readonly link: string },
  ): Promise<void> => {
    const { auditionId, meeting } = input;
    const reference = registrantReference(link);
    // Stored before the call, so that a registration whose outcome is not known is found and cancelled.
    await stored.begin({ auditionId, meetingId: meeting.id, participant: participant.id, link });
    const registrant = await effectOnce<Registrant>(
      ledger,
      { ...operationOf(input, link), request: { meeting: meeting.id, reference }, auditionId },
      createAttemptContext(input),
      {
        kind: 'searched',
        result: registrantSchema,
        providerId: ({ id }) => id,
        find: async (_earlier, call) => {
          const [found, ...surplus] = await provider.find(host, meeting.id, reference, call);
          return found ? { kind: 'found', result: found, surplus } : { kind: 'absent' };
        },
        perform: async (handOver, call) => {
          await handOver();
          return provider.add(host, meeting.id, { reference, domain, name: participant.name }, call);
        },
        removeEffect: ({ id }, call) => provider.cancel(host, meeting.id, id, call),
      },
    );
    await stored.complete({ link, meetingId: meeting.id }, registrant);
  };

  /** The address of a registrant contains the passcode of the meeting. A registrant who is gone keeps the former address. */
  const renewAddress = async (
    { meeting, ...input }: RegisterParticipantsInput,
    host: HostAccount,
    link: string,
  ): Promise<void> => {
    const call = createAttemptContext(input).startCall();
    const [found] = await provider.find(host, meeting.id, registrantReference(link), call);
    if (found) await stored.complete({ link, meetingId: meeting.id }, found);
  };

  const cancel = async (
    input: RegisterParticipantsInput,
    host: HostAccount,
    link: string,
  ): Promise<UndoResult> => {
    const { meeting } = input;
    const undone = await undoOnce(ledger, operationOf(input, link), createAttemptContext(input), {
      find: async (_earlier, call) => {
        const found = await provider.find(host, meeting.id, registrantReference(link), call);
        return found.map(({ id }) => id);
      },
      remove: (id, call) => provider.cancel(host, meeting.id, id, call),
    });
    await stored.remove({ link, meetingId: meeting.id });
    return undone;
  };

  return async (input, host) => {
    const { organization, auditionId, meeting, participants, hasOtherAddress = false } = input;
    const ids = await issueJoinLinks(
      participants.map(({ id }) => ({ organization, auditionId, participant: id })),
    );
    const wanted = participants.flatMap((participant, index) => {
      const link = ids[index];
      return link === undefined ? [] : [{ participant, link }];
    });
    const present = await stored.of(auditionId, meeting.id);
    const surplus = present.filter(({ link }) => !wanted.some((one) => one.link === link));
    const missing = wanted.filter(({ link }) => !present.some((one) => one.link === link && one.isComplete));
    const renewed = hasOtherAddress
      ? wanted.filter(({ link }) => present.some((one) => one.link === link && one.isComplete))
      : [];
    const errors: unknown[] = [];
    const attempt = async (step: Promise<unknown>): Promise<void> => {
      await step.catch((error: unknown) => errors.push(error));
    };
    // One after the other: the provider limits the rate, and each one has the deadline of a call.
    for (const { link } of surplus) await attempt(cancel(input, host, link));
    for (const one of missing) await attempt(add(input, host, one));
    for (const { link } of renewed) await attempt(renewAddress(input, host, link));
    if (errors.length > 0) throw errors[0];
  };
};

type Participant = RegisterParticipantsInput['participants'][number];

/** Returns the domain of an address: `auditions@example.com`, or `CastMatch <auditions@example.com>`. */
const domainOf = (sender: string): string => /@([^@>\s]+)>?\s*$/.exec(sender)?.[1] ?? 'castmatch.invalid';
