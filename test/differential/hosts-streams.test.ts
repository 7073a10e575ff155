/** What surrounds a call: streams that are closed, full or gone, long arguments, bytes that are no text. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "@jest/globals";
import { same } from "../support/hosts.ts";

/** Shell scripts. "$TSRUN" is the program. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "stdin closed": '"$TSRUN" features <&-',
  "stdout closed": '"$TSRUN" features >&-',
  "stderr closed": '"$TSRUN" state none 2>&-',
  "all streams closed": '"$TSRUN" state none <&- >&- 2>&-',
  "stdout is full": '"$TSRUN" features >/dev/full',
  "version on a full device": '"$TSRUN" --version >/dev/full',
  "help on a full device": '"$TSRUN" --help >/dev/full',
  "stderr is full": '"$TSRUN" state none 2>/dev/full',
  "log is full": '"$TSRUN" --log /dev/full state none',
  "json log is full": '"$TSRUN" --log /dev/full --log-format json state none',
  "trace is full": '"$TSRUN" --trace /dev/full state none',
  "reader is gone": '{ sleep 0.2; "$TSRUN" features; echo "$?" >&2; } | true',
  "stdout is read only": '"$TSRUN" features 1</dev/null',
  "file size is limited": 'ulimit -f 0; "$TSRUN" --log file state none',
  "no environment": 'exec env -i "$TSRUN" state none',
  "signals ignored": `trap "" PIPE CHLD TERM; "$TSRUN" state none`,
  "id is no text": '"$TSRUN" state "$(printf "a\\377b")"',
  "id ends in half a character": '"$TSRUN" state "$(printf "a\\342\\202")"',
  "id is an overlong encoding": '"$TSRUN" state "$(printf "\\300\\257")"',
  "id is an encoded surrogate": '"$TSRUN" state "$(printf "\\355\\240\\200")"',
  "id looks like an escape": '"$TSRUN" state "$(printf "\\355\\262\\200")"',
  "command is no text": '"$TSRUN" "$(printf "st\\377te")"',
  "flag is no text": '"$TSRUN" "$(printf -- "--ro\\377t")" x list',
  "value is no text": '"$TSRUN" --log-level "$(printf "\\377")" list',
  "root is no text": 'r=$(printf "r\\377"); "$TSRUN" --root "$r" list; "$TSRUN" --root "$r" state none; ls | od -c',
  "bundle is no text": '"$TSRUN" plan -b "$(printf "b\\377")"',
  "log is no text": 'l=$(printf "l\\377"); "$TSRUN" --log "$l" state none; cat "$l"; ls | od -c',
  "json log of what is no text": '"$TSRUN" --log-format json state "$(printf "a\\377b")"',
  "environment is no text": 'XDG_RUNTIME_DIR=$(printf "/x\\377") "$TSRUN" state none',
  "spec beside what is no text": 'b=$(printf "b\\377"); mkdir "$b"; "$TSRUN" spec -b "$b"; cat "$b/config.json"',
  "folder is gone": 'mkdir gone; cd gone; rmdir ../gone; "$TSRUN" --root r state none; "$TSRUN" plan',
  "folder is no text": 'd=$(printf "d\\377"); mkdir "$d"; cd "$d"; "$TSRUN" --root r list; "$TSRUN" plan',
};

const LONG = 64 << 10;

describe("both hosts do the same where", () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    same(name, (host) => [host.shell(script), readdirSync(host.dir, { encoding: "latin1" }).sort()]);
  }

  same("arguments are long", (host) => [
    host.tsrun(["state", "x".repeat(LONG)]),
    host.tsrun(["state", "é".repeat(LONG / 2)]),
    host.tsrun(["x".repeat(LONG)]),
    host.tsrun([`--${"x".repeat(LONG)}`]),
    host.tsrun(["exec", "--env", `A=${"x".repeat(LONG)}`, "none", "y".repeat(LONG)]),
    host.tsrun(["list", ...Array.from({ length: 5000 }, (_, at) => `word-${at}`)]),
  ]);

  same("errors are logged", (host) => {
    const ends = ["text", "json"].map((format) =>
      host.tsrun(["--log", join(host.dir, "log"), "--log-format", format, "create", "-b", "/nowhere\u0007é", "x"]),
    );
    return [...ends, readFileSync(join(host.dir, "log"), "latin1").replace(/time="[^"]*"/g, "time")];
  });
});
