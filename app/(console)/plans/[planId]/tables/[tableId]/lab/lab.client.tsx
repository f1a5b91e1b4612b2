'use client';

import { useState } from 'react';
import { tableQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { ItemDiff } from '@/app/_ui/kit/item-diff';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { RadioGroup } from '@/app/_ui/primitives/checkbox';
import { TextareaField } from '@/app/_ui/primitives/field';
import type { LabKind, LabResult, LabSide } from '@/lib/contracts/lab';
import type { TableView } from '@/lib/contracts/views';
import { runLab } from './actions';

const KINDS: { value: LabKind; label: string; hint: string }[] = [
  { value: 'condition', label: 'Condition', hint: 'Of a PutItem of the sample.' },
  { value: 'filter', label: 'Filter', hint: 'Of a Query that finds the sample.' },
  { value: 'update', label: 'Update', hint: 'Of an UpdateItem of the sample.' },
];
const WORD: Record<LabSide['outcome'], string> = {
  held: 'The condition holds',
  failed: 'The condition fails',
  matched: 'The filter lets the item through',
  not_matched: 'The filter keeps the item back',
  applied: 'The update was applied',
  refused: 'Refused',
  unknown: 'Not known what became of it',
};
const EMPTY = { kind: 'condition' as LabKind, expression: '', condition: '', names: '', values: '', item: '' };

/** An expression of the application and a sample item, run on both stores in a scratch key. */
export function Lab({ tableId }: { tableId: string }) {
  const query = useView(tableQuery(tableId));
  return query.data ? <LabForm table={query.data} /> : <ViewMissing query={query} what="the table" />;
}

function LabForm({ table }: { table: TableView }) {
  const { act, isPending, failure } = useAct();
  const [draft, setDraft] = useState(EMPTY);
  const [result, setResult] = useState<LabResult | null>(null);
  const change = (part: Partial<typeof EMPTY>) => setDraft((was) => ({ ...was, ...part }));
  const run = async () => {
    setResult(null);
    const done = await act(() => runLab({ tableId: table.tableId, ...draft }));
    if (done.ok) setResult(done.data);
  };
  const isPlanned = table.stage === 'planned';
  return (
    <div className="flex flex-col gap-4">
      <Card
        title="Condition lab"
        note="Runs one expression with one sample item on DynamoDB and on TerraScale and shows both results."
      >
        {isPlanned ? null : (
          <div className="mb-4">
            <Banner tone="idle" title="The table is under way">
              The lab writes past the gateways, so it is open only while the table is planned.
            </Banner>
          </div>
        )}
        <form
          noValidate
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <FormError failure={failure} />
          <RadioGroup
            aria-label="Kind of expression"
            value={draft.kind}
            onValueChange={(kind) => change({ kind: kind as LabKind })}
            choices={KINDS}
          />
          <Fields draft={draft} change={change} errors={failure?.fields ?? {}} />
          <p className="max-w-measure text-caption text-muted">
            The sample is written to both stores under a key that begins with landfall-probe-, and deleted again. What
            reads the stream of the DynamoDB table sees it pass.
          </p>
          <Button type="submit" variant="primary" className="self-start" isPending={isPending} disabled={!isPlanned}>
            Run on both sides
          </Button>
        </form>
      </Card>
      {result ? <Result result={result} /> : null}
    </div>
  );
}

interface FieldsProps {
  draft: typeof EMPTY;
  change: (part: Partial<typeof EMPTY>) => void;
  errors: Record<string, readonly string[] | undefined>;
}

function Fields({ draft, change, errors }: FieldsProps) {
  const field = (name: keyof typeof EMPTY, label: string, hint: string, isOptional = true) => (
    <TextareaField
      key={name}
      name={name}
      label={label}
      hint={hint}
      isOptional={isOptional}
      className="font-mono"
      spellCheck={false}
      value={draft[name]}
      onChange={(event) => change({ [name]: event.target.value })}
      error={errors[name]}
    />
  );
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {field('expression', 'Expression', 'As the application sends it, such as #s = :open', false)}
      {draft.kind === 'update' ? field('condition', 'Condition', 'Of the same update.') : null}
      {field('names', 'Names', '{"#s": "status"}')}
      {field('values', 'Values', '{":open": {"S": "open"}}')}
      {field('item', 'Sample item', '{"status": {"S": "open"}}, without its key. Empty: no item is there.')}
    </div>
  );
}

function Result({ result }: { result: LabResult }) {
  const { source, target, isEqual, rows } = result;
  const left = [source, target].filter((side) => !side.isClean).length;
  return (
    <Card title="Both results">
      <div className="flex flex-col gap-4" role="status">
        <Banner
          tone={isEqual ? 'ok' : 'bad'}
          title={isEqual ? 'Both sides do the same' : 'The sides do not do the same'}
        />
        {left > 0 ? (
          <Banner tone="warn" title="The probe item may still be there">
            It was not read as gone on {left === 2 ? 'both sides' : source.isClean ? 'TerraScale' : 'DynamoDB'}; its
            partition key begins with landfall-probe-.
          </Banner>
        ) : null}
        <div className="grid gap-4 sm:grid-cols-2">
          <Side title="DynamoDB" side={source} />
          <Side title="TerraScale" side={target} />
        </div>
        <ItemDiff rows={rows} isMasked={false} label="The item afterwards on both sides" />
      </div>
    </Card>
  );
}

const Side = ({ title, side }: { title: string; side: LabSide }) => (
  <section aria-label={title} className="min-w-0">
    <h3 className="font-medium text-caption text-muted">{title}</h3>
    <p className="font-medium text-data">{WORD[side.outcome]}.</p>
    {side.detail ? <p className="break-words font-mono text-caption text-text-2">{side.detail}</p> : null}
    {side.image === null ? <p className="text-caption text-muted">No item was there afterwards.</p> : null}
  </section>
);
