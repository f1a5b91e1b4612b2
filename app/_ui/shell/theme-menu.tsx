'use client';

import { Monitor, Moon, Sun, SunMoon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { buttonClass } from '../primitives/button-class';
import { Menu, MenuContent, MenuRadioGroup, MenuRadioItem, MenuTrigger } from '../primitives/menu';
import { applyTheme, parseTheme, type Theme } from '../theme';

const CHOICES = [
  { value: 'system', label: 'As the system', Icon: Monitor },
  { value: 'light', label: 'Light', Icon: Sun },
  { value: 'dark', label: 'Dark', Icon: Moon },
] as const;

export function ThemeMenu() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => setTheme(parseTheme(document.documentElement.dataset.theme)), []);
  return (
    <Menu>
      <MenuTrigger aria-label="Theme" className={buttonClass({ variant: 'ghost', size: 'icon' })}>
        <SunMoon aria-hidden />
      </MenuTrigger>
      <MenuContent>
        <MenuRadioGroup
          value={theme}
          onValueChange={(value: unknown) => {
            const chosen = parseTheme(String(value));
            setTheme(chosen);
            applyTheme(chosen);
          }}
        >
          {CHOICES.map(({ value, label, Icon }) => (
            <MenuRadioItem key={value} value={value} closeOnClick>
              <Icon aria-hidden /> {label}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
      </MenuContent>
    </Menu>
  );
}
