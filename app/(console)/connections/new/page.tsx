import type { Metadata } from 'next';
import { requireSession } from '@/app/_server/session';
import { NewConnection } from './new-connection.client';

export const metadata: Metadata = { title: 'New connection' };

export default async function NewConnectionPage() {
  await requireSession();
  return <NewConnection />;
}
