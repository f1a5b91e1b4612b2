'use client';

import { peopleQuery } from '@/app/_data/people';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Select } from '@/app/_ui/primitives/select';
import { ROLE_RANK } from '@/lib/domain/plan/moves';
import type { Person } from '@/lib/services/auth/people';
import { changeRoleAction, setDisabledAction } from './actions';
import { AddPerson } from './add-person.client';
import { ROLE_CHOICES } from './role-choices';

export function People({ meId, isAdmin }: { meId: string; isAdmin: boolean }) {
  const query = useView(peopleQuery());
  const { act, isPending, failure } = useAct();
  const columns = columnsFor({
    meId,
    isAdmin,
    isPending,
    onRole: (userId, role) => void act(() => changeRoleAction({ userId, role })),
    onDisable: (userId, isDisabled) => void act(() => setDisabledAction({ userId, isDisabled })),
  });
  return (
    <div className="flex flex-col gap-4">
      <PageHead
        title="People"
        note={
          isAdmin
            ? 'Who may sign in, and what they may do. A change counts on the next request.'
            : 'Administrators make and change accounts.'
        }
        actions={isAdmin ? <AddPerson /> : null}
      />
      <FormError failure={failure} />
      <ViewNotice query={query} what="People" />
      {query.data ? (
        <div className="rounded-card border border-border bg-surface px-2">
          <DataTable label="People" columns={columns} rows={query.data} rowKey={(person) => person.id} />
        </div>
      ) : (
        <ViewMissing query={query} what="people" />
      )}
    </div>
  );
}

interface Wiring {
  meId: string;
  isAdmin: boolean;
  isPending: boolean;
  onRole: (userId: string, role: Person['role']) => void;
  onDisable: (userId: string, isDisabled: boolean) => void;
}

function columnsFor({ meId, isAdmin, isPending, onRole, onDisable }: Wiring): Column<Person>[] {
  const columns: Column<Person>[] = [
    {
      key: 'name',
      head: 'Name',
      isRowHeader: true,
      sortBy: (person) => person.name,
      cell: (person) => (person.id === meId ? `${person.name} (you)` : person.name),
    },
    { key: 'email', head: 'E-mail', sortBy: (person) => person.email, cell: (person) => person.email },
    {
      key: 'role',
      head: 'Role',
      sortBy: (person) => ROLE_RANK[person.role],
      cell: (person) =>
        isAdmin ? (
          <Select
            size="sm"
            className="w-32"
            aria-label={`Role of ${person.name}`}
            choices={ROLE_CHOICES}
            value={person.role}
            disabled={isPending}
            onValueChange={(role) => role && role !== person.role && onRole(person.id, role)}
          />
        ) : (
          person.role
        ),
    },
    {
      key: 'state',
      head: 'State',
      cell: (person) =>
        person.isDisabled ? (
          <StatusBadge
            display={{
              label: 'Disabled',
              tone: 'idle',
              icon: 'cross',
              says: 'Cannot sign in; every session was ended.',
            }}
          />
        ) : (
          <StatusBadge display={{ label: 'Active', tone: 'ok', icon: 'check' }} />
        ),
    },
    {
      key: 'session',
      head: 'Latest session',
      cell: (person) => <TimeAgo at={person.lastSignInAt} never="none open" />,
    },
  ];
  if (!isAdmin) return columns;
  return [
    ...columns,
    {
      key: 'act',
      head: 'Access',
      className: 'text-right',
      cell: (person) => (
        <Button
          size="sm"
          disabled={isPending || person.id === meId}
          onClick={() => onDisable(person.id, !person.isDisabled)}
        >
          {person.isDisabled ? 'Enable' : 'Disable'}
          <span className="sr-only"> {person.name}</span>
        </Button>
      ),
    },
  ];
}
