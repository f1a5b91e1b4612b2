'use client';

import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Checkbox } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import type { DraftTable } from './draft';
import type { StepProps } from './strategy-step.client';

const WAVE_MAX = 50;

/** What moves, under which name on the target and, in an incremental plan, in which wave. */
export function ChosenTables({ draft, change }: StepProps) {
  const { tables } = draft;
  const set = (at: number, next: Partial<DraftTable>) =>
    change({ tables: tables.map((table, index) => (index === at ? { ...table, ...next } : table)) });
  const isIncremental = draft.strategy === 'incremental';
  return (
    <Card
      level={3}
      title={`Chosen: ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}`}
      note={
        isIncremental
          ? 'Waves say the order in which you mean to move the tables. Landfall keeps the order on screen and leaves the beginning of each to you.'
          : undefined
      }
    >
      {tables.length === 0 ? (
        <p className="text-data text-muted">Choose at least one.</p>
      ) : (
        <ol className="flex flex-col">
          {tables.map((table, index) => (
            <li
              key={table.name}
              className="flex flex-wrap items-end gap-x-4 gap-y-2 border-border border-b py-2 last:border-b-0"
            >
              <span className="min-w-32 flex-1 self-center break-all font-medium">{table.name}</span>
              <TextField
                className="w-56"
                label={
                  <>
                    Name on TerraScale<span className="sr-only"> of {table.name}</span>
                  </>
                }
                placeholder={table.name}
                autoComplete="off"
                value={table.targetName}
                onValueChange={(targetName) => set(index, { targetName })}
              />
              {draft.strategy === 'big_bang' ? null : (
                <Checkbox
                  className="self-center"
                  checked={table.liveChannel === 'gateway_stream'}
                  onCheckedChange={(isOn) => set(index, { liveChannel: isOn ? 'gateway_stream' : 'gateway' })}
                  label={
                    <>
                      Read its stream too<span className="sr-only"> ({table.name})</span>
                    </>
                  }
                  hint="Where writers may bypass the gateways. Reads keys of both stores for every write."
                />
              )}
              {isIncremental ? <Wave table={table} setWave={(wave) => set(index, { wave })} /> : null}
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Leave ${table.name} out`}
                onClick={() => change({ tables: tables.filter((_, at) => at !== index) })}
              >
                <X aria-hidden />
              </Button>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function Wave({ table, setWave }: { table: DraftTable; setWave: (wave: number) => void }) {
  return (
    <span className="flex items-center gap-1 self-center">
      <Button
        variant="ghost"
        size="icon-sm"
        disabled={table.wave <= 1}
        aria-label={`Move ${table.name} to wave ${table.wave - 1}`}
        onClick={() => setWave(table.wave - 1)}
      >
        <ArrowUp aria-hidden />
      </Button>
      <span className="w-16 text-center text-data">wave {table.wave}</span>
      <Button
        variant="ghost"
        size="icon-sm"
        disabled={table.wave >= WAVE_MAX}
        aria-label={`Move ${table.name} to wave ${table.wave + 1}`}
        onClick={() => setWave(table.wave + 1)}
      >
        <ArrowDown aria-hidden />
      </Button>
    </span>
  );
}
