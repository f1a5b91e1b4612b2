'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Checkbox } from '@/app/_ui/primitives/checkbox';
import { Field, TextField } from '@/app/_ui/primitives/field';
import { Select } from '@/app/_ui/primitives/select';
import type { MappingCandidateView, TableView } from '@/lib/contracts/views';
import { MAPPING_WORDS, sayMappings } from '@/lib/domain/mapping/check';
import { MAPPING_KINDS, type Mapping, type MappingKind, type Mappings } from '@/lib/domain/mapping/mapping';
import { setMappings } from './tables/[tableId]/assess-actions';

const KINDS = MAPPING_KINDS.map((value) => {
  const { label, from, to } = MAPPING_WORDS[value];
  return { value, label, hint: `${from} becomes ${to}` };
});

/** Attributes that may have another form on TerraScale: what the sample suggests, what is chosen, any other by name. */
export function MappedAttributes({ table, level }: { table: TableView; level: 2 | 3 }) {
  const { mapping } = table;
  return (
    <Card
      level={level}
      title="Mapped attributes"
      note="Off unless chosen. A number that counts from 1970 becomes an ISO 8601 date on TerraScale, exactly and back again; the application goes on seeing the number."
    >
      {table.stage === 'planned' ? (
        <Choice table={table} />
      ) : (
        <p className="text-data">
          {mapping.chosen.length === 0 ? 'Nothing is mapped.' : `${sayMappings(mapping.chosen)}.`}{' '}
          <span className="text-muted">Chosen while a table is planned; abandon it to choose anew.</span>
        </p>
      )}
    </Card>
  );
}

function Choice({ table }: { table: TableView }) {
  const { act, isPending, failure } = useAct();
  const { chosen: before, candidates } = table.mapping;
  const [chosen, setChosen] = useState<Mappings>(before);
  const suggested = candidates ?? [];
  const others = chosen.filter((one) => !suggested.some((each) => isSame(each, one)));
  const set = (mapping: Mapping, isOn: boolean) => {
    const rest = chosen.filter((one) => one.attribute !== mapping.attribute);
    setChosen(isOn ? [...rest, mapping] : rest);
  };
  const save = () =>
    act((idempotencyKey) =>
      setMappings({ tableId: table.tableId, version: table.version, mappings: [...chosen], idempotencyKey }),
    );
  const isChanged = JSON.stringify(sorted(chosen)) !== JSON.stringify(sorted(before));
  return (
    <div className="flex flex-col gap-3">
      <FormError failure={failure} />
      {candidates === null ? (
        <p className="text-data text-muted">Assess the table to see which attributes look like epoch numbers.</p>
      ) : suggested.length === 0 ? (
        <p className="text-data text-muted">No attribute of the sample looks like an epoch number.</p>
      ) : null}
      {suggested.length + others.length > 0 ? (
        <fieldset className="flex min-w-0 flex-col gap-2">
          <legend className="sr-only">Attributes of {table.name} to map</legend>
          {suggested.map((one) => (
            <Checkbox
              key={`${one.attribute} ${one.kind}`}
              checked={chosen.some((each) => isSame(each, one))}
              onCheckedChange={(isOn) => set({ attribute: one.attribute, kind: one.kind }, isOn)}
              label={<Name of={one} />}
              hint={evidenceOf(one)}
            />
          ))}
          {others.map((one) => (
            <Checkbox
              key={`${one.attribute} ${one.kind}`}
              checked
              onCheckedChange={() => set(one, false)}
              label={<Name of={one} />}
              hint="Not suggested by the sample."
            />
          ))}
        </fieldset>
      ) : null}
      <Another onAdd={(mapping) => set(mapping, true)} />
      {chosen.length > 0 ? (
        <Banner tone="warn" title="With a mapping, DynamoDB stays the one that is written first">
          The table is copied, kept equal and read from TerraScale, but writes are never flipped: conditions and updates
          of the application name a number where TerraScale has a date. Queries that filter by a mapped attribute stay
          with DynamoDB.
        </Banner>
      ) : null}
      <div>
        <Button isPending={isPending} disabled={!isChanged} onClick={save}>
          {chosen.length === 0 ? 'Map nothing' : `Map ${formatCount(chosen.length)} of the attributes`}
        </Button>
      </div>
    </div>
  );
}

/** Any attribute by its name: the sample may have missed it. */
function Another({ onAdd }: { onAdd: (mapping: Mapping) => void }) {
  const [attribute, setAttribute] = useState('');
  const [kind, setKind] = useState<MappingKind>('epoch_seconds');
  return (
    <div className="flex flex-wrap items-end gap-2">
      <TextField
        className="w-56 max-w-full"
        label="Another attribute"
        value={attribute}
        onValueChange={(value) => setAttribute(value)}
      />
      <Field label="Its form" className="w-72 max-w-full">
        <Select
          aria-label="Its form"
          className="w-full"
          choices={KINDS}
          value={kind}
          onValueChange={(value) => setKind(value ?? 'epoch_seconds')}
        />
      </Field>
      <Button
        disabled={attribute === ''}
        onClick={() => {
          onAdd({ attribute, kind });
          setAttribute('');
        }}
      >
        Add it
      </Button>
    </div>
  );
}

const Name = ({ of }: { of: Mapping }) => (
  <>
    <code className="break-all font-mono text-caption">{of.attribute}</code>: {MAPPING_WORDS[of.kind].label}
  </>
);

const isSame = (a: Mapping, b: Mapping): boolean => a.attribute === b.attribute && a.kind === b.kind;
const sorted = (mappings: Mappings): Mappings =>
  mappings.toSorted((a, b) => (a.attribute < b.attribute ? -1 : 1)).map(({ attribute, kind }) => ({ attribute, kind }));

function evidenceOf({ samples, from, to }: MappingCandidateView): string {
  const seen = `All ${formatCount(samples)} sampled values are such numbers`;
  if (from === null || to === null) return `${seen}.`;
  return `${seen}: ${from.slice(0, 10)} to ${to.slice(0, 10)}.`;
}
