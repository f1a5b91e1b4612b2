'use client';

import { useEffect, useState } from 'react';
import { SHORTCUTS_STORAGE_KEY } from '@/app/_ui/kit/roll-back-button';
import { Card } from '@/app/_ui/primitives/card';
import { Switch } from '@/app/_ui/primitives/switch';

/** Kept in this browser: single-key shortcuts can be switched off (WCAG 2.1.4). */
export function ThemeAndKeys() {
  const [isOn, setIsOn] = useState(true);
  useEffect(() => {
    try {
      setIsOn(localStorage.getItem(SHORTCUTS_STORAGE_KEY) !== 'off');
    } catch {
      // A private window may refuse; the shortcuts stay on then.
    }
  }, []);
  const change = (next: boolean) => {
    setIsOn(next);
    try {
      localStorage.setItem(SHORTCUTS_STORAGE_KEY, next ? 'on' : 'off');
    } catch {
      // The choice then lasts as long as the page.
    }
  };
  return (
    <Card title="Keyboard" note="Kept in this browser.">
      <Switch
        label="Shift+R reaches for “Reads back to DynamoDB” on the page of a table"
        checked={isOn}
        onCheckedChange={change}
      />
    </Card>
  );
}
