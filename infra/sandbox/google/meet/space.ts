/** Defines a space of Meet: https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces */
import { z } from 'zod';
import { invalidArgument } from './errors.ts';

const onOff = z.enum(['ON', 'OFF']);
const restriction = z.enum(['HOSTS_ONLY', 'NO_RESTRICTION']);

const spaceConfigSchema = z.strictObject({
  accessType: z.enum(['OPEN', 'TRUSTED', 'RESTRICTED']).optional(),
  entryPointAccess: z.enum(['ALL', 'CREATOR_APP_ONLY']).optional(),
  moderation: onOff.optional(),
  moderationRestrictions: z
    .strictObject({
      chatRestriction: restriction.optional(),
      reactionRestriction: restriction.optional(),
      presentRestriction: restriction.optional(),
      defaultJoinAsViewerType: onOff.optional(),
    })
    .optional(),
  attendanceReportGenerationType: z.enum(['GENERATE_REPORT', 'DO_NOT_GENERATE']).optional(),
  artifactConfig: z
    .strictObject({
      recordingConfig: z.strictObject({ autoRecordingGeneration: onOff.optional() }).optional(),
      transcriptionConfig: z.strictObject({ autoTranscriptionGeneration: onOff.optional() }).optional(),
      smartNotesConfig: z.strictObject({ autoSmartNotesGeneration: onOff.optional() }).optional(),
    })
    .optional(),
});
export type SpaceConfig = z.infer<typeof spaceConfigSchema>;

export const spaceBodySchema = z.strictObject({
  name: z.string().optional(),
  config: spaceConfigSchema.optional(),
});
export type SpaceBody = z.infer<typeof spaceBodySchema>;

export const storedSpaceSchema = z.object({
  /** Case-sensitive, without `spaces/`. */
  id: z.string(),
  code: z.string(),
  /** The account in whose calendar the conference was created. */
  owner: z.string(),
  config: spaceConfigSchema,
  /** Its code has expired. No event of a calendar shows that. */
  isExpired: z.boolean().default(false),
});
export type StoredSpace = z.infer<typeof storedSpaceSchema>;

const defaults: SpaceConfig = { accessType: 'TRUSTED', entryPointAccess: 'ALL', moderation: 'OFF' };

/** Returns the space as the API does. Only its owner sees the settings. */
export const renderSpace = (
  { id, code, config }: Pick<StoredSpace, 'id' | 'code' | 'config'>,
  {
    withSettings,
    activeRecord,
  }: { readonly withSettings: boolean; readonly activeRecord?: string | undefined },
) => ({
  name: `spaces/${id}`,
  meetingUri: `https://meet.google.com/${code}`,
  meetingCode: code,
  ...(withSettings ? { config: { ...defaults, ...config } } : {}),
  ...(activeRecord === undefined
    ? {}
    : { activeConference: { conferenceRecord: `conferenceRecords/${activeRecord}` } }),
});

type Tree = { readonly [name: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

const valueAt = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((node, name) => (isTree(node) ? node[name] : undefined), tree);

const withValueAt = (tree: unknown, path: readonly string[], value: unknown): unknown => {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const node = isTree(tree) ? tree : {};
  return { ...node, [name]: withValueAt(node[name], rest, value) };
};

/**
 * Returns the settings after a patch. https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces/patch
 *
 * @throws {MeetError} a 400 for a field that the mask cannot name.
 */
export const patchedConfig = (
  held: SpaceConfig,
  body: SpaceBody,
  updateMask: string | undefined,
): SpaceConfig => {
  if (updateMask === undefined || updateMask === '') return { ...held, ...body.config };
  if (updateMask === '*') return body.config ?? {};
  const patched = updateMask.split(',').reduce<unknown>((config, field) => {
    const [root, ...path] = field.split('.');
    if (root !== 'config') throw invalidArgument(`Invalid field mask: ${field}`);
    return withValueAt(config, path, valueAt(body.config, path));
  }, held);
  const checked = spaceConfigSchema.safeParse(patched);
  if (!checked.success) throw invalidArgument(`Invalid field mask: ${updateMask}`);
  return checked.data;
};
