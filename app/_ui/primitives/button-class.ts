import { cva, type VariantProps } from 'class-variance-authority';
import { cn } from '../cn';

const variants = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control border font-medium text-data whitespace-nowrap transition-colors duration-100 select-none disabled:cursor-not-allowed aria-disabled:cursor-not-allowed data-disabled:cursor-not-allowed [&_svg]:size-3.5 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary:
          'border-transparent bg-accent text-on-accent hover:bg-accent/90 data-disabled:border-border data-disabled:bg-sunken data-disabled:text-muted data-disabled:hover:bg-sunken',
        secondary:
          'border-control bg-surface text-text hover:bg-sunken data-disabled:border-border data-disabled:text-muted data-disabled:hover:bg-surface',
        ghost: 'border-transparent bg-transparent text-text-2 hover:bg-sunken hover:text-text data-disabled:text-muted',
        danger:
          'border-bad-solid bg-bad-tint text-bad-fg hover:border-bad-fg data-disabled:border-border data-disabled:bg-sunken data-disabled:text-muted',
        back: 'border-back-solid bg-back-tint text-back-fg hover:border-back-fg data-disabled:border-border data-disabled:bg-sunken data-disabled:text-muted',
        link: 'border-transparent px-0 text-accent underline-offset-2 hover:underline',
      },
      size: { sm: 'h-7 px-2', md: 'h-8 px-3', 'icon-sm': 'size-7', icon: 'size-8' },
    },
    compoundVariants: [{ variant: 'link', className: 'h-auto min-h-6 px-0' }],
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
);

export type ButtonLook = VariantProps<typeof variants>;

/** The look of a button for something that is not one, such as a link. */
export const buttonClass = (look: ButtonLook & { className?: string } = {}): string =>
  cn(variants({ variant: look.variant, size: look.size }), look.className);
