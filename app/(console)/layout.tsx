import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { routes } from '../_routes/routes';
import { session } from '../_server/session';
import { Shell } from '../_ui/shell/shell';
import { signOutAction } from './actions';

/** Each page and route checks by itself as well: a layout is not rendered again when one goes from page to page. */
export default async function ConsoleLayout({ children }: { children: React.ReactNode }) {
  const who = await session();
  if (!who) redirect(routes.signIn((await headers()).get('x-pathname') ?? undefined));
  const { name, role } = who.actor;
  return (
    <Shell person={{ name, email: who.email, role }} signOut={signOutAction}>
      {children}
    </Shell>
  );
}
