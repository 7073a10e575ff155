import { createContainer } from "../container/create.ts";
import { deleteContainer } from "../container/delete.ts";
import type { Context } from "../container/options.ts";
import { containerState } from "../container/query.ts";
import { keepExitStatus } from "../container/wait.ts";
import { explain } from "../log.ts";
import { createOptions } from "./create.ts";
import { attend, holdSignals } from "./foreground.ts";
import type { Invocation } from "./invocation.ts";
import { startWithNotices } from "./notices.ts";

/** `run`: create and start; in the foreground also wait, delete, and end as the program ended. */
export async function run(call: Invocation): Promise<number> {
  const { context, flags } = call;
  const detach = flags.on("detach");
  const options = await createOptions(call, detach);
  const held = detach ? -1 : holdSignals();
  const { process } = await createContainer(context, options);
  try {
    const notices = await startWithNotices(context, options.id);
    if (detach) {
      await notices?.done;
      return 0;
    }
    const code = await attend(process, held);
    notices?.close();
    if (code === KILLED) tellOutOfMemory(context, options.id);
    if (flags.on("keep")) keepExitStatus(context, options.id, code);
    else await remove(context, options.id);
    return code;
  } catch (error) {
    await remove(context, options.id);
    throw error;
  } finally {
    process.close();
  }
}

const KILLED = 128 + 9;

/** A program that the kernel kills for memory ends without a word: this is the word. */
function tellOutOfMemory(context: Context, id: string): void {
  if (containerState(context, id).oomKilled) {
    context.onWarning(`container ${id}: killed for lack of memory`, "/linux/resources/memory/limit");
  }
}

/** A container that can't be deleted must not hide how its program ended, nor why it could not be started. */
async function remove(context: Context, id: string): Promise<void> {
  try {
    await deleteContainer(context, id, { force: true });
  } catch (error) {
    context.onWarning(`run: container ${id} is left behind: ${explain(error).msg}`);
  }
}
