import { expect, describe as group, test } from "@jest/globals";
import { planExec } from "../../runtime/plan/exec-plan.js";
import type { Host } from "../../runtime/plan/host.js";
import { labelsOf } from "../../runtime/plan/labels.js";
import type { Process, Spec } from "../../runtime/spec/generated/types.js";
import { HOST, linesOf, planOf, specWith } from "../support/plan.js";

const LABEL = "system_u:system_r:container_t:s0:c1,c2";
const MOUNT_LABEL = "system_u:object_r:container_file_t:s0:c1,c2";

function withProcess(change: Partial<Process>): Spec {
  return specWith((spec) => void Object.assign(spec.process ?? {}, change));
}

const attributes = (spec: Spec, host: Host = HOST): string[] =>
  planOf(spec, host).steps.flatMap((step) =>
    step.step === "writeAttribute" ? [`${step.attribute}|${step.otherwise}=${step.value} ${step.from}`] : [],
  );

group("apparmor", () => {
  const profile = withProcess({ apparmorProfile: "docker-default" });

  test("is a profile for the next execve, by its own file or the shared one", () => {
    expect(attributes(profile)).toEqual(["apparmor/exec|exec=exec docker-default /process/apparmorProfile"]);
  });

  test("is stacked where the caller is confined and may gain nothing", () => {
    const confined: Host = { ...HOST, apparmor: "confined" };
    const [first] = attributes(withProcess({ apparmorProfile: "p", noNewPrivileges: true }), confined);
    const [second] = attributes(withProcess({ apparmorProfile: "p", noNewPrivileges: false }), confined);
    expect([first, second]).toEqual([
      "apparmor/exec|exec=stack p /process/apparmorProfile",
      "apparmor/exec|exec=exec p /process/apparmorProfile",
    ]);
  });

  test("that is not enabled is an error, unless no confinement was asked for", () => {
    const off: Host = { ...HOST, apparmor: "off" };
    expect(() => planOf(profile, off)).toThrow(
      expect.objectContaining({
        code: "E_HOST_UNSUPPORTED",
        oneLine:
          "apparmor profile docker-default: AppArmor is not enabled on this host (config.json /process/apparmorProfile)",
      }),
    );
    expect(attributes(withProcess({ apparmorProfile: "unconfined" }), off)).toEqual([]);
    expect(attributes(withProcess({ apparmorProfile: "" }), off)).toEqual([]);
    expect(attributes(withProcess({ apparmorProfile: "unconfined" }))).toHaveLength(1);
  });
});

group("selinux", () => {
  test("labels the process and its session keyring", () => {
    const spec = withProcess({ selinuxLabel: LABEL });
    expect(attributes(spec)).toEqual([`exec|=${LABEL} /process/selinuxLabel`]);
    expect(planOf(spec).steps).toContainEqual(expect.objectContaining({ step: "joinKeyring", label: LABEL }));
  });

  test.each([
    ["/process/selinuxLabel", withProcess({ selinuxLabel: LABEL })],
    ["/linux/mountLabel", specWith((spec) => void Object.assign(spec.linux ?? {}, { mountLabel: MOUNT_LABEL }))],
  ])("that is not enabled is an error at %s", (pointer, spec) => {
    expect(() => planOf(spec, { ...HOST, selinux: false })).toThrow(
      expect.objectContaining({
        code: "E_HOST_UNSUPPORTED",
        details: expect.objectContaining({ pointer }),
        message: expect.stringContaining("SELinux is not enabled on this host"),
      }),
    );
  });

  test("gives new mounts the context, as fsconfig and as mount(2) want it, and what has a policy of its own none", () => {
    const spec = specWith((it) => {
      Object.assign(it.linux ?? {}, { mountLabel: MOUNT_LABEL, maskedPaths: ["/proc/acpi"] });
      it.mounts?.push({ destination: "/own", type: "tmpfs", options: ["context=mine"] });
      it.mounts?.push({ destination: "/bound", source: "/x", options: ["bind"] });
    });
    const { steps } = planOf(spec);
    const mounts = steps.flatMap((step) => (step.step === "mount" ? [step] : []));
    const labelled = mounts.filter(({ options }) => options.includes(`context=${MOUNT_LABEL}`));
    expect(labelled.map(({ target }) => target)).toEqual(["/dev", "/dev/pts", "/dev/shm", "/sys/fs/cgroup"]);
    for (const { data } of labelled) expect(data.endsWith(`context="${MOUNT_LABEL}"`)).toBe(true);
    expect(mounts.find(({ target }) => target === "/own")?.options).toEqual(["context=mine"]);
    const at = (name: string, path: string) =>
      steps.findIndex(
        (step) => step.step === name && ("target" in step ? step.target : "path" in step && step.path) === path,
      );
    expect(at("labelFile", "/dev/mqueue")).toBe(at("mount", "/dev/mqueue") + 1);
    expect(steps).toContainEqual(expect.objectContaining({ step: "mask", path: "/proc/acpi", label: MOUNT_LABEL }));
  });
});

group("the procfs for labels", () => {
  const spec = withProcess({ selinuxLabel: LABEL, apparmorProfile: "p" });
  const names = (plan: ReturnType<typeof planOf>) => plan.steps.map(({ step, by }) => `${by} ${step}`);

  test("is taken before the keyring, the mounts and the root, and only when it is needed", () => {
    const order = names(planOf(spec));
    const places = ["init openProc", "init joinKeyring", "init openRoot", "init pivotRoot", "init writeAttribute"];
    const found = places.map((name) => order.indexOf(name));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[0]).toBeGreaterThan(0);
    expect(order.indexOf("init writeAttribute")).toBeLessThan(order.indexOf("init setIds"));
    expect(names(planOf(withProcess({}))).filter((name) => name.includes("openProc"))).toEqual([]);
  });

  test("is the launcher's where namespaces are joined", () => {
    const joined = specWith((it) => {
      Object.assign(it.process ?? {}, { selinuxLabel: LABEL });
      const network = it.linux?.namespaces?.find(({ type }) => type === "network");
      if (network) network.path = "/run/netns/blue";
    });
    const file = { type: 0x40000000, id: "4:1", owner: "4:0" };
    const order = names(planOf(joined, { ...HOST, namespaceFiles: { "/run/netns/blue": file } }));
    expect(order.indexOf("launcher openProc")).toBe(order.indexOf("parent clone") + 1);
    expect(order).not.toContain("init openProc");
  });
});

group("exec", () => {
  const target = {
    id: "c1",
    pid: 42,
    namespaces: 0x20020000,
    cgroupJoins: ["/cg/tasks"],
    cgroupInto: "",
    ownKeyring: true,
  };
  const own: Process = { cwd: "/", args: ["x"], apparmorProfile: "outer", selinuxLabel: LABEL };

  function lines(process: Process): string[] {
    const inherited = labelsOf(own, "/process");
    return linesOf(planExec(process, target, HOST, { preserveFds: 0, pointer: "", linux: {}, inherited }));
  }

  test("without labels has those of the container", () => {
    expect(lines({ cwd: "/", args: ["x"] })).toMatchSnapshot();
  });

  test("with labels has its own", () => {
    const found = lines({ cwd: "/", args: ["x"], apparmorProfile: "inner", selinuxLabel: "u:r:t:s0" });
    expect(found.filter((line) => line.includes("attr/"))).toEqual([
      'init     write "exec inner" to attr/apparmor/exec  [/apparmorProfile]',
      "init     write u:r:t:s0 to attr/exec  [/selinuxLabel]",
    ]);
    expect(found).toContain("init     join session keyring _ses.c1 labelled u:r:t:s0  []");
  });
});
