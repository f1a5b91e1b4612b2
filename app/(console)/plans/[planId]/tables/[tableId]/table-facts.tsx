import { formatBytes, formatCount, formatDuration } from '@/app/_ui/kit/format';
import { KeyValues } from '@/app/_ui/kit/key-values';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Card } from '@/app/_ui/primitives/card';
import type { TableView } from '@/lib/contracts/views';
import { sayMappings } from '@/lib/domain/mapping/check';
import { GuardrailList } from './guardrail-list.client';

/** Guardrails with their numbers, and what is known of the table itself. */
export function TableFacts({ table }: { table: TableView }) {
  return (
    <div className="grid items-start gap-3 rail:grid-cols-2">
      <Card title="Guardrails" note="What has no data holds a move forward; it never counts as green.">
        <GuardrailList table={table} />
      </Card>
      <Card title="The table">
        <KeyValues items={factsOf(table)} />
      </Card>
    </div>
  );
}

function factsOf(table: TableView) {
  const { keySchema, shape, settings, backup } = table;
  const key = [keySchema.partition, keySchema.sort].filter((part) => part !== null);
  return [
    { label: 'Name on TerraScale', value: <code className="font-mono text-caption">{table.targetName}</code> },
    {
      label: 'Key',
      value: (
        <code className="font-mono text-caption">{key.map((part) => `${part.name} (${part.type})`).join(', ')}</code>
      ),
    },
    {
      label: 'Items',
      value: `about ${formatCount(shape.itemCount)}, ${formatBytes(shape.sizeBytes)}`,
      note: <TimeAgo at={shape.at} />,
    },
    { label: 'Time to live', value: shape.ttlAttribute ?? 'none' },
    {
      label: 'Mapped on the way',
      value: sayMappings(table.mapping.chosen) || 'nothing',
      note: table.mapping.chosen.length > 0 ? 'writes stay with DynamoDB first' : undefined,
    },
    { label: 'Indexes', value: shape.indexes.map((index) => `${index.name} (${index.kind})`).join(', ') || 'none' },
    { label: 'Stream', value: shape.streamView ?? 'none' },
    {
      label: 'Routing',
      value: `epoch ${formatCount(table.epoch)}`,
      note: `writes: ${table.writes.replace(/_/g, ', then ')}`,
    },
    {
      label: 'Profile',
      value: settings.profile,
      note: `Δ ${formatDuration(settings.deltaMs)}, hold ${formatDuration(settings.holdMsMax)}, mirror wait ${formatDuration(settings.mirrorWaitMsMax)}`,
    },
    ...(backup
      ? [
          {
            label: 'Backup until',
            value: <TimeAgo at={backup.untilAt} />,
            note: `${formatCount(backup.sourceTraffic)} requests reached DynamoDB since; refusal of writes ${backup.sourceRefusalProvenAt ? 'proven' : 'not proven yet'}`,
          },
        ]
      : []),
  ];
}
