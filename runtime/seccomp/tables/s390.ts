/** System calls by number; made by schemas/syscalls/generate.ts, which describes the form. */

import type { TableSet } from "../syscalls.ts";

const S390X =
  "\
1 exit fork read write open close restart_syscall creat link unlink execve chdir 1 mknod chmod 3 lseek getpid mount \
umount 3 ptrace alarm 1 pause utime 2 access nice 1 sync kill rename mkdir rmdir dup pipe times 1 brk 2 signal 2 \
acct umount2 1 ioctl fcntl 1 setpgid 2 umask chroot ustat dup2 getppid getpgrp setsid sigaction 4 sigsuspend \
sigpending sethostname setrlimit 1 getrusage gettimeofday settimeofday 3 symlink 1 readlink uselib swapon reboot \
readdir mmap munmap truncate ftruncate fchmod 1 getpriority setpriority 1 statfs fstatfs 1 socketcall syslog \
setitimer getitimer stat lstat fstat 1 lookup_dcookie vhangup idle 1 wait4 swapoff sysinfo ipc fsync sigreturn clone \
setdomainname uname 1 adjtimex mprotect sigprocmask create_module init_module delete_module get_kernel_syms quotactl \
getpgid fchdir bdflush sysfs personality afs_syscall 3 getdents select flock msync readv writev getsid fdatasync \
_sysctl mlock munlock mlockall munlockall sched_setparam sched_getparam sched_setscheduler sched_getscheduler \
sched_yield sched_get_priority_max sched_get_priority_min sched_rr_get_interval nanosleep mremap 3 query_module poll \
nfsservctl 2 prctl rt_sigreturn rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo \
rt_sigsuspend pread64 pwrite64 1 getcwd capget capset sigaltstack sendfile getpmsg putpmsg vfork getrlimit 6 lchown \
getuid getgid geteuid getegid setreuid setregid getgroups setgroups fchown setresuid getresuid setresgid getresgid \
chown setuid setgid setfsuid setfsgid pivot_root mincore madvise getdents64 1 readahead 1 setxattr lsetxattr \
fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr gettid \
tkill futex sched_setaffinity sched_getaffinity tgkill 1 io_setup io_destroy io_getevents io_submit io_cancel \
exit_group epoll_create epoll_ctl epoll_wait set_tid_address fadvise64 timer_create timer_settime timer_gettime \
timer_getoverrun timer_delete clock_settime clock_gettime clock_getres clock_nanosleep 2 statfs64 fstatfs64 \
remap_file_pages mbind get_mempolicy set_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify \
mq_getsetattr kexec_load add_key request_key keyctl waitid ioprio_set ioprio_get inotify_init inotify_add_watch \
inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat futimesat newfstatat unlinkat renameat linkat \
symlinkat readlinkat fchmodat faccessat pselect6 ppoll unshare set_robust_list get_robust_list splice \
sync_file_range tee vmsplice move_pages getcpu epoll_pwait utimes fallocate utimensat signalfd timerfd eventfd \
timerfd_create timerfd_settime timerfd_gettime signalfd4 eventfd2 inotify_init1 pipe2 dup3 epoll_create1 preadv \
pwritev rt_tgsigqueueinfo perf_event_open fanotify_init fanotify_mark prlimit64 name_to_handle_at open_by_handle_at \
clock_adjtime syncfs setns process_vm_readv process_vm_writev s390_runtime_instr kcmp finit_module sched_setattr \
sched_getattr renameat2 seccomp getrandom memfd_create bpf s390_pci_mmio_write s390_pci_mmio_read execveat \
userfaultfd membarrier recvmmsg sendmmsg socket socketpair bind connect listen accept4 getsockopt setsockopt \
getsockname getpeername sendto sendmsg recvfrom recvmsg shutdown mlock2 copy_file_range preadv2 pwritev2 \
s390_guarded_storage statx s390_sthyi kexec_file_load io_pgetevents rseq pkey_mprotect pkey_alloc pkey_free 5 \
semtimedop semget semctl shmget shmctl shmat shmdt msgget msgsnd msgrcv msgctl 21 pidfd_send_signal io_uring_setup \
io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range \
openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset \
landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node cachestat \
fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr \
lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr file_getattr \
file_setattr";

