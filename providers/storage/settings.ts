/** Defines the settings and environment variables of the storage of recordings. */
import { z } from 'zod';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import { notEmpty, variableMetadata, webAddress } from '../../foundation/configuration/variable-types.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Undefined: the public address of S3 in the region. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket is in the path of addresses, and not in their host. */
  readonly usesPathStyle: boolean;
  /** Undefined: the role of the machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** `bucket_key`: a key that S3 manages. Undefined: as the bucket is configured. */
  readonly encryption?:
    | { readonly kind: 'bucket_key' }
    | { readonly kind: 'kms'; readonly keyId: string }
    | undefined;
}

export type StorageSettings =
  | { readonly kind: 'file_system'; readonly directory: string }
  | ({ readonly kind: 's3' } & S3Settings);

const group = 'Storage of recordings';

export const storageVariables = {
  shape: {
    STORAGE_DIRECTORY: notEmpty().register(variableMetadata, {
      group,
      about:
        'The directory in which recordings are stored, unless S3_BUCKET is set. All workers and API processes must see the same directory.',
      form: 'a path, such as /var/lib/castmatch/recordings',
    }),
    S3_BUCKET: notEmpty().optional().register(variableMetadata, {
      group,
      about: 'The bucket in which recordings are stored. Unset, they are stored in STORAGE_DIRECTORY.',
      form: 'the name of a bucket',
    }),
    S3_REGION: notEmpty().register(variableMetadata, {
      group,
      about: 'The region of the bucket.',
      form: 'a region, such as eu-central-1',
    }),
    S3_ENDPOINT: webAddress().optional().register(variableMetadata, {
      group,
      about: 'The address of the server, if it is not that of AWS.',
      form: 'an address such as https://s3.example.com',
    }),
    S3_PATH_STYLE: z.stringbool({ truthy: ['true'], falsy: ['false'] }).register(variableMetadata, {
      group,
      about:
        'Whether the bucket is in the path of addresses, as most servers other than that of AWS need it.',
      form: 'true or false',
    }),
    S3_ACCESS_KEY_ID: notEmpty().optional().register(variableMetadata, {
      group,
      about: 'The access key for the bucket. Unset, the role of the machine is used.',
      form: 'an access key id',
    }),
    S3_SECRET_ACCESS_KEY: notEmpty().optional().register(variableMetadata, {
      group,
      about: 'The secret of S3_ACCESS_KEY_ID. Set both together.',
      form: 'a secret access key',
      secret: true,
    }),
    S3_ENCRYPTION: z
      .string()
      .regex(/^(none|AES256|aws:kms:\S+)$/)
      .register(variableMetadata, {
        group,
        about:
          'The server-side encryption of new objects: `AES256` with a key of S3, `aws:kms:` and the id of a key, `none` as the bucket is configured.',
        form: 'none, AES256, or aws:kms: and the id or ARN of a key',
      }),
  },
  everywhere: {
    STORAGE_DIRECTORY: '.data/recordings',
    S3_REGION: 'us-east-1',
    S3_PATH_STYLE: 'false',
    S3_ENCRYPTION: 'none',
  },
  webAddresses: ['S3_ENDPOINT'],
  pairs: [['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof storageVariables.shape>>;

/** Returns the settings from the parsed variables. */
export const storageSettingsOf = (set: Set): StorageSettings => {
  if (set.S3_BUCKET === undefined) return { kind: 'file_system', directory: set.STORAGE_DIRECTORY };
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = set;
  return {
    kind: 's3',
    bucket: set.S3_BUCKET,
    region: set.S3_REGION,
    endpoint: set.S3_ENDPOINT,
    usesPathStyle: set.S3_PATH_STYLE,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    encryption: encryptionOf(set.S3_ENCRYPTION),
  };
};

const kmsPrefix = 'aws:kms:';

const encryptionOf = (value: string): S3Settings['encryption'] => {
  if (value === 'AES256') return { kind: 'bucket_key' };
  return value.startsWith(kmsPrefix) ? { kind: 'kms', keyId: value.slice(kmsPrefix.length) } : undefined;
};
