/** When a file was changed, as short as a list needs it. Pure. */

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** "14:05" today, "yesterday", "3 Mar", "3 Mar 2024"; `iso` is ISO 8601. */
export function fileDate(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const days = (startOfDay(now) - startOfDay(date)) / 86_400_000;
  if (Math.round(days) === 0) return time.format(date);
  if (Math.round(days) === 1) return 'yesterday';
  return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
