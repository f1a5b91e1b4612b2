/** The routing document of a gateway without Postgres: one file, read at the start and again at SIGHUP. */
import { z } from 'zod';
import { READS, SHARE_MAX_MILLI, WRITES } from '@/lib/domain/plan/stages';

const text = (what: string) => z.string(`give ${what}`).min(1, `give ${what}`);
const ms = (bounds: { min: number; max: number }) =>
  z
    .number('give a number of milliseconds')
    .int('give whole milliseconds')
    .min(bounds.min, `give at least ${bounds.min}`)
    .max(bounds.max, `give at most ${bounds.max}`);

const credentials = z.strictObject(
  {
    accessKeyId: text('the access key id that this store knows (for TerraScale, the API key)'),
    secretAccessKey: z.string('give the secret; TerraScale ignores it, then any text will do'),
    sessionToken: z.string().optional(),
  },
  'give {"accessKeyId": …, "secretAccessKey": …}',
);

const storeFields = {
  endpoint: z
    .string('give the address of the store, such as http://127.0.0.1:8000')
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
      message: 'give an address that begins with http:// or https://',
    }),
  region: text('the region that requests to this store are signed for, such as eu-central-1'),
  credentials,
};

const keyAttribute = z.strictObject({
  name: text('the name of the key attribute'),
  type: z.enum(['S', 'N', 'B'], 'give S, N or B'),
});

export const staticEntry = z
  .strictObject(
    {
      writes: z.enum(WRITES, `give one of ${WRITES.join(', ')}`),
      reads: z.enum(READS, `give one of ${READS.join(', ')}`),
      readShareMilli: z
        .number('give thousandths of a percent, 0 to 100000')
        .int('give a whole number of thousandths of a percent')
        .min(0, 'give 0 to 100000')
        .max(SHARE_MAX_MILLI, 'give 0 to 100000, where 100000 is every key')
        .default(0),
      /** Without it: as a plan would have it, on while the source is the authority and both are written. */
      fallback: z.boolean('give true or false').optional(),
      /** Without it `<table>:v1`. */
      salt: text('a text that buckets are made with').optional(),
      /** Without it the source is asked by DescribeTable. */
      keySchema: z.strictObject({ partition: keyAttribute, sort: keyAttribute.nullable().default(null) }).optional(),
      /** Only where `writes` does not say it: `held` and `refused`. */
      authority: z.enum(['source', 'target'], 'give source or target').optional(),
      /** The table's name on the target where it is another one. */
      targetTableName: text("the table's name on the target").optional(),
      /** True sends Queries of tables with a sort key to the target too: both stores order and page alike. */
      sortOrderProven: z.boolean('give true or false').default(false),
      mirrorWaitMsMax: ms({ min: 0, max: 5_000 }).default(250),
      holdMsMax: ms({ min: 0, max: 60_000 }).default(2_000),
      deltaMs: ms({ min: 100, max: 3_600_000 }).default(120_000),
      storeTimeoutMs: ms({ min: 50, max: 60_000 }).default(5_000),
    },
    'give an object with "writes" and "reads"',
  )
  .superRefine((entry, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    const { writes, reads, readShareMilli, authority } = entry;
    if (readShareMilli > 0 && reads !== 'share') wrong('readShareMilli', 'set "reads" to "share", or leave this out');
    if (reads === 'share' && (writes === 'source' || writes === 'target' || writes === 'target_source')) {
      wrong(
        'reads',
        `a share wants both stores written source first; with "writes": "${writes}" give source or target`,
      );
    }
    if (writes === 'source' && reads !== 'source') wrong('reads', 'the target is not written: give "source"');
    if ((writes === 'target' || writes === 'target_source') && reads !== 'target') {
      wrong('reads', 'the target is the authority: give "target"');
    }
    const isStopped = writes === 'held' || writes === 'refused';
    if (authority !== undefined && !isStopped) wrong('authority', '"writes" says it already: leave this out');
  });
export type StaticEntry = z.infer<typeof staticEntry>;

const applicationKey = z.strictObject(
  {
    application: z.string().default('static'),
    accessKeyId: text('an access key id for the application'),
    secretAccessKey: text('a secret for the application'),
    /** Without them: any table, any operation. */
    tables: z.array(z.string()).nullable().default(null),
    operations: z.array(z.string()).nullable().default(null),
  },
  'give {"accessKeyId": …, "secretAccessKey": …}',
);

export const staticRouting = z
  .strictObject({
    source: z.strictObject(storeFields, 'give {"endpoint": …, "region": …, "credentials": …}'),
    target: z.strictObject(
      { ...storeFields, kind: z.enum(['dynamodb', 'terrascale'], 'give dynamodb or terrascale') },
      'give {"endpoint": …, "region": …, "credentials": …, "kind": …}',
    ),
    tables: z.record(z.string(), staticEntry, 'give {"*": …} for any table, or entries by the name of a table'),
    applicationKeys: z.array(applicationKey, 'give a list of keys').default([]),
    verifySignatures: z.boolean('give true or false').default(true),
    mirrorTableOperations: z.boolean('give true or false').default(false),
    /** Intents and dirty keys; a relative path is one from the working directory. */
    dataDir: text('a directory').optional(),
  })
  .superRefine((document, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (Object.keys(document.tables).length === 0) {
      wrong(['tables'], 'name at least one table, or "*" for any');
    }
    if (document.verifySignatures && document.applicationKeys.length === 0) {
      wrong(['applicationKeys'], 'give at least one key, or set "verifySignatures" to false (on loopback only)');
    }
    const any = document.tables['*'];
    if (any?.targetTableName !== undefined) {
      wrong(['tables', '*', 'targetTableName'], 'many tables cannot have one name: give entries by table');
    }
  });
export type StaticRouting = z.infer<typeof staticRouting>;

/** The name of the entry that stands for every table without one of its own. */
export const ANY_TABLE = '*';
