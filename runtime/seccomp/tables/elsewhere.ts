/** Calls that exist, but not on x86; made by schemas/syscalls/generate.ts. */

export const ELSEWHERE =
  "\
arm_fadvise64_64 arm_sync_file_range atomic_barrier atomic_cmpxchg_32 breakpoint cachectl cacheflush get_tls \
getpagesize multiplexer pciconfig_iobase pciconfig_read pciconfig_write recv riscv_flush_icache riscv_hwprobe rtas \
s390_guarded_storage s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi send set_tls spu_create \
spu_run subpage_prot swapcontext switch_endian sync_file_range2 sys_debug_setcontext syscall sysmips timerfd usr26 \
usr32";
