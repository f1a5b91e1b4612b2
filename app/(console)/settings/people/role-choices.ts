import type { Choice } from '@/app/_ui/primitives/select';
import type { Role } from '@/lib/domain/plan/moves';

/** The four roles and what each may do. */
export const ROLE_CHOICES: readonly Choice<Role>[] = [
  { value: 'viewer', label: 'Viewer', hint: 'Sees everything, changes nothing' },
  { value: 'operator', label: 'Operator', hint: 'Makes plans and moves tables' },
  { value: 'approver', label: 'Approver', hint: 'Also approves what others plan, and retires' },
  { value: 'admin', label: 'Admin', hint: 'Also administers people and keys' },
];
