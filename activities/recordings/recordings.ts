/** The activities of the recording workflow. */
import { activityInfo } from '@temporalio/activity';
import { z } from 'zod';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { RecordingId } from '../../domain/ids.ts';
import { meetingVendors } from '../../domain/providers/vendors.ts';
import { type FileToStore, isPlayable } from '../../domain/recordings/recording.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import type { CallContext, ListedRecording } from '../../providers/ports.ts';
import type { FoundRecording, RecordingActivities, RecordingCall, StoreFileInput } from '../contract.ts';
import { type CallTimeouts, createAttemptContext } from '../effects/attempt.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';
import type { RecordingDependencies } from './dependencies.ts';
import { earlierVersion, startProgress } from './progress.ts';
import { createRecordingHosts } from './recording-hosts.ts';
import { recordingIdOf, storageKeyOf } from './recording-id.ts';
import { transferFile } from './transfer.ts';

/** A meeting can have several instances, each with a request of its own. */
const listTimeouts: CallTimeouts = { deadlineMs: 30_000, leaseMs: 35_000, isInterruptible: true };

/**
 * The lease is short and renewed every five seconds, so that a killed worker does not delay the next attempt: Temporal
 * starts it after the heartbeat timeout of 20 s.
 */
const transferTimeouts: CallTimeouts = { deadlineMs: 12 * hour, leaseMs: 15_000, isInterruptible: true };

const storedFileSchema = z.object({
  storageKey: z.string().describe('The key of the file in the storage'),
  size: z.int().describe('In bytes'),
  sha256: z.string().describe('In hexadecimal digits'),
});

const removalSchema = z.object({ instance: z.string(), result: z.enum(['removed', 'absent']) });

/** The provider has files of the recording that are not stored: nothing is recorded as done. */
class OtherFilesLeft extends Error {
  override readonly name = 'OtherFilesLeft';

  constructor(recording: RecordingId) {
    super(`the provider has files of ${recording} that are not stored`);
  }
}

/** A legal hold was placed during the removal: nothing is recorded as done. */
class CopyHeld extends Error {
  override readonly name = 'CopyHeld';

  constructor(recording: RecordingId) {
    super(`the copy of ${recording} has a legal hold`);
  }
}

const storageOperation = ({ key, organization }: StoreFileInput) =>
  ({ key, organization, provider: 'storage', operation: 'files.store' }) as const;

