/** The library: `import { createContainer } from "tsrun"`. Importing it on Node loads the addon. */
import "./host/node.ts";

export type { Container } from "./container/create.ts";
export { createContainer } from "./container/create.ts";
export { deleteContainer } from "./container/delete.ts";
export { containerEvents, containerStatistics } from "./container/events.ts";
export { execInContainer } from "./container/exec.ts";
export { killContainer } from "./container/kill.ts";
export { type NotifyProxy, openNotifyProxy } from "./container/notify.ts";
export type * from "./container/options.ts";
export { pauseContainer, resumeContainer } from "./container/pause.ts";
export { plannedSteps } from "./container/planned.ts";
export { containerProcesses } from "./container/processes.ts";
export { containerState, listContainers } from "./container/query.ts";
export { startContainer } from "./container/start.ts";
export { updateContainer } from "./container/update.ts";
export { waitContainer } from "./container/wait.ts";
export { ERROR_CODES, type ErrorCode, type ErrorDetails, RuntimeError } from "./errors.ts";
export { describe } from "./plan/describe.ts";
