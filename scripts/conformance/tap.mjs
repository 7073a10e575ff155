// What a validation program's Test Anything Protocol, exit status and complaints come to.

/** Programs that write no protocol at all: their exit status says whether the runtime refused. */
const WITHOUT_TAP = new Set(["process_rlimits_fail", "process_capabilities_fail"]);

/** The streams of an output (some programs write two) as { plan, tests: [{ ok, directive, text }], errors: [text] }. */
export function parseTap(text) {
  const streams = [];
  let block;
  for (const line of text.split("\n")) {
    if (block !== undefined) {
      if (line === "  ...") block = void streams.at(-1)?.errors.push(...errorsOf(block));
      else block.push(line);
      continue;
    }
    if (line.startsWith("TAP version")) streams.push({ plan: undefined, tests: [], errors: [] });
    const stream = streams.at(-1);
    if (stream === undefined) continue;
    if (line === "  ---") block = [];
    const plan = /^1\.\.(\d+)/.exec(line);
    if (plan !== null) stream.plan = Number(plan[1]);
    const test = /^(not )?ok \d+(?: - (.*?))?(?: # (SKIP|TODO)(.*))?$/.exec(line);
    if (test !== null) {
      stream.tests.push({ ok: test[1] === undefined, directive: test[3], text: (test[2] ?? test[4] ?? "").trim() });
    }
  }
  return streams;
}

/** Programs that count no tests say in such a block what went wrong. */
function errorsOf(block) {
  try {
    const { error } = JSON.parse(block.join("\n"));
    return typeof error === "string" && error !== "" ? [error] : [];
  } catch {
    return [];
  }
}

function fault({ plan, tests, errors }) {
  const failed = tests.find((test) => !test.ok && test.directive !== "TODO");
  if (failed !== undefined) return failed.text;
  if (plan === undefined) return "it ended before its plan";
  if (plan !== tests.length) return `it planned ${plan} tests and ran ${tests.length}`;
  return plan === 0 ? errors[0] : undefined;
}

/** { verdict: "pass" | "fail" | "skip", tests, reason } of one run: { status, stdout, stderr }, status null: too long. */
export function judge(name, { status, stdout, stderr }) {
  const streams = parseTap(stdout);
  const tests = streams.flatMap((stream) => stream.tests);
  const reason = complaint(name, { status, stderr, streams });
  if (reason !== undefined) return { verdict: "fail", tests: tests.length, reason: oneLine(reason) };
  const left = tests.filter((test) => test.directive === "SKIP");
  if (tests.length > 0 && left.length === tests.length) return { verdict: "skip", tests: 0, reason: left[0].text };
  return { verdict: "pass", tests: tests.length, reason: "" };
}

function complaint(name, { status, stderr, streams }) {
  if (status === null) return "it did not end in time";
  const first = streams.map(fault).find((text) => text !== undefined);
  if (status !== 0) return words(stderr) || first || `it ended with ${status}`;
  if (streams.length === 0 && !WITHOUT_TAP.has(name)) return words(stderr) || "it reported nothing";
  return first !== undefined && /exit status \d+$/.test(first) ? words(stderr) || first : first;
}

/** The runtime's own words, without those that the programs put around them. */
function words(stderr) {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !/^(failed to |exit status)/.test(line));
  return lines[0] ?? "";
}

const oneLine = (text) => text.split("\nRefer to:", 1)[0].replace(/\s+/g, " ").trim();
