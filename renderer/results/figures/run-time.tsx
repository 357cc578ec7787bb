/** When a run was started, as the clock of this machine had it. */
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

export const clockTime = (startedAt: string): string => clock.format(new Date(startedAt));

export function RunTime({ startedAt }: { readonly startedAt: string }) {
  return (
    <time className="numbers" dateTime={startedAt}>
      {clockTime(startedAt)}
    </time>
  );
}