/** Creates the activities. */
export const createRecordingActivities = (dependencies: RecordingDependencies): RecordingActivities => {
  const { repositories, providers, reportAttention } = dependencies;
  const { ledger, events, recordings, recordingPolicies, recordingAttention } = repositories;
  const { storage } = providers;
  const openHost = createRecordingHosts(dependencies);

  /** Appends a fact to the trail of the audition, once per key. The audition can be closed. */
  const appendFact = async (
    { auditionId, correlationId }: RecordingCall,
    key: string,
    fact: AuditionFact,
  ): Promise<void> => {
    const run = activityInfo().workflowExecution?.runId ?? '';
    const at = toInstant(Date.now());
    await events.append(
      { auditionId, run, position: anyPosition },
      { facts: [{ at, correlationId, fact, key }] },
    );
  };

  const putFound = async (
    { organization, auditionId, correlationId, provider, meetingId }: RecordingCall,
    listed: ListedRecording,
  ): Promise<FoundRecording> => {
    const id = recordingIdOf(auditionId, provider, listed.instance);
    const stored = await recordings.putFound({
      ...listed,
      id,
      organization,
      auditionId,
      provider,
      meetingId,
      correlationId,
    });
    return foundAs(listed, stored);
  };

  return {
    findRecordings: async (input) => {
      const { provider, meetingId, organization, checkTrash } = input;
      const source = providers.recordings[provider];
      const call = createAttemptContext(input, listTimeouts).startCall();
      const host = await openHost(input);
      const listed = await source.list(host, meetingId, call);
      const absence = checkTrash ? await source.absence(host, meetingId, call) : undefined;
      const found: FoundRecording[] = [];
      for (const recording of listed) found.push(await putFound(input, recording));
      const listedIds = new Set(found.map(({ id }) => id));
      for (const recording of await recordings.ofMeeting(input))
        if (recording.state !== 'processing' && !listedIds.has(recording.id)) found.push(keptAs(recording));
      return {
        recordings: found,
        policy: await recordingPolicies.get(organization),
        laterFiles: source.laterFiles,
        ...(absence && { absence, isInTrash: absence === 'in_trash' }),
      };
    },

    storeFile: async (input) => {
      const { auditionId, provider, meetingId, recording, instance, file, size } = input;
      const context = createAttemptContext(input, transferTimeouts);
      const storageKey = storageKeyOf(input, input);
      const stored = await effectOnce(
        ledger,
        { ...storageOperation(input), auditionId, request: { storageKey } },
        context,
        {
          kind: 'idempotent',
          result: storedFileSchema,
          providerId: () => storageKey,
          removeEffect: (effect, call) => storage.remove(effect.storageKey, call),
          perform: async (call) => {
            const progress = startProgress(() => call.keepLease(), context.leaseMs);
            try {
              return await transferFile({
                provider: providers.recordings[provider],
                host: await openHost(input),
                storage,
                file: { meeting: meetingId, instance, file },
                size,
                storageKey,
                call: { ...call, signal: AbortSignal.any([call.signal, progress.signal]) },
                earlierVersion: earlierVersion(),
                onVersion: (version) => progress.identify(version),
                onProgress: (stored) => progress.report(stored),
              });
            } finally {
              progress.stop();
            }
          },
        },
      );
      // The provider has not said that the file is empty, or the recording was deleted during the transfer.
      const isKept =
        stored.size > 0
          ? await recordings.markFileStored({ recording, file }, stored)
          : await recordings.markFileEmpty({ recording, file });
      if (!isKept) await storage.remove(storageKey, context.startCall());
      return stored;
    },

    discardFile: async (input) => {
      const storageKey = storageKeyOf(input, input);
      const context = createAttemptContext(input);
      const undone = await undoOnce(ledger, storageOperation(input), context, {
        find: async () => [storageKey],
        remove: (key, call) => storage.remove(key, call),
      });
      // The ledger counts a broken download as no effect, and its bytes are in the storage.
      const removed = await storage.remove(storageKey, context.startCall());
      return removed === 'deleted' ? { result: 'undone' } : undone;
    },

    completeRecording: async (input) => {
      const { recording: id, organization, provider } = input;
      const now = Date.now();
      const { retainForDays } = await recordingPolicies.get(organization);
      const stored = await recordings.markStored(id, {
        at: toInstant(now),
        retainUntil: toInstant(now + retainForDays * day),
      });
      if (!stored) throw new RangeError(`there is no recording ${id}`);
      // It was deleted during the transfer.
      if (stored.state !== 'stored') return;
      const files = stored.files.filter(({ state }) => state === 'stored');
      await appendFact(input, `recording/${id}:stored`, {
        type: 'recording_stored',
        recording: id,
        provider,
        files: files.length,
        bytes: files.reduce((sum, { size = 0 }) => sum + size, 0),
      });
    },

    removeAtProvider: async (input) => {
      const { key, organization, provider, recording: id, instance, action, auditionId } = input;
      const stored = await recordings.get(organization, id);
      if (!stored || stored.state === 'processing') return { result: 'not_stored' };
      if (stored.holds.length > 0) {
        await recordings.markCopyHeld(id);
        return { result: 'held' };
      }
      const files = stored.files.flatMap((file) => (file.state === 'waiting' ? [] : [file.id]));
      const removeCopy = async (call: CallContext): Promise<z.output<typeof removalSchema>> => {
        const host = await openHost(input);
        const isHeld = async () => ((await recordings.get(organization, id))?.holds.length ?? 0) > 0;
        const copy = { instance, files, isHeld };
        const removed = await providers.recordings[provider].remove(host, copy, action, call);
        if (removed === 'held') throw new CopyHeld(id);
        if (removed === 'partly') throw new OtherFilesLeft(id);
        return { instance, result: removed === 'deleted' ? 'removed' : 'absent' };
      };
      try {
        const { result } = await effectOnce(
          ledger,
          {
            key,
            organization,
            provider: meetingVendors[provider].vendor,
            operation: 'recordings.remove',
            auditionId,
            request: { instance, action },
          },
          createAttemptContext(input, listTimeouts),
          { kind: 'idempotent', result: removalSchema, providerId: () => instance, perform: removeCopy },
        );
        await recordings.markProviderCopy(id, action);
        return { result };
      } catch (error) {
        if (error instanceof OtherFilesLeft) return { result: 'incomplete' };
        if (error instanceof CopyHeld) {
          await recordings.markCopyHeld(id);
          return { result: 'held' };
        }
        throw error;
      }
    },

    raiseRecordingAttention: async (input) => {
      const { item, missing, provider, meetingId } = input;
      await recordingAttention.put(input, item);
      if (missing !== undefined) {
        const fact = { type: 'recording_missing', provider, meetingId, reason: missing } as const;
        await appendFact(input, `recording/${item.id}:missing`, fact);
      }
      reportAttention(input);
    },

    settleRecordingAttention: async ({ organization, auditionId, provider, meetingId, id, isSkipped }) => {
      if (isSkipped) {
        const { retainForDays } = await recordingPolicies.get(organization);
        const retainUntil = toInstant(Date.now() + retainForDays * day);
        await recordings.giveUp({ auditionId, provider, meetingId }, retainUntil);
      }
      await recordingAttention.remove(id);
    },
  };
};

