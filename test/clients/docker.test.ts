/** docker's commands, from run to rm. */
import { describe, expect } from "@jest/globals";
import { pause, until } from "../../bundles/command.ts";
import { brief, capabilities, haveSysResource, lane, NO_RESOURCE, useClient } from "../support/clients.ts";
import { DOCKER_NEEDS, Docker } from "../support/docker.ts";
import { isTsrun } from "../support/runtime.ts";

const { quick, whole, when } = lane(DOCKER_NEEDS);
const docker = useClient(DOCKER_NEEDS, Docker.open);

/** What `docker logs` has, once it has `text`. */
const logged = (name: string, text: string): Promise<string> =>
  until(`${text} in the log of ${name}`, async () => {
    const { stdout, stderr } = await docker().run(["logs", name]);
    return `${stdout}${stderr}`.includes(text) ? `${stdout}${stderr}` : undefined;
  });

const status = (name: string): Promise<unknown> => docker().inspect(name, "State.Status");

describe("docker run", () => {
  quick("prints what the command prints, and passes its exit code on", async () => {
    const outcome = await docker().run(["run", "--rm", "box", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(brief(outcome)).toEqual({ code: 7, stdout: "out", stderr: "err" });
  });

  quick("ends with 127 for a command that is not there", async () => {
    const outcome = await docker().run(["run", "--rm", "box", "no-such-command"]);
    expect(outcome.stderr).toContain("executable file not found");
    expect(outcome.code).toBe(127);
  });

  whole("ends with 127 for a path that is not there", async () => {
    expect((await docker().run(["run", "--rm", "box", "/no/such/file"])).code).toBe(127);
  });

  quick("ends with 126 for a file that may not be executed", async () => {
    const outcome = await docker().run(["run", "--rm", "box", "/etc/passwd"]);
    expect(outcome.stderr).toContain("permission denied");
    expect(outcome.code).toBe(126);
  });

  quick("-i passes standard input on, to its end", async () => {
    expect(await docker().ok(["run", "--rm", "-i", "box", "cat"], { input: "one\ntwo\n" })).toBe("one\ntwo");
  });

  quick("-it gives a terminal of the caller's size", async () => {
    const outcome = await docker().terminal(["run", "--rm", "-it", "box", "sh", "-c", "tty; sleep 1; stty size"]);
    expect(outcome.stdout.split("\r\n").slice(0, 2)).toEqual(["/dev/pts/0", "31 77"]);
  });

  whole("-w, -u, -e, -h: folder, user, environment and host name", async () => {
    const flags = ["-w", "/tmp", "-u", "1000:1000", "-e", "COLOUR=blue", "-h", "web"];
    expect(await docker().sh("pwd; id -u; id -g; echo $COLOUR; hostname", ...flags)).toBe(
      ["/tmp", "1000", "1000", "blue", "web"].join("\n"),
    );
  });

  whole("--init reaps and passes signals on", async () => {
    expect(await docker().sh("cat /proc/1/comm", "--init")).toMatch(/init/);
  });

  quick("five at once", async () => {
    const names = ["1", "2", "3", "4", "5"];
    const outcomes = await Promise.all(names.map((name) => docker().sh(`echo ${name}`)));
    expect(outcomes).toEqual(names);
  });
});

describe("docker exec", () => {
  quick("runs a command and passes its exit code on", async () => {
    await docker().start("exec");
    const outcome = await docker().run(["exec", "exec", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(brief(outcome)).toEqual({ code: 3, stdout: "out", stderr: "err" });
  });

  quick("-u, -w, -e: user, folder and environment", async () => {
    const flags = ["-u", "1000:1000", "-w", "/tmp", "-e", "COLOUR=blue"];
    const printed = await docker().ok(["exec", ...flags, "exec", "sh", "-c", "id -u; id -g; pwd; echo $COLOUR"]);
    expect(printed).toBe("1000\n1000\n/tmp\nblue");
  });

  quick("-i passes standard input on, to its end", async () => {
    expect(await docker().ok(["exec", "-i", "exec", "cat"], { input: "hello\n" })).toBe("hello");
  });

  quick("-it gives a terminal", async () => {
    const outcome = await docker().terminal(["exec", "-it", "exec", "tty"]);
    expect(brief(outcome)).toMatchObject({ code: 0, stdout: "/dev/pts/0" });
  });

  whole("-d runs in the background", async () => {
    await docker().ok(["exec", "-d", "exec", "sh", "-c", "echo done > /tmp/detached"]);
    await until("the command's file", async () => {
      const { code } = await docker().run(["exec", "exec", "grep", "done", "/tmp/detached"]);
      return code === 0 ? true : undefined;
    });
  });

  when(isTsrun || haveSysResource(), NO_RESOURCE)("--privileged has every capability", async () => {
    const status = await docker().ok(["exec", "--privileged", "exec", "cat", "/proc/self/status"]);
    const host = await docker().session.sh("cat /proc/self/status");
    expect(capabilities(status, "CapEff")).toBe(capabilities(host, "CapBnd"));
  });

  quick("ends with 127 and 126 for what can't be executed", async () => {
    const absent = await docker().run(["exec", "exec", "no-such-command"]);
    expect(`${absent.stdout}${absent.stderr}`).toContain("executable file not found");
    // docker 20.10 says 126 of both.
    expect([126, 127]).toContain(absent.code);
    const denied = await docker().run(["exec", "exec", "/etc/passwd"]);
    expect(`${denied.stdout}${denied.stderr}`).toContain("permission denied");
    expect(denied.code).toBe(126);
  });

  whole("ten at once", async () => {
    const numbers = Array.from({ length: 10 }, (_, index) => `${index}`);
    const outcomes = await Promise.all(numbers.map((number) => docker().ok(["exec", "exec", "echo", number])));
    expect(outcomes).toEqual(numbers);
  });
});

describe("docker's other commands", () => {
  quick("top lists the container's processes", async () => {
    expect(await docker().ok(["top", "exec"])).toMatch(/sleep 1000/);
  });

  quick("logs has both streams", async () => {
    await docker().start("logs", ["sh", "-c", "echo out; echo err >&2"]);
    expect((await logged("logs", "err")).split("\n").sort()).toEqual(["", "err", "out"]);
  });

  whole("logs -f ends with the container", async () => {
    await docker().start("follow", ["sh", "-c", "echo one; sleep 1; echo two"]);
    expect(await docker().ok(["logs", "-f", "follow"])).toBe("one\ntwo");
  });

  whole("stats has a line of the container", async () => {
    const printed = await docker().ok(["stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "exec"]);
    expect(printed).toMatch(/^exec \S+$/);
  });

  quick("pause stops the container, unpause lets it go on", async () => {
    const id = await docker().start("pause", ["sh", "-c", "while :; do date +%s%N; sleep 0.1; done"]);
    await docker().ok(["pause", id]);
    expect(await status("pause")).toBe("paused");
    const before = await docker().ok(["logs", "pause"]);
    await pause(400);
    expect(await docker().ok(["logs", "pause"])).toBe(before);
    await docker().ok(["unpause", id]);
    await until("more lines", async () =>
      (await docker().ok(["logs", "pause"])).length > before.length ? true : undefined,
    );
    expect(await status("pause")).toBe("running");
    await docker().ok(["rm", "-f", "pause"]);
  });

  quick("kill -s sends the signal", async () => {
    await docker().start("kill", [
      "sh",
      "-c",
      "trap 'echo caught; exit 5' USR1; echo set; while :; do sleep 0.1; done",
    ]);
    await logged("kill", "set");
    await docker().ok(["kill", "-s", "USR1", "kill"]);
    expect(await docker().ok(["wait", "kill"])).toBe("5");
    expect(await logged("kill", "caught")).toContain("caught");
  });

  quick("stop sends SIGTERM", async () => {
    await docker().start("stop", ["sh", "-c", "trap 'exit 6' TERM; echo set; while :; do sleep 0.1; done"]);
    await logged("stop", "set");
    await docker().ok(["stop", "stop"]);
    expect(await docker().inspect("stop", "State.ExitCode")).toBe(6);
  });

  quick("stop -t kills what does not listen", async () => {
    await docker().start("deaf");
    await docker().ok(["stop", "-t", "1", "deaf"]);
    expect(await docker().inspect("deaf", "State.ExitCode")).toBe(137);
  });

  quick("start and restart run it again", async () => {
    await docker().ok(["start", "deaf"]);
    const pid = await docker().inspect("deaf", "State.Pid");
    await docker().ok(["restart", "-t", "0", "deaf"]);
    expect(await status("deaf")).toBe("running");
    expect(await docker().inspect("deaf", "State.Pid")).not.toBe(pid);
  });

  whole("--restart on-failure:2 runs it three times", async () => {
    await docker().start("again", ["sh", "-c", "echo ran; exit 1"], "--restart", "on-failure:2");
    await until("the third end", async () =>
      (await docker().inspect("again", "RestartCount")) === 2 && (await status("again")) === "exited"
        ? true
        : undefined,
    );
    expect(await docker().ok(["logs", "again"])).toBe("ran\nran\nran");
  });

  whole("--restart always brings back what was killed", async () => {
    await docker().start("always", ["sleep", "1000"], "--restart", "always");
    const pid = await docker().inspect("always", "State.Pid");
    await docker().session.exec(["kill", "-KILL", `${pid}`]);
    await until("another process", async () => {
      const now = await docker().inspect("always", "State.Pid");
      return now !== pid && now !== 0 && (await status("always")) === "running" ? true : undefined;
    });
  });

  whole("commit keeps what was written", async () => {
    await docker().ok(["exec", "exec", "sh", "-c", "echo kept > /kept"]);
    await docker().ok(["commit", "exec", "kept"]);
    expect(await docker().ok(["run", "--rm", "--net", "none", "kept", "cat", "/kept"])).toBe("kept");
  });

  whole("cp copies in and out", async () => {
    const file = docker().session.file("copied", "over there\n");
    await docker().ok(["cp", file, "exec:/tmp/copied"]);
    expect(await docker().ok(["exec", "exec", "cat", "/tmp/copied"])).toBe("over there");
    await docker().ok(["cp", "exec:/tmp/copied", `${file}-back`]);
    expect(await docker().session.sh(`cat ${file}-back`)).toBe("over there");
  });

  whole("attach and its end", async () => {
    await docker().start("attach", ["sh", "-c", "read line; echo got $line; exit 4"], "-i");
    const outcome = await docker().run(["attach", "attach"], { input: "words\n" });
    expect(outcome.code).toBe(4);
    expect(await logged("attach", "got")).toBe("got words\n");
  });

  whole("diff, rename, wait", async () => {
    expect(await docker().ok(["diff", "exec"])).toContain("A /tmp/detached");
    await docker().ok(["rename", "exec", "renamed"]);
    await docker().ok(["kill", "renamed"]);
    expect(await docker().ok(["wait", "renamed"])).toBe("137");
  });
});

describe("afterwards", () => {
  quick("nothing is left behind", async () => {
    await docker().session.sh(`${docker().shell} ps -aq | xargs -r ${docker().shell} rm -f`);
    const remains = () => docker().remains();
    const end = until("nothing left", async () => ((await remains()).length === 0 ? true : undefined));
    await end.catch(() => undefined);
    expect(await remains()).toEqual([]);
  });
});
