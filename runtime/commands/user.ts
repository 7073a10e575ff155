/** `exec --user`: numbers only and all of the text, because what is read as 0 by mistake is root (CVE-2026-30892). */
import { RuntimeError } from "../errors.ts";

/** 2^32-1 means "leave as it is" to setresuid(2) and is no id. */
const LARGEST_ID = 4294967294;

/** An id of 0 to 2^32-2 in plain decimal, or undefined. */
export function parseId(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(text)) return undefined;
  const id = Number(text);
  return id <= LARGEST_ID ? id : undefined;
}

/** `UID` or `UID:GID`; gid is undefined in the first form. Throws E_USAGE for anything else. */
export function parseUser(text: string): { uid: number; gid: number | undefined } {
  const [user, group, ...rest] = text.split(":");
  const uid = parseId(user ?? "");
  const gid = group === undefined ? undefined : parseId(group);
  if (uid === undefined || (group !== undefined && gid === undefined) || rest.length > 0) {
    throw new RuntimeError("E_USAGE", `--user ${text}: not UID or UID:GID with numbers from 0 to ${LARGEST_ID}`);
  }
  return { uid, gid };
}
