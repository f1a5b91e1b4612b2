'use client';

import { Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type ActionFailure, type ActionResult, UNANSWERED } from '../action-result';
import { cn } from '../cn';
import { buttonClass } from '../primitives/button-class';
import { FormError } from './form-error';

const HOLD_MS = 600;
const ARMED_MS = 4_000;

/** Off when a person has switched single-key shortcuts off (WCAG 2.1.4). */
export const SHORTCUTS_STORAGE_KEY = 'landfall.shortcuts';
const areShortcutsOn = (): boolean => {
  try {
    return localStorage.getItem(SHORTCUTS_STORAGE_KEY) !== 'off';
  } catch {
    return true;
  }
};
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/**
 * The way back: hold for 600 ms, or press Enter (or Shift+R) and then Enter again. One slip of a finger does nothing;
 * nothing else stands between a person and the source.
 */
export function RollBackButton({
  label,
  onRollBack,
  hasShortcut = false,
  className,
}: {
  /** Verb and object: "Reads of orders back to DynamoDB". */
  label: string;
  onRollBack: () => Promise<ActionResult>;
  /** Shift+R, for at most one of these on a page. */
  hasShortcut?: boolean;
  className?: string;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const [phase, setPhase] = useState<'idle' | 'holding' | 'armed' | 'working' | 'done'>('idle');
  const [failure, setFailure] = useState<ActionFailure | null>(null);
  const fire = async () => {
    setPhase('working');
    setFailure(null);
    const result = await onRollBack().catch((): ActionFailure => UNANSWERED);
    setPhase(result.ok ? 'done' : 'idle');
    if (!result.ok) setFailure(result);
  };
  const latest = useRef(fire);
  latest.current = fire;

  useEffect(() => {
    if (phase !== 'holding' && phase !== 'armed' && phase !== 'done') return;
    const timer = setTimeout(
      () => (phase === 'holding' ? latest.current() : setPhase('idle')),
      phase === 'holding' ? HOLD_MS : ARMED_MS,
    );
    return () => clearTimeout(timer);
  }, [phase]);

  useEffect(() => {
    if (!hasShortcut) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'R' || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.repeat)
        return;
      if (isTyping(event.target) || !areShortcutsOn()) return;
      event.preventDefault();
      button.current?.focus();
      setPhase((now) => (now === 'idle' ? 'armed' : now));
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [hasShortcut]);

  const press = () => (phase === 'armed' ? fire() : phase === 'idle' ? setPhase('armed') : undefined);
  const letGo = () => setPhase((now) => (now === 'holding' ? 'idle' : now));
  return (
    <div className={cn('flex flex-col gap-2', className)}>
      <button
        ref={button}
        type="button"
        aria-busy={phase === 'working' || undefined}
        aria-keyshortcuts={hasShortcut ? 'Shift+R' : undefined}
        className={buttonClass({ variant: 'back', className: 'relative touch-none overflow-hidden' })}
        onPointerDown={(event) => event.button === 0 && (phase === 'idle' || phase === 'armed') && setPhase('holding')}
        onPointerUp={letGo}
        onPointerLeave={letGo}
        onPointerCancel={letGo}
        // A click without a pointer is a keyboard's or a screen reader's: it counts as one press.
        onClick={(event) => event.detail === 0 && press()}
        onKeyDown={(event) => (event.repeat && event.key === 'Enter' ? event.preventDefault() : undefined)}
      >
        <span
          aria-hidden
          className={cn(
            'absolute inset-y-0 left-0 bg-back-solid/35',
            phase === 'holding' ? 'w-full transition-[width] ease-linear' : 'w-0',
          )}
          style={{ transitionDuration: `${HOLD_MS}ms` }}
        />
        <Undo2 aria-hidden className="relative" />
        <span className="relative">{phase === 'working' ? 'Going back…' : label}</span>
      </button>
      <span role="status" className="text-caption text-muted">
        {phase === 'armed'
          ? 'Press Enter again to go back.'
          : phase === 'done'
            ? 'Asked for. Watch the observed share.'
            : 'Hold, or press Enter twice.'}
      </span>
      <FormError failure={failure} />
    </div>
  );
}
