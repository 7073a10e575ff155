/** Lists of CPUs and memory nodes as the kernel reads them (cpuset(7), "List format"). */

const LIST = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

/** Whether `text` is a list such as `0-3,7`, with no range running backwards. */
export function isCpuList(text: string): boolean {
  if (!LIST.test(text)) return false;
  return text.split(",").every((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return (first as number) <= (last as number);
  });
}
