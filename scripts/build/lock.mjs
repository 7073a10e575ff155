import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { at } from "./digest.mjs";

const path = at("dist", ".build.lock");
const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/** Whether the build that holds the lock is still alive. */
function held() {
  try {
    process.kill(Number(readFileSync(path, "utf8")), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function take() {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** Runs `work` while no other build of this checkout does. A lock whose owner is gone is taken over. */
export async function alone(work) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!held()) rmSync(path, { force: true });
    else if (!told) console.log("build: waiting for another build");
    pause(200);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
