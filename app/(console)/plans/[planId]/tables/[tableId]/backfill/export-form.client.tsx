'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { RadioGroup } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import { chooseExport, startExport } from './source-actions';

interface Props {
  tableId: string;
  verb: 'choose' | 'start';
  folderMissing: string | null;
  onDone(): void;
}

/** Where an export lies, or is to lie. What was typed stays when it is refused. */
export function ExportForm({ tableId, verb, folderMissing, onDone }: Props) {
  const { act, isPending, failure } = useAct();
  const [kind, setKind] = useState<'bucket' | 'folder'>('bucket');
  const [typed, setTyped] = useState({ path: '', bucket: '', region: '', endpoint: '', prefixes: '' });
  const fields: Record<string, readonly string[] | string> = !failure ? {} : (failure.fields ?? {});
  const text = (name: keyof typeof typed, label: string, hint?: string) => (
    <TextField
      className="max-w-xl"
      label={label}
      hint={hint}
      autoComplete="off"
      error={fields[`place.${name}`] ?? fields[name]}
      value={typed[name]}
      onValueChange={(value) => setTyped({ ...typed, [name]: value })}
    />
  );
  const { bucket, region, endpoint } = typed;
  const send = async () => {
    const place = kind === 'folder' ? { kind, path: typed.path } : { kind, bucket, region, endpoint };
    const prefixes = typed.prefixes.split(/[\s,]+/).filter((one) => one !== '');
    const answer = await act<unknown>((idempotencyKey) =>
      verb === 'choose'
        ? chooseExport({ tableId, place, prefixes, idempotencyKey })
        : startExport({ tableId, bucket, region, endpoint, prefix: typed.prefixes, idempotencyKey }),
    );
    if (answer.ok) onDone();
  };
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <FormError failure={failure} />
      {verb === 'choose' ? (
        <RadioGroup
          aria-label="Where the export lies"
          className="grid gap-2 sm:grid-cols-2"
          value={kind}
          onValueChange={(value) => setKind(value as typeof kind)}
          choices={[
            { value: 'bucket', label: 'In a bucket', hint: 'Read with the key of the source connection.' },
            {
              value: 'folder',
              label: 'In a folder of this machine',
              hint: folderMissing ?? 'Below LANDFALL_EXPORT_DIR.',
              isDisabled: folderMissing !== null,
            },
          ]}
        />
      ) : null}
      {kind === 'folder' && verb === 'choose' ? (
        text('path', 'Folder', 'What a bucket would be; . is the folder of LANDFALL_EXPORT_DIR itself.')
      ) : (
        <>
          {text('bucket', 'Bucket')}
          {text('region', 'Region', 'Such as eu-central-1.')}
          {text('endpoint', 'Endpoint', "Only for a compatible store; empty for Amazon's own.")}
        </>
      )}
      {verb === 'choose'
        ? text(
            'prefixes',
            'Exports',
            'Folders that hold manifest-summary.json: one full export, and the incremental ones after it, with spaces between.',
          )
        : text('prefixes', 'Prefix', 'Where it is written inside the bucket; may be empty.')}
      <Button type="submit" variant="primary" className="self-start" isPending={isPending}>
        {verb === 'choose' ? 'Check it and use it' : 'Ask for the export'}
      </Button>
    </form>
  );
}
