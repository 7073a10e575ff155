/** Octal escapes of blanks and backslashes in /proc/PID/mountinfo (proc(5)), undone. */
export function fromOctal(field: string): string {
  if (!field.includes("\\")) return field;
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
