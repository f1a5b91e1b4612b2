import {
  Archive,
  ArrowLeftRight,
  Check,
  Circle,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDotDashed,
  CirclePause,
  CirclePlay,
  Contrast,
  Copy,
  Eye,
  Flag,
  Hourglass,
  Lock,
  type LucideIcon,
  Pause,
  RotateCcw,
  Snowflake,
  Split,
  TriangleAlert,
  Undo2,
  X,
} from 'lucide-react';
import type { Tone } from '../tone';

const ICONS: Record<string, LucideIcon> = {
  archive: Archive,
  'arrow-left-right': ArrowLeftRight,
  check: Check,
  circle: Circle,
  'circle-alert': CircleAlert,
  'circle-check': CircleCheck,
  'circle-dashed': CircleDashed,
  'circle-dot-dashed': CircleDotDashed,
  'circle-half': Contrast,
  'circle-pause': CirclePause,
  'circle-play': CirclePlay,
  contrast: Contrast,
  copy: Copy,
  cross: X,
  eye: Eye,
  flag: Flag,
  'half-circle': Contrast,
  hourglass: Hourglass,
  lock: Lock,
  pause: Pause,
  'rotate-ccw': RotateCcw,
  snowflake: Snowflake,
  split: Split,
  'triangle-alert': TriangleAlert,
  undo: Undo2,
  'undo-2': Undo2,
  x: X,
};

// Silhouettes differ between tones, so an unknown name still says its tone without colour.
const TONE_ICON: Record<Tone, LucideIcon> = {
  idle: CircleDashed,
  active: Contrast,
  ok: Check,
  warn: Pause,
  bad: X,
  back: Undo2,
};

/** The icon of that name, or the tone's own silhouette. */
export const iconOf = (icon: string | undefined, tone: Tone): LucideIcon =>
  (icon ? ICONS[icon] : undefined) ?? TONE_ICON[tone];
