/** The export calls of the embedded source: what is exported where is the affair of whoever sets `exporter`. */
import { randomBytes } from 'node:crypto';
import type { WireItem } from '@/lib/adapters/ports';
import { clientError, type Json, validationError } from '../dynalite-modules';

export interface AskedExport {
  exportId: string;
  table: string;
  bucket: string;
  prefix: string;
  items: WireItem[];
  atMs: number;
}
/** Writes an export; resolves with the key of its `manifest-summary.json`. */
export type Exporter = (asked: AskedExport) => Promise<string>;

interface Made {
  status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  manifest?: string;
}

export class ExportService {
  exporter: Exporter | null = null;
  readonly #made = new Map<string, Made>();

  constructor(private readonly itemsOf: (table: string) => Promise<WireItem[]>) {}

  describeBackups(): Json {
    const status = this.exporter === null ? 'DISABLED' : 'ENABLED';
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: status,
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: status },
      },
    };
  }

  async start(input: Json): Promise<Json> {
    const { exporter } = this;
    if (exporter === null)
      throw clientError('com.amazonaws.dynamodb.v20120810#PointInTimeRecoveryUnavailableException', 'It is off');
    const table = /:table\/([^/]+)$/.exec(String(input.TableArn))?.[1];
    if (!table || typeof input.S3Bucket !== 'string') throw validationError('TableArn and S3Bucket must be given');
    const exportId = `${Date.now()}-${randomBytes(4).toString('hex')}`;
    const arn = `${input.TableArn}/export/${exportId}`;
    const made: Made = { status: 'IN_PROGRESS' };
    this.#made.set(arn, made);
    const atMs = Date.now();
    const items = await this.itemsOf(table);
    const prefix = typeof input.S3Prefix === 'string' ? input.S3Prefix : '';
    exporter({ exportId, table, bucket: input.S3Bucket, prefix, items, atMs }).then(
      (manifest) => Object.assign(made, { status: 'COMPLETED', manifest }),
      () => Object.assign(made, { status: 'FAILED' }),
    );
    return this.describe({ ExportArn: arn });
  }

  describe(input: Json): Json {
    const made = this.#made.get(String(input.ExportArn));
    if (!made) throw clientError('com.amazonaws.dynamodb.v20120810#ExportNotFoundException', 'There is no such export');
    const { status, manifest } = made;
    const failure = status === 'FAILED' ? { FailureCode: 'S3AccessDenied' } : {};
    return {
      ExportDescription: { ExportArn: input.ExportArn, ExportStatus: status, ExportManifest: manifest, ...failure },
    };
  }
}
