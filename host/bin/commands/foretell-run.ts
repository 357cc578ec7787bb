/** How long a run was to take on this machine, by what the machine reaches. */
import type { HostService } from '#engine/contract/host-service.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { estimateLatency, type LatencyEstimate } from '#engine/estimate/latency.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';

/** Null where this machine was not measured, or not with as many threads, and for what goes on from another run. */
export async function foretellRun(
  { document, ...given }: RunRequest,
  host: HostService,
): Promise<LatencyEstimate | null> {
  const calibration = await host.calibration();
  if (!calibration || given.reuse === true) return null;
  if ((given.threads ?? calibration.machine.threads) !== calibration.machine.threads) return null;
  const run = applyOverrides(document, given, catalogue);
  if (!run.ok) return null;
  const checked = checkGraph(run.value, catalogue);
  const plan = planGraph(checked);
  return plan.ok ? estimateLatency(checked, plan.value, calibration) : null;
}
