import { Brand } from '../_ui/kit/brand';
import { ThemeMenu } from '../_ui/shell/theme-menu';

export default function AuthLayout({ children }: { children: React.ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-4 py-3">
        <Brand />
        <ThemeMenu />
      </header>
      <main id="main" className="mx-auto flex w-full max-w-md flex-1 flex-col justify-center px-4 pb-24">
        {children}
      </main>
    </div>
  );
}
