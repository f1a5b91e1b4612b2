'use client';

import { useRouter } from 'next/navigation';
import { routes } from '@/app/_routes/routes';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ConnectionForm } from '../connection-form.client';

export function NewConnection() {
  const router = useRouter();
  return (
    <div className="flex flex-col gap-4">
      <PageHead
        title="New connection"
        note="It is tested live, with the calls that Landfall will make, before it is kept."
      />
      <ConnectionForm onDone={(id) => router.push(routes.connection(id))} />
    </div>
  );
}
