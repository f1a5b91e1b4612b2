import type { Metadata } from 'next';
import { requireSession } from '@/app/_server/session';
import { AlertDestinations } from './alert-destinations.client';

export const metadata: Metadata = { title: 'Alert destinations' };

export default async function AlertsPage() {
  await requireSession();
  return <AlertDestinations />;
}
