'use client';

import { Lock } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { parseShareMilli } from '@/lib/domain/units';
import { cn } from '../cn';
import { TextField } from '../primitives/field';
import { formatShare } from './format';
import {
  highestStopWithin,
  nextStop,
  positionOf,
  previousStop,
  SHARE_MILLI_MAX,
  STOPS_MILLI,
  shareAt,
} from './share-scale';

interface ShareSliderProps {
  /** What the slider sets: "Read share of orders". */
  label: string;
  draftMilli: number;
  onDraft: (milli: number) => void;
  desiredMilli: number;
  /** Counted by gateways; null while there are no reads. */
  observedMilli: number | null;
  /** The highest share that the gates allow now. A draft above it can be made, and its plan says why it is refused. */
  allowedMilliMax: number;
  /** How many gateways act on the desired share, and the names of those that do not yet. */
  acknowledgement?: { acknowledged: number; registered: number; lagging: readonly string[] };
  isDisabled?: boolean;
  className?: string;
}

/** Filled is observed, the hollow thumb is a draft. Releasing the mouse commits nothing. */
export function ShareSlider(props: ShareSliderProps) {
  return (
    <div className={cn('flex flex-col gap-3', props.className)}>
      <Track {...props} />
      <div className="flex flex-wrap items-end gap-x-6 gap-y-2">
        <ShareField {...props} />
        <dl className="flex flex-wrap gap-x-6 gap-y-1 text-data">
          <Reading name="Draft" value={formatShare(props.draftMilli)} />
          <Reading name="Desired" value={formatShare(props.desiredMilli)} />
          {props.acknowledgement ? <Acknowledged {...props.acknowledgement} /> : null}
          <Reading
            name="Observed"
            value={props.observedMilli === null ? 'no reads yet' : formatShare(props.observedMilli)}
          />
        </dl>
      </div>
    </div>
  );
}

const Reading = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt className="text-caption text-muted">{name}</dt>
    <dd className="font-medium">{value}</dd>
  </div>
);

function Acknowledged({ acknowledged, registered, lagging }: NonNullable<ShareSliderProps['acknowledgement']>) {
  const isLagging = acknowledged < registered;
  return (
    <div>
      <dt className="text-caption text-muted">Acknowledged</dt>
      <dd className={cn('font-medium', isLagging && 'text-warn-fg')}>
        {acknowledged} of {registered}
        {isLagging ? <span className="block text-caption">waiting for {lagging.join(', ') || 'a gateway'}</span> : null}
      </dd>
    </div>
  );
}

function Track({ label, draftMilli, onDraft, observedMilli, allowedMilliMax, isDisabled = false }: ShareSliderProps) {
  const track = useRef<HTMLDivElement>(null);
  const thumb = useRef<HTMLDivElement>(null);
  const drag = (clientX: number) => {
    const box = track.current?.getBoundingClientRect();
    if (box && box.width > 0) onDraft(shareAt((clientX - box.left) / box.width));
  };
  const keys: Record<string, () => number> = {
    ArrowRight: () => nextStop(draftMilli),
    ArrowUp: () => nextStop(draftMilli),
    PageUp: () => nextStop(draftMilli),
    ArrowLeft: () => previousStop(draftMilli),
    ArrowDown: () => previousStop(draftMilli),
    PageDown: () => previousStop(draftMilli),
    Home: () => 0,
    End: () => highestStopWithin(allowedMilliMax),
  };
  const says = `Draft ${formatShare(draftMilli)} of keys read from TerraScale; observed ${
    observedMilli === null ? 'no reads yet' : formatShare(observedMilli)
  }; highest allowed ${formatShare(allowedMilliMax)}`;
  return (
    <div className="px-3 pt-2">
      <div
        ref={track}
        className={cn('relative h-6 touch-none', isDisabled ? 'cursor-not-allowed' : 'cursor-pointer')}
        onPointerDown={(event) => {
          if (isDisabled || event.button !== 0) return;
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          thumb.current?.focus();
          drag(event.clientX);
        }}
        onPointerMove={(event) => {
          if (!isDisabled && event.currentTarget.hasPointerCapture(event.pointerId)) drag(event.clientX);
        }}
      >
        <div className="absolute top-2 right-0 left-0 h-2 rounded-full border border-control bg-source/25" />
        <div
          className="absolute top-2 left-0 h-2 rounded-full bg-target"
          style={{ width: `${positionOf(observedMilli ?? 0) * 100}%` }}
        />
        <div
          ref={thumb}
          role="slider"
          tabIndex={isDisabled ? -1 : 0}
          aria-label={label}
          aria-disabled={isDisabled || undefined}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={SHARE_MILLI_MAX / 1_000}
          aria-valuenow={draftMilli / 1_000}
          aria-valuetext={says}
          onKeyDown={(event) => {
            const move = keys[event.key];
            if (!move || isDisabled) return;
            event.preventDefault();
            onDraft(move());
          }}
          className={cn(
            'absolute top-0 size-6 -translate-x-1/2 rounded-full border-[3px] bg-surface',
            isDisabled ? 'border-control' : 'border-target',
          )}
          style={{ left: `${positionOf(draftMilli) * 100}%` }}
        />
      </div>
      <Stops draftMilli={draftMilli} onDraft={onDraft} allowedMilliMax={allowedMilliMax} isDisabled={isDisabled} />
    </div>
  );
}

function Stops({
  draftMilli,
  onDraft,
  allowedMilliMax,
  isDisabled,
}: Pick<ShareSliderProps, 'draftMilli' | 'onDraft' | 'allowedMilliMax' | 'isDisabled'>) {
  return (
    <div className="relative mt-1 h-7">
      {STOPS_MILLI.map((stop) => (
        <button
          key={stop}
          type="button"
          disabled={isDisabled}
          aria-pressed={stop === draftMilli}
          aria-label={`Draft ${formatShare(stop)}${stop > allowedMilliMax ? ', not allowed yet' : ''}`}
          onClick={() => onDraft(stop)}
          className={cn(
            'absolute inline-flex h-6 min-w-6 -translate-x-1/2 items-center justify-center gap-0.5 rounded-control px-0.5 text-caption hover:bg-sunken',
            stop === draftMilli ? 'font-semibold text-text' : 'text-text-2',
          )}
          style={{ left: `${positionOf(stop) * 100}%` }}
        >
          {stop > allowedMilliMax ? <Lock aria-hidden className="size-3 text-muted" /> : null}
          {stop / 1_000}
        </button>
      ))}
    </div>
  );
}

function ShareField({ draftMilli, onDraft, isDisabled }: ShareSliderProps) {
  const id = useId();
  const [text, setText] = useState(String(draftMilli / 1_000));
  const isRight = parseShareMilli(text) !== null;
  useEffect(() => {
    setText((typed) => (parseShareMilli(typed) === draftMilli ? typed : String(draftMilli / 1_000)));
  }, [draftMilli]);
  return (
    <TextField
      id={id}
      className="w-32"
      label="Share in percent"
      inputMode="decimal"
      autoComplete="off"
      disabled={isDisabled}
      value={text}
      error={isRight ? null : 'A number from 0 to 100, at most three decimals.'}
      onValueChange={(value) => {
        setText(value);
        const milli = parseShareMilli(value);
        if (milli !== null) onDraft(milli);
      }}
    />
  );
}
