import { z } from 'zod';
import { EXPORTS_MAX } from '@/lib/domain/export/export';

const bucket = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'A bucket: 3 to 63 of a-z, 0-9, dots and hyphens.');
const region = z
  .string()
  .trim()
  .regex(/^[a-z0-9-]{2,40}$/, 'A region, such as eu-central-1.');
const endpoint = z.string().trim().max(300, 'At most 300 characters.').default('');
const prefix = z.string().trim().max(900, 'At most 900 characters.');

export const exportChoice = z.object({
  tableId: z.string().min(1),
  place: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('folder'), path: z.string().trim().min(1, 'Name the folder.').max(1_000, 'Too long.') }),
    z.object({ kind: z.literal('bucket'), bucket, region, endpoint }),
  ]),
  /** Folders of exports inside the place, each with its `manifest-summary.json`: one full, any incremental after it. */
  prefixes: z.array(prefix).min(1, 'Name at least one export.').max(EXPORTS_MAX, `At most ${EXPORTS_MAX} exports.`),
});
export type ExportChoice = z.input<typeof exportChoice>;

export const exportStart = z.object({
  tableId: z.string().min(1),
  bucket,
  region,
  endpoint,
  prefix: prefix.default(''),
});
export type ExportStart = z.input<typeof exportStart>;
