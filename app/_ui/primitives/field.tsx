'use client';

import { Field as Base } from '@base-ui/react/field';
import { CircleAlert } from 'lucide-react';
import { cn } from '../cn';
import { Input, Textarea } from './input';

export interface FieldText {
  label: React.ReactNode;
  /** Stands under the label and is read with the control. */
  hint?: React.ReactNode;
  /** What is wrong and how to mend it; its presence marks the control invalid. */
  error?: string | readonly string[] | null;
  isOptional?: boolean;
  className?: string;
}

const firstOf = (error: FieldText['error']): string | null =>
  typeof error === 'string' ? error || null : (error?.[0] ?? null);

/** Label, hint, control and error, tied together for assistive technology. The control is the child. */
export function Field({
  label,
  hint,
  error,
  isOptional,
  className,
  name,
  children,
}: FieldText & { name?: string; children: React.ReactNode }) {
  const sentence = firstOf(error);
  return (
    <Base.Root
      name={name}
      invalid={sentence !== null || undefined}
      className={cn('flex min-w-0 flex-col gap-1', className)}
    >
      <Base.Label className="font-medium text-data text-text">
        {label}
        {isOptional ? <span className="ml-1.5 font-normal text-muted">optional</span> : null}
      </Base.Label>
      {hint ? <Base.Description className="text-caption text-muted">{hint}</Base.Description> : null}
      {children}
      {sentence ? (
        <Base.Error match className="flex items-start gap-1 text-bad-fg text-caption">
          <CircleAlert aria-hidden className="mt-0.5 size-3 shrink-0" />
          <span>{sentence}</span>
        </Base.Error>
      ) : null}
    </Base.Root>
  );
}

/** A one-line text field with its label. */
export function TextField({
  label,
  hint,
  error,
  isOptional,
  className,
  name,
  ...input
}: FieldText & Omit<React.ComponentProps<typeof Input>, 'className'>) {
  return (
    <Field {...{ label, hint, error, isOptional, className, name }}>
      <Input name={name} {...input} />
    </Field>
  );
}

/** A text of several lines with its label. */
export function TextareaField({
  label,
  hint,
  error,
  isOptional,
  className,
  name,
  ...area
}: FieldText & Omit<React.ComponentProps<'textarea'>, 'className'>) {
  return (
    <Field {...{ label, hint, error, isOptional, className, name }}>
      <Base.Control render={<Textarea name={name} {...area} />} />
    </Field>
  );
}
