import { type DeviceException, devicePolicy, deviceText } from "../device-policy.ts";
import type { CgroupWrite, Writer } from "../types.ts";

const AT = "/linux/resources/devices";

/**
 * devices.allow and devices.deny of v1 (Documentation/admin-guide/cgroup-v1/devices.rst). Everything is denied before
 * the first exception is made; the exceptions that no rule asked for come last, in one step, a line each.
 */
export const devices: Writer = ({ devices: rules }) => {
  const { allowByDefault, exceptions } = devicePolicy(rules);
  const [reset, except] = allowByDefault ? ["devices.allow", "devices.deny"] : ["devices.deny", "devices.allow"];
  const from = rules === undefined ? "" : AT;
  const configured = exceptions.filter((exception) => exception.from !== "");
  const defaults = exceptions.filter((exception) => exception.from === "");
  return [
    { file: reset, value: "a *:* rwm", from },
    ...configured.map((exception) => write(except, [exception], exception.from)),
    ...(defaults.length === 0 ? [] : [write(except, defaults, from)]),
  ];
};

function write(file: string, exceptions: readonly DeviceException[], from: string): CgroupWrite {
  return { file, value: exceptions.map(deviceText).join("\n"), from };
}