const S390 =
  "\
1 exit fork read write open close restart_syscall creat link unlink execve chdir time mknod chmod lchown 2 lseek \
getpid mount umount setuid getuid stime ptrace alarm 1 pause utime 2 access nice 1 sync kill rename mkdir rmdir dup \
pipe times 1 brk setgid getgid signal geteuid getegid acct umount2 1 ioctl fcntl 1 setpgid 2 umask chroot ustat dup2 \
getppid getpgrp setsid sigaction 2 setreuid setregid sigsuspend sigpending sethostname setrlimit getrlimit getrusage \
gettimeofday settimeofday getgroups setgroups 1 symlink 1 readlink uselib swapon reboot readdir mmap munmap truncate \
ftruncate fchmod fchown getpriority setpriority 1 statfs fstatfs ioperm socketcall syslog setitimer getitimer stat \
lstat fstat 1 lookup_dcookie vhangup idle 1 wait4 swapoff sysinfo ipc fsync sigreturn clone setdomainname uname 1 \
adjtimex mprotect sigprocmask create_module init_module delete_module get_kernel_syms quotactl getpgid fchdir \
bdflush sysfs personality afs_syscall setfsuid setfsgid _llseek getdents _newselect flock msync readv writev getsid \
fdatasync _sysctl mlock munlock mlockall munlockall sched_setparam sched_getparam sched_setscheduler \
sched_getscheduler sched_yield sched_get_priority_max sched_get_priority_min sched_rr_get_interval nanosleep mremap \
setresuid getresuid 1 query_module poll nfsservctl setresgid getresgid prctl rt_sigreturn rt_sigaction \
rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend pread64 pwrite64 chown getcwd capget \
capset sigaltstack sendfile getpmsg putpmsg vfork ugetrlimit mmap2 truncate64 ftruncate64 stat64 lstat64 fstat64 \
lchown32 getuid32 getgid32 geteuid32 getegid32 setreuid32 setregid32 getgroups32 setgroups32 fchown32 setresuid32 \
getresuid32 setresgid32 getresgid32 chown32 setuid32 setgid32 setfsuid32 setfsgid32 pivot_root mincore madvise \
getdents64 fcntl64 readahead sendfile64 setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr \
llistxattr flistxattr removexattr lremovexattr fremovexattr gettid tkill futex sched_setaffinity sched_getaffinity \
tgkill 1 io_setup io_destroy io_getevents io_submit io_cancel exit_group epoll_create epoll_ctl epoll_wait \
set_tid_address fadvise64 timer_create timer_settime timer_gettime timer_getoverrun timer_delete clock_settime \
clock_gettime clock_getres clock_nanosleep 1 fadvise64_64 statfs64 fstatfs64 remap_file_pages mbind get_mempolicy \
set_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr kexec_load add_key request_key \
keyctl waitid ioprio_set ioprio_get inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat \
mknodat fchownat futimesat fstatat64 unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll \
unshare set_robust_list get_robust_list splice sync_file_range tee vmsplice move_pages getcpu epoll_pwait utimes \
fallocate utimensat signalfd timerfd eventfd timerfd_create timerfd_settime timerfd_gettime signalfd4 eventfd2 \
inotify_init1 pipe2 dup3 epoll_create1 preadv pwritev rt_tgsigqueueinfo perf_event_open fanotify_init fanotify_mark \
prlimit64 name_to_handle_at open_by_handle_at clock_adjtime syncfs setns process_vm_readv process_vm_writev \
s390_runtime_instr kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom memfd_create bpf \
s390_pci_mmio_write s390_pci_mmio_read execveat userfaultfd membarrier recvmmsg sendmmsg socket socketpair bind \
connect listen accept4 getsockopt setsockopt getsockname getpeername sendto sendmsg recvfrom recvmsg shutdown mlock2 \
copy_file_range preadv2 pwritev2 s390_guarded_storage statx s390_sthyi kexec_file_load io_pgetevents rseq \
pkey_mprotect pkey_alloc pkey_free 6 semget semctl shmget shmctl shmat shmdt msgget msgsnd msgrcv msgctl \
clock_gettime64 clock_settime64 clock_adjtime64 clock_getres_time64 clock_nanosleep_time64 timer_gettime64 \
timer_settime64 timerfd_gettime64 timerfd_settime64 utimensat_time64 pselect6_time64 ppoll_time64 1 \
io_pgetevents_time64 recvmmsg_time64 mq_timedsend_time64 mq_timedreceive_time64 semtimedop_time64 \
rt_sigtimedwait_time64 futex_time64 sched_rr_get_interval_time64 pidfd_send_signal io_uring_setup io_uring_enter \
io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 \
pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset \
landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node cachestat \
fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr \
lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr file_getattr \
file_setattr";

export const TABLES: TableSet = {
  SCMP_ARCH_S390X: S390X,
  SCMP_ARCH_S390: S390,
};
