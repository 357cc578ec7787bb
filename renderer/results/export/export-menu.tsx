/** Takes a run's figures out of the app: copied, or saved as a file. */
import { Download } from 'lucide-react';
import { IconButton } from '#renderer/parts/button.tsx';
import { Menu, MenuItem, MenuLine } from '#renderer/parts/menu.tsx';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { reportHtml } from '#engine/profile/html/report-html.ts';
import { reportTrace } from '#engine/profile/report-trace.ts';
import { catalogue } from '#nodes/index.ts';
import { copyText } from './copy-text.ts';
import { saveNodeTimes } from './save-node-times.ts';
import { reportCsv, reportJson } from './report-csv.ts';
import { reportFileName, saveText } from './save-text.ts';

export function ExportMenu({ run }: { readonly run: FollowedRun }) {
  const { report, document, startedAt } = run;
  const name = (extension: string): string => reportFileName(run.graph, startedAt, extension);
  return (
    <Menu
      align="end"
      trigger={<IconButton icon={<Download size={15} />} label="Copy or save the figures" />}
    >
      <MenuItem onSelect={() => void copyText(reportCsv(report), 'the stages')}>
        Copy as CSV
      </MenuItem>
      <MenuItem onSelect={() => void copyText(reportJson(report), 'the report')}>
        Copy as JSON
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => saveText(name('csv'), 'text/csv', reportCsv(report))}>
        Save as CSV file
      </MenuItem>
      <MenuItem onSelect={() => saveText(name('json'), 'application/json', reportJson(report))}>
        Save as JSON file
      </MenuItem>
      <MenuItem
        onSelect={() => saveText(name('trace.json'), 'application/json', reportTrace(report))}
      >
        Save as trace for Perfetto
      </MenuItem>
      <MenuItem
        onSelect={() =>
          saveText(
            name('html'),
            'text/html',
            reportHtml({ report, document, startedAt, catalogue }),
          )
        }
      >
        Save as HTML
      </MenuItem>
      {document && report.operators.length > 0 && (
        <MenuItem onSelect={() => saveNodeTimes(name('node-data.json'), report, document)}>
          Save node times for Model Explorer
        </MenuItem>
      )}
    </Menu>
  );
}
