import { cn } from '../cn';
import { ScrollArea } from './scroll-area';

/** The bare parts of a real table; `kit/data-table` adds sorting and the sticky head. */
export function Table({
  className,
  wrapClassName,
  ...props
}: React.ComponentProps<'table'> & { wrapClassName?: string }) {
  return (
    <ScrollArea label={props['aria-label'] ?? 'Table'} className={cn('relative overflow-x-auto', wrapClassName)}>
      <table {...props} className={cn('w-full border-collapse text-data', className)} />
    </ScrollArea>
  );
}

export const Thead = (props: React.ComponentProps<'thead'>) => <thead {...props} />;
export const Tbody = (props: React.ComponentProps<'tbody'>) => <tbody {...props} />;

export function Tr({ className, ...props }: React.ComponentProps<'tr'>) {
  return <tr {...props} className={cn('h-9 border-border border-b', className)} />;
}

export function Th({ className, isNumber, ...props }: React.ComponentProps<'th'> & { isNumber?: boolean }) {
  return (
    <th
      scope="col"
      {...props}
      className={cn(
        'whitespace-nowrap px-2 py-1.5 font-medium text-caption text-muted',
        isNumber ? 'text-right' : 'text-left',
        className,
      )}
    />
  );
}

export function Td({ className, isNumber, ...props }: React.ComponentProps<'td'> & { isNumber?: boolean }) {
  return (
    <td {...props} className={cn('px-2 py-1.5 align-middle', isNumber && 'whitespace-nowrap text-right', className)} />
  );
}
