'use client';

import { LogOut, User } from 'lucide-react';
import { useTransition } from 'react';
import { buttonClass } from '../primitives/button-class';
import { Menu, MenuContent, MenuGroup, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from '../primitives/menu';

export function PersonMenu({
  name,
  email,
  role,
  signOut,
}: {
  name: string;
  email: string;
  role: string;
  signOut: () => Promise<void>;
}) {
  const [isPending, start] = useTransition();
  return (
    <Menu>
      <MenuTrigger aria-label={`${name}, ${role}`} className={buttonClass({ variant: 'ghost', className: 'px-2' })}>
        <User aria-hidden />
        <span className="hidden max-w-40 truncate sm:inline">{name}</span>
      </MenuTrigger>
      <MenuContent className="min-w-56">
        <MenuGroup>
          <MenuLabel>
            <span className="block break-all text-text">{email}</span>
            <span className="block">Role: {role}</span>
          </MenuLabel>
          <MenuSeparator />
          <MenuItem disabled={isPending} onClick={() => start(signOut)}>
            <LogOut aria-hidden /> Sign out
          </MenuItem>
        </MenuGroup>
      </MenuContent>
    </Menu>
  );
}
