/** The command table: every verb with its arguments, flags and code. Parser, help and dispatch are made from it. */
import { create } from "../commands/create.ts";
import { deleteEach } from "../commands/delete.ts";
import { events } from "../commands/events.ts";
import { exec } from "../commands/exec.ts";
import { printFeatures } from "../commands/features.ts";
import type { Flag, Verb } from "../commands/invocation.ts";
import { kill } from "../commands/kill.ts";
import { list } from "../commands/list.ts";
import { pause, resume } from "../commands/pause.ts";
import { printPlan } from "../commands/plan.ts";
import { ps } from "../commands/ps.ts";
import { run } from "../commands/run.ts";
import { writeSpec } from "../commands/spec.ts";
import { start } from "../commands/start.ts";
import { state } from "../commands/state.ts";
import { update } from "../commands/update.ts";
import { wait } from "../commands/wait.ts";
import { completion } from "./completion/completion.ts";
import {
  CREATE_FLAGS,
  DELETE_FLAGS,
  EVENTS_FLAGS,
  EXEC_FLAGS,
  KILL_FLAGS,
  LIST_FLAGS,
  PLAN_FLAGS,
  PS_FLAGS,
  RUN_FLAGS,
  SPEC_FLAGS,
  UPDATE_FLAGS,
} from "./flags.ts";

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The arguments as shown in the help. */
  readonly usage: string;
  readonly min: number;
  readonly max: number;
  readonly flags: readonly Flag[];
  readonly run: Verb;
  /** Flags end at the first argument: what follows is a program's own command line. */
  readonly halt?: true;
  /** Makes processes or cgroups, so that --systemd-cgroup and --rootless mean something to it. */
  readonly makes?: true;
  /** Exit code of the runtime's own failure; 1 when not given. */
  readonly failure?: number;
}

const ID = { usage: "<container-id>", min: 1, max: 1 };

export const COMMANDS: readonly Command[] = [
  { name: "create", summary: "create a container", ...ID, flags: CREATE_FLAGS, run: create, makes: true },
  { name: "start", summary: "run the program of a created container", ...ID, flags: [], run: start },
  { name: "run", summary: "create and start a container, and wait for it", ...ID, flags: RUN_FLAGS, run, makes: true },
  {
    name: "exec",
    summary: "run another program in a container",
    usage: "<container-id> <program> [arguments...]",
    min: 1,
    max: Number.POSITIVE_INFINITY,
    flags: EXEC_FLAGS,
    run: exec,
    halt: true,
    makes: true,
    failure: 255,
  },
  {
    name: "kill",
    summary: "send a signal to a container (default: TERM)",
    usage: "<container-id> [signal]",
    min: 1,
    max: 2,
    flags: KILL_FLAGS,
    run: kill,
  },
  {
    name: "delete",
    summary: "delete containers and all they hold",
    usage: "<container-id>...",
    min: 0,
    max: Number.POSITIVE_INFINITY,
    flags: DELETE_FLAGS,
    run: deleteEach,
  },
  { name: "pause", summary: "stop all processes of a container where they stand", ...ID, flags: [], run: pause },
  { name: "resume", summary: "let the processes of a paused container go on", ...ID, flags: [], run: resume },
  { name: "update", summary: "change the limits of a container", ...ID, flags: UPDATE_FLAGS, run: update },
  { name: "wait", summary: "wait for the end of a container and print how it ended", ...ID, flags: [], run: wait },
  {
    name: "events",
    summary: "print statistics and out-of-memory events of a container as JSON, line by line",
    ...ID,
    flags: EVENTS_FLAGS,
    run: events,
  },
  {
    name: "ps",
    summary: "show the processes of a container",
    usage: "<container-id> [options of ps...]",
    min: 1,
    max: Number.POSITIVE_INFINITY,
    flags: PS_FLAGS,
    run: ps,
    halt: true,
  },
  { name: "state", summary: "print the state of a container", ...ID, flags: [], run: state },
  { name: "list", summary: "list the containers", usage: "", min: 0, max: 0, flags: LIST_FLAGS, run: list },
  {
    name: "plan",
    summary: "print what create would do, step by step",
    usage: "[container-id]",
    min: 0,
    max: 1,
    flags: PLAN_FLAGS,
    run: printPlan,
    makes: true,
  },
  {
    name: "spec",
    summary: "write an example config.json",
    usage: "",
    min: 0,
    max: 0,
    flags: SPEC_FLAGS,
    run: writeSpec,
  },
  {
    name: "features",
    summary: "print what this runtime can do",
    usage: "",
    min: 0,
    max: 0,
    flags: [],
    run: printFeatures,
  },
  {
    name: "completion",
    summary: "print a completion script for a shell",
    usage: "<bash|zsh|fish>",
    min: 1,
    max: 1,
    flags: [],
    run: completion(() => COMMANDS),
  },
];