const foundAs = (listed: ListedRecording, stored: StoredRecording): FoundRecording => {
  const waiting = new Set(stored.files.filter(({ state }) => state === 'waiting').map(({ id }) => id));
  const isGone = stored.state === 'deleting' || stored.state === 'deleted';
  const toStore = listed.files.flatMap(({ id, kind, format, size, isReady }): readonly FileToStore[] =>
    isReady && waiting.has(id) && !isGone ? [{ recording: stored.id, file: id, kind, format, size }] : [],
  );
  return {
    id: stored.id,
    instance: listed.instance,
    state: stored.state,
    isProcessing: !isGone && isUnfinished(listed, stored),
    toStore,
    storedFiles: storedFilesOf(stored).length,
    media: {
      listed: listed.files.filter(({ kind }) => isPlayable(kind)).length,
      stored: storedMediaOf(stored).length,
    },
    startedAt: stored.startedAt,
    storedAt: stored.storedAt,
  };
};

/** The provider lists no files of a recording that it has just begun to process, or whose files were removed one by one. */
const isUnfinished = ({ files }: ListedRecording, { state }: StoredRecording): boolean =>
  files.length === 0 ? state === 'processing' : files.some(({ isReady }) => !isReady);

const storedFilesOf = ({ files }: StoredRecording): StoredRecording['files'] =>
  files.filter(({ state }) => state === 'stored');

const storedMediaOf = (recording: StoredRecording): StoredRecording['files'] =>
  storedFilesOf(recording).filter(({ kind }) => isPlayable(kind));

/** Returns a recording that is stored here, or was deleted here, and that the provider does not list any more. */
const keptAs = (stored: StoredRecording): FoundRecording => ({
  id: stored.id,
  instance: stored.instance,
  state: stored.state,
  isProcessing: false,
  toStore: [],
  storedFiles: storedFilesOf(stored).length,
  media: {
    listed: stored.files.filter(({ kind }) => isPlayable(kind)).length,
    stored: storedMediaOf(stored).length,
  },
  startedAt: stored.startedAt,
  storedAt: stored.storedAt,
  ...(stored.providerCopy && { isCopyRemoved: true }),
});
