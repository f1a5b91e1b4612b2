import { z } from 'zod';
import { STORE_KINDS } from '@/lib/domain/store-kind';

/** What a person gives to make or change a connection. A secret is write-only: it never comes back to a browser. */
const limit = (max: number) => z.coerce.number('A number.').int('A whole number.').min(1, 'At least 1.').max(max);

export const connectionLimits = z.object({
  requestsPerSecond: limit(1_000_000),
  itemsPerSecond: limit(10_000_000),
  readUnitsPerSecond: limit(10_000_000).nullable(),
  requestsPerMonth: limit(1_000_000_000_000).nullable(),
  liveReserveMilli: z.coerce.number('A number.').int().min(0, 'At least 0 %.').max(90_000, 'At most 90 %.'),
});

const connectionFields = {
  name: z.string().trim().min(1, 'Give it a name.').max(80, 'At most 80 characters.'),
  kind: z.enum(STORE_KINDS, 'DynamoDB, TerraScale, or TerraScale over REST.'),
  endpoint: z.string().trim().min(1, 'Give the address of the endpoint.').max(500, 'At most 500 characters.'),
  region: z
    .string()
    .trim()
    .regex(/^[a-z0-9-]{1,40}$/, 'A region such as eu-central-1.'),
  accessKeyId: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,256}$/, 'An access key id without spaces.'),
  /** TerraScale ignores it; DynamoDB signs with it. */
  secretAccessKey: z.string().max(512, 'At most 512 characters.'),
  sessionToken: z.string().max(4_096, 'At most 4,096 characters.').optional(),
  mayCreateTables: z.coerce.boolean(),
  limits: connectionLimits.optional(),
  /** A service that can make a key read-only or revoke it; without one a person does. */
  issuer: z
    .object({ url: z.string().trim().min(1).max(500), token: z.string().min(1).max(512) })
    .nullable()
    .optional(),
};

export const connectionInput = z.object({
  ...connectionFields,
  secretAccessKey: connectionFields.secretAccessKey.default(''),
  mayCreateTables: connectionFields.mayCreateTables.default(false),
});
export type ConnectionInput = z.input<typeof connectionInput>;

/** A change: what is left out stays as it is; so it is built on fields without defaults, which `partial` would fill in. */
export const connectionChange = z.object(connectionFields).partial().extend({
  connectionId: z.string(),
  version: z.coerce.number().int(),
});
export type ConnectionChange = z.input<typeof connectionChange>;

/** TerraScale Pro as published. */
const PRO_LIMITS = {
  requestsPerSecond: 1_000,
  itemsPerSecond: 5_000,
  readUnitsPerSecond: null,
  requestsPerMonth: 1_000_000,
  liveReserveMilli: 30_000,
} as const;

export const DEFAULT_LIMITS = {
  dynamodb: {
    requestsPerSecond: 1_000,
    itemsPerSecond: 5_000,
    readUnitsPerSecond: 3_000,
    requestsPerMonth: null,
    liveReserveMilli: 30_000,
  },
  terrascale: PRO_LIMITS,
  terrascale_rest: PRO_LIMITS,
} as const;
