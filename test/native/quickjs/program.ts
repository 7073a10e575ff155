/** The scenes as a program of the native host: SCENE FOLDER prints what a scene tells; SCENE alone lets it end so. */
import { type Native, useCore } from "../../../runtime/host/native.ts";
import { port } from "../../../runtime/host/port.ts";
import { ENDS } from "./only-native.ts";
import { SCENES } from "./scenes.ts";

export function prepare(core: Native): void {
  useCore(core);
}

export async function start(): Promise<number> {
  const [name = "", folder] = port().argv();
  const end = ENDS[name];
  if (end !== undefined) return (await end()) as number;
  port().write(1, JSON.stringify(await SCENES[name]?.(folder ?? "")) ?? "");
  return 0;
}
