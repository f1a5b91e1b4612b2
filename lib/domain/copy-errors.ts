/** Errors of exports and runs; part of the catalogue in errors.ts. */
import type { ErrorEntry } from './errors';

export const COPY_ERRORS = {
  'export.unreadable': {
    http: 422,
    retry: false,
    title: 'The export cannot be used as it lies there',
    check: [
      'The sentence names the object and what is wrong with it.',
      'The folder to name is the one that holds manifest-summary.json.',
      'The key of the source connection must be allowed s3:GetObject on it.',
      'An object that is not what its manifest says cannot be mended: make the export again.',
    ],
  },
  'export.refused': {
    http: 422,
    retry: true,
    title: 'DynamoDB does not make this export',
    check: [
      'Exports need point-in-time recovery on the table.',
      'The key needs dynamodb:ExportTableToPointInTime, dynamodb:DescribeExport, dynamodb:DescribeContinuousBackups and s3:PutObject.',
    ],
  },
  'run.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such run',
    check: ['The table page lists its runs.', 'The address may be old.'],
  },
  'run.already_running': {
    http: 409,
    retry: false,
    title: 'A run of this kind is not finished',
    check: ['Wait for it, pause it or cancel it.', 'The table page shows its progress.'],
  },
  'run.not_running': {
    http: 409,
    retry: false,
    title: 'The run is not in a state that allows this',
    check: ['Reload: it may have ended.', 'A finished run cannot be resumed; start another.'],
  },
} as const satisfies Record<string, ErrorEntry>;
