/** Exports of a table as DynamoDB makes them. No read units, no effect on the table, and no bound on the time it takes. */
import type { StoreWire } from '../ports';
import { type Answer, type CallOptions, call, isJson, undecodable } from './call';

export interface ExportDescription {
  arn: string;
  status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  /** Key of `manifest-summary.json` once it is complete. */
  manifest: string | null;
  failure: string | null;
}

/** Whether point-in-time recovery is on; exports need it. */
export async function describeRecovery(
  wire: StoreWire,
  table: string,
  options: CallOptions = {},
): Promise<Answer<boolean>> {
  const answer = await call(wire, { operation: 'DescribeContinuousBackups', input: { TableName: table } }, options);
  if (answer.kind !== 'ok') return answer;
  const backups = answer.value.ContinuousBackupsDescription;
  const recovery = isJson(backups) ? backups.PointInTimeRecoveryDescription : null;
  if (!isJson(recovery)) return undecodable('DescribeContinuousBackups');
  return { kind: 'ok', value: recovery.PointInTimeRecoveryStatus === 'ENABLED' };
}

export interface ExportRequest {
  tableArn: string;
  bucket: string;
  prefix: string;
  /** Eight hours long the same token asks for the same export. */
  clientToken: string;
}

export async function exportTable(
  wire: StoreWire,
  request: ExportRequest,
  options: CallOptions = {},
): Promise<Answer<ExportDescription>> {
  const input = {
    TableArn: request.tableArn,
    S3Bucket: request.bucket,
    S3Prefix: request.prefix === '' ? undefined : request.prefix,
    ClientToken: request.clientToken,
    ExportFormat: 'DYNAMODB_JSON',
    ExportType: 'FULL_EXPORT',
  };
  const answer = await call(wire, { operation: 'ExportTableToPointInTime', input }, options);
  if (answer.kind !== 'ok') return answer;
  return describedBy(answer.value.ExportDescription, 'ExportTableToPointInTime');
}

export async function describeExport(
  wire: StoreWire,
  arn: string,
  options: CallOptions = {},
): Promise<Answer<ExportDescription>> {
  const answer = await call(wire, { operation: 'DescribeExport', input: { ExportArn: arn } }, options);
  if (answer.kind !== 'ok') return answer;
  return describedBy(answer.value.ExportDescription, 'DescribeExport');
}

function describedBy(raw: unknown, operation: string): Answer<ExportDescription> {
  if (!isJson(raw) || typeof raw.ExportArn !== 'string') return undecodable(operation);
  const status = raw.ExportStatus;
  if (status !== 'IN_PROGRESS' && status !== 'COMPLETED' && status !== 'FAILED') return undecodable(operation);
  const failure = typeof raw.FailureCode === 'string' ? raw.FailureCode : null;
  const manifest = typeof raw.ExportManifest === 'string' ? raw.ExportManifest : null;
  return { kind: 'ok', value: { arn: raw.ExportArn, status, manifest, failure } };
}
