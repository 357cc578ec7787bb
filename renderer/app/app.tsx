/** The window: bar, palette, canvas, inspector, results; or the gallery where no graph is at the front. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { Tooltip } from '@base-ui/react/tooltip';
import { useHoldingLimits } from '#renderer/analysis/broken-limits.ts';
import { useHostCheck } from '#renderer/analysis/problems.ts';
import { useEstimating } from '#renderer/analysis/estimate.ts';
import { useKnownCalibration } from '#renderer/analysis/target-machine.ts';
import { Canvas } from '#renderer/canvas/canvas.tsx';
import { useCommandKeys } from '#renderer/commands/listen-to-keys.ts';
import { Gallery } from '#renderer/gallery/gallery.tsx';
import { Inspector } from '#renderer/inspector/inspector.tsx';
import { Palette } from '#renderer/palette/palette.tsx';
import { NoticeList } from '#renderer/app/notice-list.tsx';
import { Results } from '#renderer/results/results.tsx';
import { useTheme } from '#renderer/theme/theme.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { useActiveDocument } from '#renderer/workspace/workspace-store.ts';
import { Overlays } from './overlays.tsx';
import { Desk } from './desk.tsx';
import { ServerLost } from './server-lost.tsx';
import { TopBar } from './top-bar.tsx';
import styles from './app.module.css';

export function App() {
  const open = useActiveDocument();
  useTheme();
  useCommandKeys();
  useKnownCalibration();
  useEstimating(open?.document ?? null);
  useHoldingLimits();
  useHostCheck(open);
  return (
    // The server's policy allows styles in files only; theme/base.css has the few rules that this leaves out.
    <CSPProvider disableStyleElements>
      <Tooltip.Provider delay={400}>
        <div className={styles['app']}>
          <TopBar open={open} />
          <ServerLost />
          <main className={styles['main']}>{open ? <Workbench open={open} /> : <Gallery />}</main>
        </div>
        <Overlays />
        <NoticeList />
      </Tooltip.Provider>
    </CSPProvider>
  );
}

function Workbench({ open }: { readonly open: OpenDocument }) {
  return (
    <Desk
      palette={<Palette />}
      canvas={<Canvas key={open.id} open={open} />}
      inspector={<Inspector open={open} />}
      results={<Results open={open} />}
    />
  );
}
